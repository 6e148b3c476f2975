//! Links that somebody else is asked to fetch.

use midapi::core::{ChangeRequest, Error, GenerateRequest, ImageNumber, Kind, TaskType, generate};
use proptest::prelude::*;
use serde_json::{Value, json};
use url::Url;

use crate::fake::{KEY, Server, accepted};

/// The link as it would be sent.
fn sent(link: &str) -> Result<String, Error> {
    let body = json!({ "taskType": "mj_img2img", "prompt": "x", "fileUrl": link });
    let body: Value = serde_json::from_str(generate(&body.to_string())?.body()).unwrap();
    Ok(body["fileUrl"].as_str().unwrap().to_owned())
}

/// The error of a client of this endpoint that is given a request with links.
fn submit(endpoint: &str, body: &Value) -> Result<(), Error> {
    let server = Server::answering(|_| accepted("a"));
    let key = endpoint.starts_with("https://api.midapi.ai").then_some(KEY);
    let outcome = server.run(server.client_of(endpoint, key).submit(generate(&body.to_string())?, None));
    assert_eq!(server.submits(), usize::from(outcome.is_ok()), "what is refused is not sent");
    outcome.map(drop)
}

const VENDOR: &str = "https://api.midapi.ai/api/v1/mj";
const GATEWAY: &str = "https://app.example/api/v1/mj";
const LOCAL: &str = "http://127.0.0.1:8787/api/v1/mj";

const LOOPBACK: [&str; 9] = [
    "http://localhost:3000/a.png",
    "https://LOCALHOST/a.png",
    "http://127.0.0.1/a.png",
    "http://127.9.9.9/a.png",
    "http://2130706433/a.png",
    "http://0x7f.1/a.png",
    "http://0177.0.0.1/a.png",
    "http://127.1:8080/a.png",
    "http://[::1]/a.png",
];

const PRIVATE: [&str; 26] = [
    "http://0.0.0.0/a.png",
    "http://10.0.0.1/a.png",
    "http://172.16.0.1/a.png",
    "http://172.31.255.255/a.png",
    "http://192.168.1.4/a.png",
    "http://169.254.169.254/latest/meta-data",
    "http://100.64.0.1/a.png",
    "http://198.18.0.1/a.png",
    "http://224.0.0.1/a.png",
    "http://255.255.255.255/a.png",
    "http://[::]/a.png",
    "http://[::ffff:127.0.0.1]/a.png",
    "http://[::ffff:a9fe:a9fe]/a.png",
    "http://[64:ff9b::a9fe:a9fe]/a.png",
    "http://[fe80::1]/a.png",
    "http://[fc00::1]/a.png",
    "http://[fd12:3456::1]/a.png",
    "http://[ff02::1]/a.png",
    "http://[2002:7f00:1::]/a.png",
    "https://intranet/a.png",
    "https://printer.local/a.png",
    "https://metadata.google.internal/a.png",
    "https://nas.lan/a.png",
    "https://a.localhost/a.png",
    "https://localhost./a.png",
    "https://a.example./a.png",
];

#[test]
fn a_link_is_spelled_as_a_browser_spells_it() {
    for (given, spelled) in [
        ("HTTPS://a.example/a.png", "https://a.example/a.png"),
        ("https://A.Example/A.png", "https://a.example/A.png"),
        ("https://a.example:443/a.png", "https://a.example/a.png"),
        ("http://a.example:80/a.png", "http://a.example/a.png"),
        ("http://a.example:0443/a.png", "http://a.example:443/a.png"),
        ("https://a.example/b/../a.png", "https://a.example/a.png"),
        ("https://a.example/./a.png", "https://a.example/a.png"),
        ("https://a.example/my image.png", "https://a.example/my%20image.png"),
        ("https://a.example/a.png\n", "https://a.example/a.png"),
        ("  https://a.example/a.png", "https://a.example/a.png"),
        ("https://a.example", "https://a.example/"),
        ("https://XN--Bcher-kva.Example/a.png", "https://xn--bcher-kva.example/a.png"),
        ("https://xn--bcher-kva.example/ü.png", "https://xn--bcher-kva.example/%C3%BC.png"),
        ("https://a.example/a.png?w=1&h=2#x", "https://a.example/a.png?w=1&h=2#x"),
        ("https://a.example/?of=https://b.example/1.png", "https://a.example/?of=https://b.example/1.png"),
    ] {
        assert_eq!(sent(given).unwrap(), spelled, "{given}");
    }
}

