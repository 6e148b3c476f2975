//! The calls, counted at the server.

use midapi::client::{DEFAULT_WAIT_MS, Handle};
use midapi::core::{
    Billed, Error, GenerateRequest, ImageNumber, Kind, Secret, Speed, State, Task, TaskType, UpscaleRequest,
};
use serde_json::json;

use crate::fake::{Answer, KEY, Server, ok, record, refusal, run};

fn image() -> GenerateRequest {
    GenerateRequest { speed: Some(Speed::Fast), ..GenerateRequest::new(TaskType::TextToImage, "a lighthouse") }
}

fn generate(server: &Server) -> Result<Task, Error> {
    run(server.client().generate(&image()))
}

fn wait(server: &Server, expected_at: Option<i64>, timeout_ms: i64) -> Result<Task, Error> {
    let handle = Handle { task_id: "a".to_owned(), expected_at };
    run(server.client().wait(handle, timeout_ms, &mut |_| ()))
}

#[test]
fn a_submit_gives_a_running_task_with_its_expected_end() {
    let server = Server::new([ok(json!({ "taskId": "a" }))]);
    let task = generate(&server).unwrap();
    assert_eq!((task.task_id.as_str(), task.state, task.expected_at), ("a", State::Running, Some(60_000)));

    let server = Server::new([Answer::Paced(4, json!({ "taskId": "a" }))]);
    assert_eq!(generate(&server).unwrap().expected_at, Some(4_000));
}

#[test]
fn an_unclear_answer_to_a_submit_is_never_sent_again_and_says_so() {
    let unclear = [
        Answer::Reset,
        Answer::Silence,
        Answer::NotJson(502),
        Answer::NotJson(200),
        Answer::NotJson(302),
        Answer::Json(200, json!({ "code": 200, "msg": "success", "data": null })),
        Answer::Json(200, json!({ "code": 200, "msg": "success", "data": { "taskId": "" } })),
        Answer::Json(200, json!("hello")),
        Answer::Json(503, json!({ "code": 200, "data": { "taskId": "a" } })),
        refusal(500),
        refusal(501),
    ];
    for answer in unclear {
        let server = Server::new([answer]);
        let error = generate(&server).unwrap_err();
        assert_eq!((error.billed, error.retryable(), server.submits()), (Billed::Unknown, false, 1), "{error}");
    }
}

#[test]
fn a_refusal_before_acceptance_is_not_billed() {
    for (code, kind, retryable) in [
        (400, Kind::InvalidRequest, false),
        (401, Kind::Unauthorized, false),
        (402, Kind::InsufficientCredits, false),
        (422, Kind::InvalidRequest, false),
        (429, Kind::RateLimited, true),
        (455, Kind::Maintenance, true),
        (505, Kind::Disabled, false),
    ] {
        for answer in [refusal(code), Answer::NotJson(code as u16)] {
            let server = Server::new([answer]);
            let error = generate(&server).unwrap_err();
            assert_eq!((error.kind, error.code, error.billed), (kind, Some(code), Billed::No));
            assert_eq!((error.retryable(), server.submits()), (retryable, 1));
        }
    }
}

#[test]
fn a_wrong_request_sends_nothing() {
    let server = Server::new([]);
    let request = GenerateRequest { stylization: Some(1001), ..image() };
    let error = run(server.client().generate(&request)).unwrap_err();
    assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some("stylization")));
    assert!(run(server.client().status("../credit")).is_err());
    assert!(ImageNumber::new(5).is_err());
    assert_eq!(server.paths(), Vec::<String>::new());
}

#[test]
fn an_upscale_tries_the_other_form_after_a_404_alone_and_remembers() {
    let missing = || Answer::NotJson(404);
    let server = Server::new([missing(), ok(json!({ "taskId": "b" })), ok(json!({ "taskId": "c" }))]);
    let client = server.client();
    let request = UpscaleRequest::new("a", ImageNumber::new(3).unwrap());
    assert_eq!(run(client.upscale(&request)).unwrap().task_id, "b");
    assert_eq!(run(client.upscale(&request)).unwrap().task_id, "c");
    assert_eq!(server.paths(), ["upscale", "generateUpscale", "generateUpscale"]);
    assert_eq!(
        server.bodies(),
        [
            json!({ "taskId": "a", "index": 3 }),
            json!({ "taskId": "a", "imageIndex": 2 }),
            json!({ "taskId": "a", "imageIndex": 2 }),
        ]
    );

    for answer in [Answer::Reset, Answer::NotJson(502), refusal(422)] {
        let server = Server::new([answer]);
        assert!(run(server.client().upscale(&request)).is_err());
        assert_eq!(server.paths(), ["upscale"]);
    }
}

