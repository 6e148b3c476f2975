//! What may be a key, and where it may be sent.

use midapi::client::Client;
use midapi::core::{Endpoint, Kind, Secret};

use crate::fake::Server;

#[test]
fn an_endpoint_with_a_key_must_be_https_or_loopback() {
    for url in [
        "https://api.midapi.ai/api/v1/mj",
        "https://example.com",
        "http://127.0.0.1:8787/api/v1/mj/",
        "http://localhost/api",
        "http://[::1]:80",
    ] {
        assert!(Endpoint::new(url, true).is_ok(), "{url}");
    }
    for url in [
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com:80",
        "http://127.0.0.1@example.com",
        "http://localhost:80:evil.example",
        "https://user@example.com",
        "https://example.com/?a",
        "https://example.com/#a",
        "https:///path",
        "ftp://example.com",
        "example.com",
        "/api/v1/mj",
        "https://exa mple.com",
        "https://Ex%aample.com",
        "https://example.co%4D",
        "http:\\\\127.0.0.1",
        "",
    ] {
        assert_eq!(Endpoint::new(url, true).unwrap_err().kind, Kind::Misconfigured, "{url}");
    }
    assert!(
        Endpoint::new("http://intranet.example/api/v1/mj", false).is_ok(),
        "without a key there is none to protect"
    );
}

#[test]
fn an_upstream_is_an_origin_or_the_apis_own_path() {
    for url in
        ["https://a.example", "https://a.example/", "https://a.example/api/v1/mj", "https://a.example/api/v1/mj/"]
    {
        assert_eq!(Endpoint::upstream(url).unwrap().route("generate"), "https://a.example/api/v1/mj/generate");
    }
}

#[test]
fn the_health_route_is_on_the_host_of_the_endpoint() {
    for (url, beside) in [
        (Endpoint::VENDOR, "https://api.midapi.ai/api/v1/health"),
        ("https://a.example/api/v1/mj/", "https://a.example/api/v1/health"),
        ("https://a.example/mj", "https://a.example/health"),
        ("https://a.example", "https://a.example/health"),
        ("https://a.example/", "https://a.example/health"),
        ("http://127.0.0.1:8787", "http://127.0.0.1:8787/health"),
    ] {
        assert_eq!(Endpoint::new(url, true).unwrap().sibling("health"), beside, "{url}");
    }
}

#[test]
fn only_the_vendors_own_address_counts_as_the_vendor() {
    let is_vendor = |url| Endpoint::new(url, true).unwrap().is_vendor();
    assert!(is_vendor(Endpoint::VENDOR) && is_vendor("https://api.midapi.ai/api/v1/mj/"));
    for other in
        ["https://a.example/api/v1/mj", "https://api.midapi.ai.a.example/api/v1/mj", "http://localhost/api/v1/mj"]
    {
        assert!(!is_vendor(other), "{other}");
    }
    assert!(Endpoint::upstream("https://api.midapi.ai").unwrap().is_vendor());
    // However it is spelled.
    for spelled in [
        "https://API.midapi.ai/api/v1/mj",
        "https://api.midapi.ai:443/api/v1/mj",
        "https://api.midapi.ai./api/v1/mj",
        "https://api.midapi.ai/api/v1/./mj",
        "https://api.midapi.ai",
    ] {
        assert!(is_vendor(spelled), "{spelled}");
    }
}

#[test]
fn an_endpoint_on_a_port_that_no_fetch_connects_to_is_refused_by_name() {
    for port in [1, 22, 25, 6000, 6667, 10080] {
        for carries_key in [true, false] {
            let error = Endpoint::new(&format!("https://a.example:{port}/api/v1/mj"), carries_key).unwrap_err();
            assert_eq!((error.kind, error.field.as_deref()), (Kind::Misconfigured, Some("endpoint")));
            assert!(error.message.contains(&port.to_string()), "{error}");
            assert!(Endpoint::upstream(&format!("http://127.0.0.1:{port}")).is_err());
        }
    }
    for port in [80, 443, 8080, 8443, 8787, 3000] {
        assert!(Endpoint::new(&format!("https://a.example:{port}/api/v1/mj"), true).is_ok(), "{port}");
    }
}

#[test]
fn a_key_is_long_enough_not_to_be_a_part_of_ordinary_words() {
    for wrong in ["", "e", "y", "1234567", "12345678\n", "1234 5678", "schlüssel-1234", "\u{200b}12345678"] {
        let error = Secret::new(wrong).unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (Kind::Misconfigured, Some("apiKey")), "{wrong:?}");
        assert!(wrong.is_empty() || wrong.len() < 3 || !error.message.contains(wrong), "{error}");
    }
    assert_eq!(Secret::new("12345678").unwrap().expose(), "12345678");
}

#[test]
fn a_gateways_token_never_goes_to_the_vendor() {
    let client = |endpoint: &str, key: &str| {
        let server = Server::new([]);
        let endpoint = Endpoint::new(endpoint, true).unwrap();
        Client::new(server.clone(), server, endpoint, Some(Secret::new(key).unwrap())).map(drop)
    };
    for vendor in [Endpoint::VENDOR, "https://api.midapi.ai:443/api/v1/mj/", "https://API.midapi.ai"] {
        let error = client(vendor, "midapi_0123456789").unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (Kind::Misconfigured, Some("endpoint")), "{vendor}");
        assert!(!error.message.contains("0123456789"), "{error}");
        client(vendor, "0123456789").unwrap();
    }
    client("https://app.example/api/v1/mj", "midapi_0123456789").unwrap();
    client("http://localhost:8787/api/v1/mj", "midapi_0123456789").unwrap();
}