#[test]
fn a_refused_link_says_which_fault_it_has() {
    let long = format!("https://a.example/{}", "x".repeat(2031));
    for (link, fault) in [
        ("data:image/png;base64,AAAA", "upload the file first"),
        ("blob:http://localhost/1", "upload the file first"),
        ("ftp://a.example/a.png", "upload the file first"),
        ("javascript:alert(1)", "upload the file first"),
        ("file:///a.png", "upload the file first"),
        ("https://a.example/1.png,https://a.example/2.png", "holds two"),
        ("https://a.example/1.png https://a.example/2.png", "holds two"),
        ("https://a.example/1.png\nhttps://a.example/2.png", "holds two"),
        (long.as_str(), "at most 2048 bytes long, and is 2049"),
        ("https://me@a.example/a.png", "without a user name or password"),
        ("https://me:word@a.example/a.png", "without a user name or password"),
        ("https://api.midapi.ai@evil.example/a.png", "without a user name or password"),
        ("a.example/a.png", "absolute http or https URL"),
        ("/a.png", "absolute http or https URL"),
        ("//a.example/a.png", "absolute http or https URL"),
        ("https:a.example/a.png", "absolute http or https URL"),
        ("https:/a.example/a.png", "absolute http or https URL"),
        ("https:\\\\a.example\\a.png", "absolute http or https URL"),
        ("https://", "absolute http or https URL"),
        ("https://a.example:99999/a.png", "absolute http or https URL"),
        ("https://[::1/a.png", "absolute http or https URL"),
        ("https://256.256.256.256/a.png", "absolute http or https URL"),
        // Natively the tables of other scripts' letters are left out: such a host is given as `xn--…`.
        ("https://bücher.example/a.png", "absolute http or https URL"),
        ("https://Bücher.Example/a.png", "absolute http or https URL"),
        ("https://b%C3%BCCher.example/a.png", "absolute http or https URL"),
        ("https://printer.loca%4C/a.png", "absolute http or https URL"),
    ] {
        let error = sent(link).unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some("fileUrl")), "{link}");
        assert!(error.message.starts_with("fileUrl: ") && error.message.contains(fault), "{link}: {error}");
    }
    assert!(sent(&long[..2048]).is_ok());
}

#[test]
fn row_26_a_link_into_a_private_network_is_refused_by_name_and_not_sent() {
    for link in LOOPBACK.into_iter().chain(PRIVATE) {
        for (field, body) in [
            ("fileUrl", json!({ "taskType": "mj_img2img", "prompt": "x", "fileUrl": link })),
            (
                "fileUrls",
                json!({ "taskType": "mj_img2img", "prompt": "x", "fileUrls": ["https://a.example/1.png", link] }),
            ),
            ("callBackUrl", json!({ "taskType": "mj_txt2img", "prompt": "x", "callBackUrl": link })),
        ] {
            for endpoint in [VENDOR, GATEWAY] {
                let error = submit(endpoint, &body).unwrap_err();
                assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some(field)), "{link}");
                let host = Url::parse(link).unwrap().host_str().unwrap().to_owned();
                assert_eq!(error.message, format!("{field}: must be on the public internet, and {host} is not"));
            }
        }
        for request in [
            ChangeRequest::upscale("a", ImageNumber::new(1).unwrap()),
            ChangeRequest::vary("a", ImageNumber::new(1).unwrap()),
            ChangeRequest::extend_video("a", ImageNumber::new(1).unwrap(), None),
        ] {
            let server = Server::new([]);
            let request = ChangeRequest { call_back_url: Some(link.to_owned()), ..request };
            let error = server.run(server.client().change(&request)).unwrap_err();
            assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some("callBackUrl")), "{link}");
        }
    }
}

