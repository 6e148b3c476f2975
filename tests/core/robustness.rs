//! Row 33: whatever a server or a caller sends, there is an answer or an error, never a panic, never a success with
//! nothing in it.

use std::cell::OnceCell;
use std::rc::Rc;

use midapi::client::{CallContext, CallEvent};
use midapi::core::{
    Callback, ChangeRequest, Error, Handle, History, Kind, Prices, Record, Secret, SignedCallback, State, SubmitRoute,
    Task, UnknownSubmit, Word, checked_task_id, generate, lint, public_param_json,
};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::fake::{Answer, Server, accepted, ok, record, submission};

const NAMES: [&str; 30] = [
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
    "imageIndex",
    "fileUrl",
    "fileUrls",
    "speed",
    "version",
    "stylization",
    "idempotencyKeys",
    "idempotencyKey",
    "route",
    "body",
    "createdAt",
    "expectedAt",
    "fast",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0i64..4).prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(vec!["1", "a", "2024-03-20T10:30:00Z", "mj_txt2img", "generate", "relaxed", "7.0"])
            .prop_map(Value::from),
        Just(json!(200)),
        Just(json!("{\"resultUrls\":[\"https://a.example/1.png\"]}")),
        Just(json!("https://a.example/1.png")),
    ];
    leaf.prop_recursive(4, 48, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(select(&NAMES[..]).prop_map(str::to_owned), inner, 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// An envelope of success around anything, or around a record of anything: what gets furthest.
fn any_reply() -> impl Strategy<Value = Value> {
    let record = (any_json(), any_json(), any_json(), any_json()).prop_map(|(flag, results, time, code)| {
        json!({
            "taskId": "a", "successFlag": flag, "resultInfoJson": results, "createTime": time, "completeTime": time,
            "errorCode": code, "errorMessage": code,
        })
    });
    let flagged = (select(vec![json!(1), json!("1"), json!(2), json!("3"), json!(0)]), any_json())
        .prop_map(|(flag, results)| json!({ "taskId": "a", "successFlag": flag, "resultInfoJson": results }));
    prop_oneof![
        2 => any_json(),
        1 => prop_oneof![any_json(), record, flagged].prop_map(|data| json!({ "code": 200, "data": data })),
    ]
}

/// What a record says, a task says: success has something to show, and failure a reason.
fn check_task(task: &Task) {
    assert_eq!(task.state == State::Succeeded, !task.images.is_empty() || !task.videos.is_empty());
    assert_eq!(task.state == State::Failed, task.failure.is_some());
    assert_eq!(serde_json::to_value(task).unwrap()["taskId"], json!(task.task_id));
}

fn check_record(record: Record) {
    let shown = serde_json::to_value(&record).unwrap();
    assert_eq!(shown["taskId"], json!(record.task_id));
    check_task(&record.into());
}

/// Every function that reads a text, on this one.
fn read(text: &str) {
    for submission in [generate(text).ok(), UnknownSubmit::parse(text).ok().map(|_| submission())] {
        let body = submission.map(|submission| submission.body().to_owned());
        assert!(body.is_none_or(|body| generate(&body).is_ok()), "what was checked passes again");
    }
    for route in SubmitRoute::all() {
        if let Some(Ok(change)) = ChangeRequest::parse(route.as_str(), text) {
            change.submission().unwrap();
        }
    }
    assert_eq!(lint(text).is_ok(), generate(text).is_ok());
    if let Ok(Callback::Ended(task)) = Callback::parse(text) {
        check_task(&task);
        assert!(serde_json::to_value(Callback::Ended(task)).is_ok());
    }
    let signature = "A".repeat(43) + "=";
    if let Ok(signed) = SignedCallback::parse(text, Some("7"), Some(&signature), 7, 0) {
        assert!(signed.message.ends_with(".7"));
    }
    let _ = SignedCallback::parse("{}", Some(text), Some(text), i64::MIN, i64::MAX);
    if let Ok(handle) = Handle::parse(text) {
        assert!(checked_task_id(&handle.task_id).is_ok());
    }
    if let Ok(history) = serde_json::from_str::<History>(text) {
        let again = serde_json::to_string(&history).unwrap();
        assert_eq!(serde_json::from_str::<History>(&again).unwrap(), history);
    }
    let _ = Prices::parse(text);
    if let Some(shown) = public_param_json(text) {
        assert!(!shown.contains("callBackUrl\":"), "{shown}");
    }
}

/// Every call, answered with this.
fn answer(status_code: u16, body: &str, retry_after: Option<&str>) {
    let (status, body, retry_after) = (status_code, body.to_owned(), retry_after.map(str::to_owned));
    let server =
        Server::answering(move |_| Answer::Reply { status, retry_after: retry_after.clone(), body: body.clone() });
    let unknown = UnknownSubmit::new("upscale", "{}", "k").unwrap();
    let (handle, submission) = (Handle::new("a"), submission());
    let on_event = |event: CallEvent<'_>| {
        if let CallEvent::Updated(task) = event {
            check_task(task);
        }
    };
    for client in [server.client(), server.gateway()] {
        let context = || CallContext::new(&on_event);
        check_outcome(server.run(client.call(&context()).submit(&submission, None)), |task| check_task(&task));
        check_outcome(server.run(client.call(&context()).run(&submission, None, 0)), |task| check_task(&task));
        check_outcome(server.run(client.call(&context()).status(&handle)), |task| check_task(&task));
        check_outcome(server.run(client.call(&context()).record(&handle)), |(record, _)| check_record(record));
        check_outcome(server.run(client.call(&context()).credits()), |credits| assert!(credits.is_finite()));
        check_outcome(server.run(client.call(&context()).wait(&handle, 0)), |task| check_task(&task));
        check_outcome(server.run(client.call(&context()).reconcile(&unknown)), |task| check_task(&task));
    }
}

fn check_outcome<T>(outcome: Result<T, Error>, check: impl FnOnce(T)) {
    match outcome {
        Ok(output) => check(output),
        Err(error) => {
            let json = serde_json::to_value(&error).unwrap();
            assert_eq!(json["kind"], error.kind.as_str());
            assert!(!error.message.trim().is_empty(), "an error without a word");
        }
    }
}

/// What a status call makes of this answer, which is worth no second try.
fn status(body: &str) -> Result<Task, Error> {
    let server = Server::new([Answer::text(200, body)]);
    server.run(server.client().status(&Handle::new("a")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn row_33_decoding_never_panics_and_success_has_an_image(
        body in any_reply(),
        status in 0u16..700,
        retry_after in proptest::option::of("[0-9 -]{0,22}|\\PC{0,30}|Wed, [0-9+-]{2} Oct [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"),
    ) {
        let text = body.to_string();
        for status in [200, status] {
            answer(status, &text, retry_after.as_deref());
        }
        read(&text);
        read(&body["data"].to_string());
    }

    #[test]
    fn a_good_request_with_anything_in_one_field_is_read_or_refused(name in select(&NAMES[..]), value in any_json()) {
        for mut body in [
            json!({ "taskType": "mj_img2img", "prompt": "x", "fileUrl": "https://a.example/1.png" }),
            json!({ "taskId": "a", "index": 1 }),
            json!({ "taskId": "a", "imageIndex": 1 }),
            json!({ "taskType": "mj_video_extend_manual", "taskId": "a", "index": 1, "prompt": "x" }),
            json!({ "route": "generate", "body": "{}", "idempotencyKey": "k" }),
            json!({ "fast": 8, "video": [1, 2] }),
        ] {
            body[name] = value.clone();
            read(&body.to_string());
        }
    }

    #[test]
    fn text_that_is_no_json_object_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        answer(200, &text, Some(&text));
        read(&text);
        prop_assume!(!text.trim_start().starts_with('{'));
        prop_assert!(generate(&text).is_err() && lint(&text).is_err() && Prices::parse(&text).is_err());
        prop_assert!(Callback::parse(&text).is_err() && UnknownSubmit::parse(&text).is_err());
        let history = serde_json::from_str::<History>(&text).unwrap_or_default();
        prop_assert_eq!((history, public_param_json(&text)), (History::default(), None));
        prop_assert_eq!(status(&text).unwrap_err().kind, Kind::BadResponse);
    }

    #[test]
    fn json_that_is_cut_or_broken_anywhere_is_no_success(at in 0usize..1_000, byte in proptest::option::of(any::<char>())) {
        let whole = crate::fixtures::text("real-record-success-txt2img");
        let whole = whole.trim_end();
        let at = at % whole.len();
        // Without an end it is no JSON; with another character in it it may be.
        let broken = match byte {
            None => whole[..at].to_owned(),
            Some(byte) => [&whole[..at], &*byte.to_string(), &whole[at + 1..]].concat(),
        };
        answer(200, &broken, None);
        read(&broken);
        if byte.is_none() {
            prop_assert!(status(&broken).is_err(), "half an answer is none");
        }
    }

    #[test]
    fn row_1_a_key_is_redacted_wherever_it_stands(key in "[!-~]{8,27}", parts in prop::collection::vec("\\PC{0,9}", 1..5)) {
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
fn a_handle_is_a_task_or_its_id_and_nothing_else() {
    let task = Task { expected_at: Some(7), created_at: Some(5), ..Task::running("a-b_c.9".to_owned()) };
    assert_eq!(Handle::parse(&serde_json::to_string(&task).unwrap()).unwrap(), Handle::from(&task));
    for id in ["\"a\"", " \"a\" ", "\n\"a\"\t", "{\"taskId\":\"a\"}", " { \"taskId\" : \"a\" , \"expectedAt\": null } "]
    {
        assert_eq!(Handle::parse(id).unwrap(), Handle::new("a"), "{id}");
    }
    for wrong in
        ["", "a", "\"a\" b", "\"a\"\"", "\"a", "\"\"", "\"a/b\"", "7", "null", "[]", "[\"a\"]", "{}", "{\"taskId\":7}"]
    {
        assert_eq!(Handle::parse(wrong).unwrap_err().field.as_deref(), Some("taskId"), "{wrong}");
    }
}

#[test]
fn row_33_deeply_nested_and_huge_json_is_refused() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    for deep in
        [nested(200_000), "[".repeat(200_000), "{\"a\":".repeat(200_000), format!("{{\"data\":{}}}", nested(100_000))]
    {
        read(&deep);
        answer(200, &deep, None);
        assert_eq!(Callback::parse(&deep).unwrap_err().kind, Kind::BadResponse);
        assert_eq!(generate(&deep).unwrap_err().kind, Kind::InvalidRequest);
    }
    // A megabyte of words is read and cut.
    let body = json!({ "code": 401, "msg": "é".repeat(500_000), "data": null }).to_string();
    let error = status(&body).unwrap_err();
    assert_eq!(error.message.chars().count(), 1_001);
}

#[test]
fn a_call_goes_on_when_the_clock_jumps() {
    for now in [i64::MIN / 4, -1, 0, i64::MAX / 4] {
        // The first try reaches nobody, and during it the clock goes back.
        let answered_by = |answer: fn() -> Answer| {
            let clock = Rc::new(OnceCell::<Server>::new());
            let later = clock.clone();
            let mut tries = 0;
            let server = Server::answering(move |_| {
                tries += 1;
                let server = later.get().unwrap();
                match tries {
                    1 => {
                        server.set_now(server.now() - 1_000_000);
                        Answer::Unreached
                    }
                    _ => answer(),
                }
            });
            server.set_now(now);
            assert!(clock.set(server.clone()).is_ok());
            server
        };
        let server = answered_by(|| accepted("a"));
        assert_eq!(server.run(server.client().submit(submission(), None)).unwrap().task_id, "a");
        let server = answered_by(|| ok(record(1)));
        assert!(server.run(server.client().status(&Handle::new("a"))).is_ok());
        let server = answered_by(|| ok(record(1)));
        assert!(server.run(server.client().wait(&Handle::new("a"), i64::MAX, &mut |_| ())).is_ok());
    }
}
