//! The calls, counted at the server.

use midapi::core::{
    Billed, ChangeRequest, DEFAULT_WAIT_MS, Endpoint, Error, GenerateRequest, Handle, ImageNumber, Kind, Secret, Speed,
    State, Task, TaskType, Unresolved,
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
    let handle = Handle { expected_at, ..Handle::new("a") };
    run(server.client().wait(&handle, timeout_ms, &mut |_| ()))
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
            let again = if retryable { vec![refusal(code), refusal(code)] } else { vec![] };
            let server = Server::new([answer].into_iter().chain(again));
            let error = generate(&server).unwrap_err();
            assert_eq!((error.kind, error.code, error.billed), (kind, Some(code), Billed::No));
            assert_eq!((error.retryable(), server.submits()), (retryable, if retryable { 3 } else { 1 }));
        }
    }
}

#[test]
fn a_wrong_request_sends_nothing() {
    let server = Server::new([]);
    let request = GenerateRequest { stylization: Some(1001), ..image() };
    let error = run(server.client().generate(&request)).unwrap_err();
    assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some("stylization")));
    assert!(Handle::parse("\"../credit\"").is_err());
    assert!(ImageNumber::new(5).is_err());
    assert_eq!(server.paths(), Vec::<String>::new());
}

#[test]
fn an_upscale_tries_the_other_form_after_a_404_alone_and_remembers() {
    let missing = || Answer::NotJson(404);
    let server = Server::new([missing(), ok(json!({ "taskId": "b" })), ok(json!({ "taskId": "c" }))]);
    let client = server.client();
    let request = ChangeRequest::upscale("a", ImageNumber::new(3).unwrap());
    assert_eq!(run(client.change(&request)).unwrap().task_id, "b");
    assert_eq!(run(client.change(&request)).unwrap().task_id, "c");
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
        assert!(run(server.client().change(&request)).is_err());
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
    run(server.client().wait(&Handle::new("a"), DEFAULT_WAIT_MS, &mut |task| seen.push(task.state))).unwrap();
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

#[test]
fn a_refusal_is_tried_again_after_a_pause_that_doubles() {
    let server = Server::new([refusal(429), refusal(455), ok(json!({ "taskId": "a" }))]);
    assert_eq!(generate(&server).unwrap().task_id, "a");
    // Half of 500 ms, then half of 1000: the coin falls in the middle.
    assert_eq!(server.times(), [0.0, 0.25, 0.75]);
}

#[test]
fn a_read_is_tried_three_times_and_a_submit_that_left_is_not() {
    let server = Server::new([Answer::Reset, Answer::NotJson(502), Answer::NotJson(503)]);
    let error = run(server.client().status(&Handle::new("a"))).unwrap_err();
    assert_eq!((error.kind, error.billed, server.paths().len()), (Kind::ServerError, Billed::No, 3));

    let server = Server::new([Answer::Refused, Answer::Refused, Answer::Refused]);
    let error = generate(&server).unwrap_err();
    assert_eq!((error.kind, error.billed, server.submits()), (Kind::Network, Billed::No, 3));

    let server = Server::new([Answer::Refused, Answer::Reset]);
    let error = generate(&server).unwrap_err();
    assert_eq!((error.kind, error.billed, server.submits()), (Kind::Network, Billed::Unknown, 2));
}

#[test]
fn row_32_a_servers_pause_is_kept_to_the_second_and_one_that_is_too_long_is_the_callers_to_wait() {
    let done = || ok(record(1));
    for (header, times) in [
        ("0", vec![0.0, 0.0]),
        ("7", vec![0.0, 7.0]),
        ("Thu, 01 Jan 1970 00:00:09 GMT", vec![0.0, 9.0]),
        ("-1", vec![0.0, 0.25]),
        ("junk", vec![0.0, 0.25]),
    ] {
        let server = Server::new([Answer::Busy(header), done()]);
        run(server.client().status(&Handle::new("a"))).unwrap();
        assert_eq!(server.times(), times, "{header}");
    }
    for (header, seconds) in [("61", 61), ("1000000000", 1_000_000_000)] {
        let server = Server::new([Answer::Busy(header)]);
        let error = run(server.client().status(&Handle::new("a"))).unwrap_err();
        assert_eq!((error.kind, error.retry_after, server.now()), (Kind::RateLimited, Some(seconds), 0));
    }
}

#[test]
fn row_32_in_a_storm_retries_are_few() {
    let calls = 200;
    let server = Server::new((0..3 * calls).map(|_| refusal(429)));
    let client = server.client();
    for _ in 0..calls {
        let before = server.paths().len();
        assert!(run(client.status(&Handle::new("a"))).is_err());
        assert!(server.paths().len() - before <= 3);
    }
    assert!(server.paths().len() <= calls + 10 + calls / 10, "{} requests for {calls} calls", server.paths().len());
}

#[test]
fn all_tries_share_one_deadline() {
    let server = Server::new([Answer::Busy("50"), Answer::Busy("50")]);
    let error = run(server.client().status(&Handle::new("a"))).unwrap_err();
    assert_eq!((error.kind, server.times()), (Kind::RateLimited, vec![0.0, 50.0]));
}

#[test]
fn a_gateway_gets_a_key_with_every_submit_and_the_vendor_none() {
    let accepted = || ok(json!({ "taskId": "a" }));
    let server = Server::new([accepted(), accepted(), accepted()]);
    run(server.client_of(Endpoint::VENDOR).generate(&image())).unwrap();
    assert_eq!(server.keys(), Vec::<String>::new());
    let client = server.client();
    run(client.generate(&image())).unwrap();
    run(client.submit(image().submission().unwrap(), Some("mine".to_owned()))).unwrap();
    let keys = server.keys();
    assert_eq!((keys.len(), keys[1].as_str()), (2, "mine"));
    assert!(run(client.submit(image().submission().unwrap(), Some("a b".to_owned()))).is_err());
}

#[test]
fn an_unknown_submit_is_asked_about_only_where_one_key_makes_one_task() {
    let lost = Server::new([Answer::Reset]);
    let error = generate(&lost).unwrap_err();
    let unresolved = error.submit.clone().unwrap();
    assert_eq!(Unresolved::parse(&unresolved.to_json()).unwrap(), unresolved);
    assert_eq!((unresolved.route.as_str(), &unresolved.idempotency_key), ("generate", &lost.keys()[0]));

    let health = ok(json!({ "idempotencyKeys": true }));
    let server = Server::new([health, ok(json!({ "taskId": "a" }))]);
    assert_eq!(run(server.client().reconcile(&unresolved)).unwrap().task_id, "a");
    assert_eq!((server.paths(), server.keys()), (vec!["health".to_owned(), "generate".to_owned()], lost.keys()));
    assert_eq!(server.bodies(), lost.bodies());

    for (answer, kind) in [
        (Answer::NotJson(404), Kind::Misconfigured),
        (ok(json!({})), Kind::Misconfigured),
        (ok(json!({ "idempotencyKeys": "yes" })), Kind::Misconfigured),
        (refusal(401), Kind::Unauthorized),
    ] {
        let server = Server::new([answer]);
        let error = run(server.client().reconcile(&unresolved)).unwrap_err();
        assert_eq!(error.kind, kind);
        assert_eq!((error.billed, error.submit.as_ref(), server.submits()), (Billed::Unknown, Some(&unresolved), 0));
    }
    let vendor = Server::new([]);
    assert!(run(vendor.client_of(Endpoint::VENDOR).reconcile(&unresolved)).is_err());
}

#[test]
fn credits_are_looked_for_where_either_source_has_them() {
    let server = Server::new([Answer::NotJson(404), ok(json!(5916.25))]);
    assert_eq!(run(server.client().credits()).unwrap(), "5916.25");
    assert_eq!(server.paths(), ["credit", "credit"]);
    let server = Server::new([ok(json!(null))]);
    assert_eq!(run(server.client().credits()).unwrap_err().kind, Kind::BadResponse);
}

#[test]
fn vary_and_extension_go_to_their_routes_counting_from_0() {
    let accepted = || ok(json!({ "taskId": "b" }));
    let server = Server::new([accepted(), accepted(), accepted()]);
    let client = server.client();
    let first = ImageNumber::new(1).unwrap();
    run(client.change(&ChangeRequest::vary("a", ImageNumber::new(4).unwrap()))).unwrap();
    run(client.change(&ChangeRequest::extend_video("a", first, None))).unwrap();
    run(client.change(&ChangeRequest::extend_video("a", first, Some("waves".to_owned())))).unwrap();
    assert_eq!(server.paths(), ["generateVary", "generateVideoExtend", "generateVideoExtend"]);
    assert_eq!(
        server.bodies(),
        [
            json!({ "taskId": "a", "imageIndex": 3 }),
            json!({ "taskType": "mj_video_extend_auto", "taskId": "a", "index": 0 }),
            json!({ "taskType": "mj_video_extend_manual", "taskId": "a", "index": 0, "prompt": "waves" }),
        ]
    );
}

#[test]
fn own_durations_decide_when_the_next_task_is_expected() {
    let task = |taken: i64| {
        let mut done = record(1);
        done["createTime"] = json!(1_000);
        done["completeTime"] = json!(1_000 + taken);
        [ok(json!({ "taskId": "a" })), ok(done)]
    };
    let server = Server::new([20_000, 10_000, 30_000].into_iter().flat_map(task).chain([ok(json!({ "taskId": "a" }))]));
    let client = server.client();
    for _ in 0..3 {
        run(client.run(&image(), DEFAULT_WAIT_MS, &mut |_| ())).unwrap();
    }
    let task = run(client.generate(&image())).unwrap();
    let left = task.time_left.unwrap();
    assert_eq!(task.expected_at.unwrap() - task.created_at.unwrap(), 20_000);
    assert_eq!((left.min_ms, left.max_ms, left.samples), (10_000, 30_000, 3));
}