#[test]
fn a_server_on_this_machine_may_be_given_links_to_this_machine_alone() {
    let body = |link: &str| json!({ "taskType": "mj_img2img", "prompt": "x", "fileUrl": link });
    for endpoint in [LOCAL, "http://localhost:8787/api/v1/mj", "http://[::1]:8787/api/v1/mj"] {
        for link in LOOPBACK {
            submit(endpoint, &body(link)).unwrap();
        }
        for link in PRIVATE {
            assert_eq!(submit(endpoint, &body(link)).unwrap_err().field.as_deref(), Some("fileUrl"), "{link}");
        }
        // One of each.
        let both = json!({
            "taskType": "mj_img2img", "prompt": "x", "fileUrl": LOOPBACK[0], "callBackUrl": "http://10.0.0.1/hook",
        });
        assert_eq!(submit(endpoint, &both).unwrap_err().field.as_deref(), Some("callBackUrl"));
    }
}

#[test]
fn links_on_the_public_internet_are_sent() {
    for link in [
        "https://a.example/1.png",
        "http://8.8.8.8/1.png",
        "http://172.15.0.1/1.png",
        "http://172.32.0.1/1.png",
        "http://100.63.0.1/1.png",
        "http://100.128.0.1/1.png",
        "http://169.253.0.1/1.png",
        "http://11.0.0.1/1.png",
        "http://[2606:4700:4700::1111]/1.png",
        "https://localhost.example/1.png",
        "https://10.0.0.1.example/1.png",
        "https://local.internal.example/1.png",
    ] {
        for endpoint in [VENDOR, GATEWAY, LOCAL] {
            submit(endpoint, &json!({ "taskType": "mj_img2img", "prompt": "x", "fileUrl": link })).unwrap();
        }
    }
}

#[test]
fn a_request_holds_at_most_sixteen_links() {
    for (number, right) in [(1, true), (16, true), (17, false), (1_900, false)] {
        let links: Vec<_> = (0..number).map(|number| format!("https://a.example/{number}.png")).collect();
        let request = GenerateRequest { file_urls: links, ..GenerateRequest::new(TaskType::ImageToImage, "x") };
        match request.submission() {
            Ok(_) => assert!(right, "{number}"),
            Err(error) => {
                assert!(!right, "{number}");
                assert_eq!(error.message, "fileUrls: must hold at most 16 links");
                assert_eq!(error.field.as_deref(), Some("fileUrls"));
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_accepted_stays_as_it_is_a_second_time(link in "https?://[a-zA-Z0-9.%:\\[\\]-]{1,20}[/?#]\\PC{0,30}") {
        if let Ok(spelled) = sent(&link) {
            prop_assert_eq!(sent(&spelled).unwrap(), spelled.clone());
            prop_assert_eq!(String::from(Url::parse(link.trim()).unwrap()), spelled);
        }
    }

    #[test]
    fn no_spelling_of_a_private_address_gets_through(
        address in prop::sample::select(vec![[127u8, 0, 0, 1], [10, 1, 2, 3], [192, 168, 0, 9], [169, 254, 169, 254], [172, 20, 1, 1]]),
        form in 0usize..6,
    ) {
        let [a, b, c, d] = address;
        let number = u32::from_be_bytes(address);
        let host = match form {
            0 => format!("{a}.{b}.{c}.{d}"),
            1 => number.to_string(),
            2 => format!("{number:#x}"),
            3 => format!("{a:#o}.{b}.{c}.{d}").replace("0o", "0"),
            4 => format!("{a}.{}", number & 0xff_ffff),
            _ => format!("[::ffff:{a:x}{b:02x}:{c:x}{d:02x}]"),
        };
        let body = json!({ "taskType": "mj_img2img", "prompt": "x", "fileUrl": format!("http://{host}/a.png") });
        prop_assert_eq!(submit(VENDOR, &body).unwrap_err().field.as_deref().map(str::to_owned), Some("fileUrl".to_owned()));
    }
}