#[test]
fn a_wait_looks_near_the_expected_end_and_then_backs_off() {
    let mut answers: Vec<_> = (0..6).map(|_| ok(record(0))).collect();
    answers.push(ok(record(1)));
    let server = Server::new(answers);
    let task = wait(&server, Some(60_000), DEFAULT_WAIT_MS).unwrap();
    assert_eq!((task.state, task.images.len()), (State::Succeeded, 1));
    assert_eq!(server.times(), [60.0, 65.0, 72.5, 83.75, 100.625, 125.937, 155.937]);
}

#[test]
fn a_wait_without_an_expected_end_looks_at_once_and_follows_the_servers_pace() {
    let server = Server::new([Answer::Paced(1, record(0)), Answer::Paced(2, record(0)), ok(record(1))]);
    wait(&server, None, DEFAULT_WAIT_MS).unwrap();
    assert_eq!(server.times(), [0.0, 1.0, 3.0]);
}

#[test]
fn time_running_out_is_not_a_failure() {
    let server = Server::new((0..3).map(|_| ok(record(0))));
    let error = wait(&server, None, 10_000).unwrap_err();
    assert_eq!((error.kind, error.task_id.as_deref()), (Kind::StillRunning, Some("a")));
    assert_eq!((error.billed, server.now()), (Billed::Yes, 10_000));
    assert_eq!(server.times(), [0.0, 5.0, 10.0]);
}

#[test]
fn a_look_that_fails_for_a_passing_reason_loses_nothing() {
    let passing = [Answer::Reset, Answer::NotJson(502), refusal(429), refusal(455), Answer::NotJson(200)];
    let server = Server::new(passing.into_iter().chain([ok(record(1))]));
    assert_eq!(wait(&server, None, DEFAULT_WAIT_MS).unwrap().state, State::Succeeded);
    assert_eq!(server.paths().len(), 6);

    for (answer, kind) in [(refusal(401), Kind::Unauthorized), (refusal(422), Kind::NotFound)] {
        let server = Server::new([answer]);
        let error = wait(&server, None, DEFAULT_WAIT_MS).unwrap_err();
        assert_eq!((error.kind, server.paths().len()), (kind, 1));
    }
}

#[test]
fn both_kinds_of_failure_end_a_wait_with_the_vendors_words() {
    for flag in [2, 3] {
        let mut failed = record(flag);
        failed["errorMessage"] = "No response from MidJourney".into();
        let server = Server::new([ok(record(0)), ok(failed)]);
        let error = wait(&server, None, DEFAULT_WAIT_MS).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (Kind::TaskFailed, "No response from MidJourney"));
        assert_eq!(error.task_id.as_deref(), Some("a"));
    }
}

#[test]
fn updates_are_shown_after_every_look() {
    let server = Server::new([ok(record(0)), ok(record(0)), ok(record(1))]);
    let mut seen = Vec::new();
    let handle = Handle { task_id: "a".to_owned(), expected_at: None };
    run(server.client().wait(handle, DEFAULT_WAIT_MS, &mut |task| seen.push(task.state))).unwrap();
    assert_eq!(seen, [State::Running, State::Running, State::Succeeded]);
}

#[test]
fn no_error_shows_the_key() {
    let quoting = json!({ "code": 401, "msg": format!("{KEY} is not a key, {KEY}"), "data": null });
    let mut failed = record(3);
    failed["errorMessage"] = format!("Bearer {KEY}").into();
    // A long message is cut, and not through the key.
    let long = |before: usize| json!({ "code": 401, "msg": "x".repeat(before) + KEY, "data": null });
    let cut = Server::new([Answer::Json(200, long(990))]);
    let error = wait(&cut, None, DEFAULT_WAIT_MS).unwrap_err();
    assert_eq!(error.message, "x".repeat(990) + "[redacted]");
    for answer in [Answer::Json(200, quoting), ok(failed), Answer::Json(200, long(900))] {
        let server = Server::new([answer]);
        let error = wait(&server, None, DEFAULT_WAIT_MS).unwrap_err();
        assert!(error.message.contains("[redacted]"), "{error}");
        let secret = Secret::new(KEY);
        assert!(!format!("{error} {error:?} {secret:?}").contains(KEY));
    }
}
