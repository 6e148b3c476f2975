//! What an error shows, and what it never does.

use midapi::client::DEFAULT_WAIT_MS;
use midapi::core::{Error, Handle, Kind, Secret, State};
use serde_json::json;

use crate::fake::{Answer, KEY, Server, ok, record};

fn wait(server: &Server) -> Error {
    server.run(server.client().wait(&Handle::new("a"), DEFAULT_WAIT_MS, &mut |_| ())).unwrap_err()
}

#[test]
fn row_1_no_error_shows_the_key() {
    let quoting = json!({ "code": 401, "msg": format!("{KEY} is not a key, {KEY}"), "data": null });
    let mut failed = record(3);
    failed["errorMessage"] = format!("Bearer {KEY}").into();
    // A long message is cut, and not through the key.
    let long = |before: usize| json!({ "code": 401, "msg": "x".repeat(before) + KEY, "data": null });
    let cut = Server::new([Answer::json(200, long(990))]);
    assert_eq!(wait(&cut).message, "x".repeat(990) + "[redacted]");
    for answer in [Answer::json(200, quoting), ok(failed), Answer::json(200, long(900))] {
        let error = wait(&Server::new([answer]));
        assert!(error.message.contains("[redacted]"), "{error}");
        let secret = Secret::new(KEY);
        assert!(!format!("{error} {error:?} {secret:?} {}", serde_json::to_string(&error).unwrap()).contains(KEY));
    }
}

#[test]
fn a_key_too_short_to_be_told_from_a_word_is_refused_without_being_shown() {
    for key in ["", "task", "a-token", "two\nlines", "two words", "k\u{e4}sek\u{fc}che"] {
        let error = Secret::new(key).unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (Kind::Misconfigured, Some("apiKey")), "{key}");
        assert_eq!(error.message, "apiKey: must be at least 8 visible ASCII characters, without spaces or line breaks");
    }
    assert_eq!(Secret::new("8-of-any").unwrap().expose(), "8-of-any");
}

#[test]
fn row_1_no_failed_task_or_record_shows_the_key() {
    let mut failed = record(3);
    failed["errorMessage"] = format!("Bearer {KEY}").into();
    let server = Server::answering(move |_| ok(failed.clone()));
    let client = server.client();
    let task = server.run(client.status(&Handle::new("a"))).unwrap();
    assert_eq!((task.state, task.failure.unwrap().message.as_str()), (State::Failed, "Bearer [redacted]"));
    let (record, _) = server.run(client.record(&Handle::new("a"))).unwrap();
    assert_eq!(record.error_message.as_deref(), Some("Bearer [redacted]"));
}

#[test]
fn an_error_as_json_has_the_fields_javascript_sees() {
    let refused = Answer::json(200, json!({ "code": 422, "msg": "prompt: is too long", "data": null }));
    let server = Server::new([refused]);
    let request = midapi::core::GenerateRequest::new(midapi::core::TaskType::TextToImage, "x");
    let error = server.run(server.client().generate(&request)).unwrap_err();
    let json = serde_json::to_value(&error).unwrap();
    assert_eq!(
        json,
        json!({
            "kind": "invalid_request", "message": "prompt: is too long", "code": 422, "field": "prompt",
            "retryable": false, "billed": "no",
        })
    );
}

#[test]
fn a_misconfigured_gateway_and_a_failing_one_give_different_errors() {
    for (message, kind) in [("misconfigured: no key", Kind::Misconfigured), ("overloaded", Kind::ServerError)] {
        let server = Server::new([Answer::json(503, json!({ "code": 503, "msg": message, "data": null }))]);
        let request = midapi::core::GenerateRequest::new(midapi::core::TaskType::TextToImage, "x");
        let error = server.run(server.gateway().generate(&request)).unwrap_err();
        let sent_nothing = kind == Kind::Misconfigured;
        assert_eq!((error.kind, error.billed == midapi::core::Billed::No), (kind, sent_nothing));
        assert_eq!(error.submit.is_none(), sent_nothing);
    }
}
