//! Whatever a server or a caller sends: an answer or an error, never a panic, never a success with nothing in it.

use midapi::core::{
    Callback, ChangeRequest, Endpoint, GenerateRequest, Handle, History, Prices, SUBMIT_ROUTES, Secret, State,
    TaskType, Unresolved, checked_task_id, generate, lint, public_param_json,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fake::{Answer, Server, run};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("1")),
        Just(json!("2024-03-20T10:30:00Z")),
        Just(json!("{\"resultUrls\":[\"https://a.example/1.png\"]}")),
    ];
    let names = prop::sample::select(vec![
        "code",
        "msg",
        "data",
        "taskId",
        "successFlag",
        "resultInfoJson",
        "resultUrls",
        "resultUrl",
        "createTime",
        "completeTime",
        "errorCode",
        "errorMessage",
        "paramJson",
        "promptJson",
        "prompt",
        "taskType",
        "index",
        "fileUrls",
    ]);
    leaf.prop_recursive(4, 48, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(names.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Every public reader of a text.
fn read_all(text: &str) {
    for route in SUBMIT_ROUTES {
        let _ = ChangeRequest::parse(route, text);
    }
    let _ = (generate(text), lint(text), Callback::parse(text), Handle::parse(text), Unresolved::parse(text));
    let _ = (History::parse(text), Prices::parse(text), public_param_json(text));
}

proptest! {
    #[test]
    fn any_answer_is_a_task_or_an_error(body in any_json(), status in 100u16..700) {
        read_all(&body.to_string());
        let server = Server::new((0..3).map(|_| Answer::Json(status, body.clone())));
        if let Ok(task) = run(server.client().status(&Handle::new("a"))) {
            prop_assert_eq!(task.state == State::Succeeded, !task.images.is_empty() || !task.videos.is_empty());
            prop_assert_eq!(task.state == State::Failed, task.failure.is_some());
        }
        let server = Server::new((0..3).map(|_| Answer::Json(status, body.clone())));
        let request = GenerateRequest::new(TaskType::TextToImage, "x");
        let _ = run(server.client_of(Endpoint::VENDOR).generate(&request));
    }

    #[test]
    fn text_that_is_not_json_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), start in "[\\[{\"a:]{0,9}") {
        read_all(&String::from_utf8_lossy(&bytes));
        read_all(&(start + &String::from_utf8_lossy(&bytes)));
    }

    #[test]
    fn a_key_is_taken_out_wherever_it_stands(key in "[!-~]{1,20}", parts in prop::collection::vec("\\PC{0,9}", 1..5)) {
        // A key that is part of its own replacement can't be told from it.
        prop_assume!(!"[redacted]".contains(&key));
        let mut text = parts.join(&key);
        let held = text.contains(&key);
        Secret::new(&key).unwrap().redact(&mut text);
        prop_assert_eq!(held, text.contains("[redacted]") || parts.iter().any(|part| part.contains(&key)));
        let seam = text.split("[redacted]").any(|piece| piece.contains(&key));
        prop_assert!(!seam, "{}", text);
    }

    #[test]
    fn an_id_that_passes_is_safe_in_a_url(id in "\\PC{0,40}") {
        if checked_task_id(&id).is_ok() {
            prop_assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)));
        }
    }
}

#[test]
fn deep_json_is_refused_and_not_followed() {
    for deep in ["[".repeat(200_000), "{\"a\":".repeat(200_000)] {
        read_all(&deep);
        read_all(&format!("{{\"taskId\":{deep}"));
    }
}
