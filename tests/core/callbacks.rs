//! Row 20: what a callback's two headers may say.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use midapi::core::{
    Callback, Error, Kind, SIGNATURE_HEADER, SIGNATURE_TOLERANCE_S, SignedCallback, TIMESTAMP_HEADER, signed_message,
};
use sha2::Sha256;

const NOW: i64 = 1_700_000_000;
const BODY: &str =
    r#"{"code":200,"msg":"success","data":{"taskId":"mj_task_12345","resultUrls":["https://a.example/1.png"]}}"#;
/// Python: `base64.b64encode(hmac.new(b"webhook-secret", b"mj_task_12345.1700000000", hashlib.sha256).digest())`
const SIGNATURE: &str = "vGBdWGfz6s0Ar/ula0nTwQpINPOshHMb55n/iCv6Obk=";

fn parse(timestamp: Option<&str>, signature: Option<&str>) -> Result<SignedCallback, Error> {
    SignedCallback::parse(BODY, timestamp, signature, NOW, SIGNATURE_TOLERANCE_S)
}

fn unverified(timestamp: Option<&str>, signature: Option<&str>, header: &str) {
    let error = parse(timestamp, signature).unwrap_err();
    assert_eq!(error.kind, Kind::Unverified, "{timestamp:?} {signature:?}");
    assert!(error.message.starts_with(header) && !error.retryable(), "{error}");
}

fn sign(secret: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[test]
fn the_vendors_signature_is_over_the_tasks_id_and_the_time() {
    assert_eq!(signed_message("mj_task_12345", "1700000000"), "mj_task_12345.1700000000");
    let signed = parse(Some("1700000000"), Some(SIGNATURE)).unwrap();
    assert_eq!((signed.message.as_str(), signed.signature.as_str()), ("mj_task_12345.1700000000", SIGNATURE));
    assert_eq!(signed.callback.task_id(), "mj_task_12345");

    let right = Base64::decode_vec(&signed.signature).unwrap();
    assert_eq!(sign(b"webhook-secret", &signed.message), right);
    assert_ne!(sign(b"another-secret", &signed.message), right);
    assert_ne!(sign(b"webhook-secret", &signed_message("mj_task_12345", "1700000001")), right);
}

#[test]
fn the_signature_must_be_for_the_task_in_the_body() {
    let forged = BODY.replace("mj_task_12345", "mj_task_99999");
    let signed = SignedCallback::parse(&forged, Some("1700000000"), Some(SIGNATURE), NOW, 300).unwrap();
    assert_eq!(signed.message, "mj_task_99999.1700000000");
    assert_ne!(sign(b"webhook-secret", &signed.message), Base64::decode_vec(SIGNATURE).unwrap());
}

#[test]
fn row_20_a_timestamp_is_valid_for_300_seconds_either_way() {
    for (offset, right) in [(0, true), (300, true), (-300, true), (301, false), (-301, false), (86_400, false)] {
        let timestamp = (NOW + offset).to_string();
        match right {
            true => assert!(parse(Some(&timestamp), Some(SIGNATURE)).is_ok(), "{offset}"),
            false => unverified(Some(&timestamp), Some(SIGNATURE), TIMESTAMP_HEADER),
        }
    }
    let parse = |tolerance| SignedCallback::parse(BODY, Some("1700000001"), Some(SIGNATURE), NOW, tolerance);
    assert!(parse(1).is_ok());
    for tolerance in [0, -1, i64::MIN] {
        assert!(parse(tolerance).is_err(), "{tolerance}");
    }
}

#[test]
fn row_20_a_timestamp_is_one_number_of_seconds() {
    for wrong in [
        "1700000000000",
        "-1700000000",
        "+1700000000",
        " 1700000000",
        "1700000000 ",
        "1700000000, 1700000000",
        "1700000000,1700000000",
        "1700000000.0",
        "1.7e9",
        "0x6553f100",
        "١٧٠٠٠٠٠٠٠٠",
        "2023-11-14T22:13:20Z",
        "99999999999999999999",
        "",
    ] {
        unverified(Some(wrong), Some(SIGNATURE), TIMESTAMP_HEADER);
    }
    unverified(None, Some(SIGNATURE), TIMESTAMP_HEADER);
}

#[test]
fn row_20_a_signature_is_one_hmac_in_standard_base64() {
    let mac = Base64::decode_vec(SIGNATURE).unwrap();
    let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    for wrong in [
        Base64UrlUnpadded::encode_string(&mac),
        SIGNATURE.replace('/', "_"),
        SIGNATURE.replace('=', ""),
        format!("{SIGNATURE}, {SIGNATURE}"),
        format!("{SIGNATURE},{SIGNATURE}"),
        format!("v1,{SIGNATURE}"),
        format!("sha256={hex}"),
        hex,
        Base64::encode_string(&mac[..31]),
        Base64::encode_string(&[&mac[..], &[0]].concat()),
        Base64::encode_string(&[&mac[..], &mac[..]].concat()),
        format!(" {SIGNATURE}"),
        format!("{}==", &SIGNATURE[..42]),
        "é".repeat(22),
        String::new(),
    ] {
        unverified(Some("1700000000"), Some(&wrong), SIGNATURE_HEADER);
    }
    unverified(Some("1700000000"), None, SIGNATURE_HEADER);
}

#[test]
fn a_signed_body_that_is_no_callback_is_refused() {
    for body in ["", "[]", "null", r#"{"code":200}"#, r#"{"code":200,"data":{}}"#, r#"{"data":{"taskId":"a"}}"#] {
        let error = SignedCallback::parse(body, Some("1700000000"), Some(SIGNATURE), NOW, 300).unwrap_err();
        assert_eq!(error.kind, Kind::BadResponse, "{body}");
    }
}

#[test]
fn a_callback_as_json_has_its_type() {
    let json = |body: &str| serde_json::to_value(Callback::parse(body).unwrap()).unwrap();
    let ended = json(BODY);
    assert_eq!((&ended["type"], &ended["taskId"]), (&"ended".into(), &"mj_task_12345".into()));
    assert_eq!((&ended["task"]["state"], ended["task"]["images"].as_array().unwrap().len()), (&"succeeded".into(), 1));
    let taken = json(r#"{"code":200,"data":{"taskId":"a"}}"#);
    assert_eq!(taken, serde_json::json!({ "type": "acknowledged", "taskId": "a" }));
}

#[test]
fn a_callback_with_a_failure_code_is_a_failure_whatever_its_flag() {
    for flag in ["", r#","successFlag":0"#, r#","successFlag":1"#, r#","successFlag":"3""#, r#","successFlag":7"#] {
        let body = format!(
            r#"{{"code":501,"msg":"failed","data":{{"taskId":"a","resultUrls":["https://a.example/1.png"]{flag}}}}}"#
        );
        let Callback::Ended(task) = Callback::parse(&body).unwrap() else { panic!("{body}") };
        assert_eq!(task.state, midapi::core::State::Failed, "{body}");
    }
}

#[test]
fn a_callback_with_a_failure_flag_is_a_failure_even_with_code_200() {
    for flag in ["2", "3", r#""3""#] {
        let body = format!(r#"{{"code":200,"msg":"success","data":{{"taskId":"a","successFlag":{flag}}}}}"#);
        let Callback::Ended(task) = Callback::parse(&body).unwrap() else { panic!("{body}") };
        assert_eq!(task.state, midapi::core::State::Failed, "{body}");
    }
}
