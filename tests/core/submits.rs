//! Submits, counted at the server.

use std::collections::HashSet;

use midapi::core::{Billed, Error, GenerateRequest, Handle, ImageNumber, Kind, Speed, State, Task, TaskType, generate};
use serde_json::json;

use crate::fake::{Answer, Server, accepted, ok, refusal, refused};

/// The answer that has this code.
type OfCode = fn(i64) -> Answer;

fn image() -> GenerateRequest {
    GenerateRequest { speed: Some(Speed::Fast), ..GenerateRequest::new(TaskType::TextToImage, "a lighthouse") }
}

fn submit(server: &Server) -> Result<Task, Error> {
    server.run(server.client().generate(&image()))
}

#[test]
fn a_submit_gives_a_running_task_with_its_expected_end() {
    let server = Server::new([accepted("a")]);
    let task = submit(&server).unwrap();
    assert_eq!((task.task_id.as_str(), task.state, task.expected_at), ("a", State::Running, Some(60_000)));
    assert_eq!((task.task_type.as_deref(), task.speed), (Some("mj_txt2img"), Some(Speed::Fast)));

    let server = Server::new([accepted("a").retry_after("4")]);
    assert_eq!(submit(&server).unwrap().expected_at, Some(4_000));
}

#[test]
fn row_31_a_submit_with_an_unclear_answer_is_never_sent_again_and_says_so() {
    let unclear = [
        Answer::Reset,
        Answer::Silence,
        Answer::not_json(502),
        Answer::not_json(200),
        Answer::not_json(302),
        Answer::text(200, ""),
        // Half an answer.
        Answer::text(200, r#"{"code":200,"msg":"success","data":{"taskId":"a""#),
        Answer::json(200, json!({ "code": 200, "msg": "success", "data": null })),
        Answer::json(200, json!({ "code": 200, "msg": "success", "data": { "taskId": "" } })),
        Answer::json(200, json!({ "code": 200, "msg": "success", "data": { "taskId": "../a" } })),
        Answer::json(200, json!({ "code": 200, "msg": "success", "data": ["a"] })),
        Answer::json(200, json!([200, "success", { "taskId": "a" }])),
        Answer::json(200, json!("hello")),
        Answer::json(503, json!({ "code": 200, "data": { "taskId": "a" } })),
        Answer::not_json(500).retry_after("1"),
        Answer::not_json(503).retry_after("0"),
        Answer::not_json(504),
        refusal(500),
        refusal(501),
        refusal(0),
    ];
    for answer in unclear {
        let server = Server::new([answer]);
        let error = submit(&server).unwrap_err();
        assert_eq!((error.billed, error.retryable(), server.submits()), (Billed::Unknown, false, 1), "{error}");
        assert!(error.message.ends_with("so it was not sent again"), "{error}");
        assert_eq!(server.open_sleeps(), 0, "a timer outlives its call");
    }
}

#[test]
fn row_31_a_submit_without_an_answer_ends_after_60_seconds() {
    let server = Server::new([Answer::Silence]);
    let error = submit(&server).unwrap_err();
    assert_eq!((error.kind, server.now()), (Kind::Network, 60_000));
}

#[test]
fn a_refusal_before_acceptance_is_not_billed() {
    for (code, kind, retryable, tries) in [
        (400, Kind::InvalidRequest, false, 1),
        (401, Kind::Unauthorized, false, 1),
        (402, Kind::InsufficientCredits, false, 1),
        (403, Kind::Unauthorized, false, 1),
        (422, Kind::InvalidRequest, false, 1),
        (429, Kind::RateLimited, true, 3),
        (455, Kind::Maintenance, true, 3),
        (505, Kind::Disabled, false, 1),
    ] {
        // Without the envelope it is the API that speaks for these three alone; else it is something in front of it.
        let bare = match code {
            429 | 455 | 505 => (kind, retryable, tries),
            _ => (Kind::BadResponse, true, 1),
        };
        let answers: [(OfCode, _); 3] = [
            (refusal, (kind, retryable, tries)),
            (|code| refused(code as u16, None), (kind, retryable, tries)),
            (|code| Answer::not_json(code as u16), bare),
        ];
        for (answer, (kind, retryable, tries)) in answers {
            let server = Server::new((0..tries).map(|_| answer(code)));
            let error = submit(&server).unwrap_err();
            assert_eq!((error.kind, error.code, error.billed), (kind, Some(code), Billed::No));
            assert_eq!((error.retryable(), server.submits()), (retryable, tries));
        }
    }
}

#[test]
fn a_submit_is_tried_again_after_a_refused_connection() {
    let server = Server::new([Answer::Unreached, Answer::Unreached, accepted("a")]);
    assert_eq!(submit(&server).unwrap().task_id, "a");
    assert_eq!(server.submits(), 3);

    let server = Server::new([Answer::Unreached, Answer::Unreached, Answer::Unreached]);
    let error = submit(&server).unwrap_err();
    assert_eq!((error.kind, error.billed, server.submits()), (Kind::Network, Billed::No, 3));
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "connection refused");
}

#[test]
fn a_wrong_request_sends_nothing() {
    let server = Server::new([]);
    let request = GenerateRequest { stylization: Some(1001), ..image() };
    let error = server.run(server.client().generate(&request)).unwrap_err();
    assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some("stylization")));
    for id in ["../credit", "a&b=c", "", "a b", "a\r\nb"] {
        let handle = Handle::new(id);
        let client = server.client();
        for error in [
            server.run(client.status(&handle)).unwrap_err(),
            server.run(client.record(&handle)).unwrap_err(),
            server.run(client.wait(&handle, 1_000, &mut |_| ())).unwrap_err(),
        ] {
            assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some("taskId")), "{id}");
        }
    }
    assert!(ImageNumber::new(0).is_err() && ImageNumber::new(5).is_err());
    assert_eq!(server.paths(), Vec::<String>::new());
}

#[test]
fn an_idempotency_key_is_sent_to_every_server_but_the_vendor() {
    let submission = || generate(r#"{"taskType":"mj_txt2img","prompt":"x"}"#).unwrap();
    for key in [None, Some("mine".to_owned())] {
        let server = Server::new([accepted("a")]);
        server.run(server.client().submit(submission(), key)).unwrap();
        assert_eq!(server.sent()[0].idempotency_key, None);
    }

    let server = Server::answering(|_| accepted("a"));
    let client = server.gateway();
    for _ in 0..300 {
        // The same coin and, as nothing waits, the same millisecond.
        server.run(client.submit(submission(), None)).unwrap();
    }
    let keys: HashSet<_> = server.sent().into_iter().map(|sent| sent.idempotency_key.unwrap()).collect();
    assert_eq!(keys.len(), 300, "two submits share a key");
    for key in keys {
        assert!(!key.is_empty() && key.len() <= 255 && key.bytes().all(|byte| byte.is_ascii_graphic()), "{key}");
    }

    server.run(client.submit(submission(), Some("mine".to_owned()))).unwrap();
    assert_eq!(server.sent()[300].idempotency_key.as_deref(), Some("mine"));
    for wrong in ["", "two words", "line\nbreak", "ü", &"x".repeat(256)] {
        let error = server.run(client.submit(submission(), Some(wrong.to_owned()))).unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some("idempotencyKey")));
    }
    assert_eq!(server.submits(), 301);
}

#[test]
fn all_tries_of_a_submit_have_the_same_idempotency_key() {
    let server = Server::new([refusal(429), Answer::Unreached, accepted("a")]);
    server.run(server.gateway().generate(&image())).unwrap();
    let keys: HashSet<_> = server.sent().into_iter().map(|sent| sent.idempotency_key).collect();
    assert_eq!((keys.len(), server.submits()), (1, 3));
}

#[test]
fn a_read_has_no_idempotency_key() {
    let server = Server::new([accepted("a"), ok(crate::fake::record(1))]);
    server.run(server.gateway().run(&image(), 600_000, &mut |_| ())).unwrap();
    assert!(server.sent()[0].idempotency_key.is_some());
    assert_eq!((server.sent()[1].path(), &server.sent()[1].idempotency_key), ("record-info?taskId=a", &None));
}

#[test]
fn a_run_shows_the_task_as_soon_as_it_is_accepted_and_after_every_look() {
    let server = Server::new([accepted("a"), ok(crate::fake::record(0)), ok(crate::fake::record(1))]);
    let mut seen = Vec::new();
    let task = server.run(server.client().run(&image(), 600_000, &mut |task| seen.push((server.now(), task.state))));
    assert_eq!(task.unwrap().state, State::Succeeded);
    assert_eq!(seen, [(0, State::Running), (60_000, State::Running), (65_000, State::Succeeded)]);
}

#[test]
fn an_error_after_acceptance_names_the_task_and_never_says_unbilled() {
    for (answers, kind, billed) in [
        (vec![refusal(401)], Kind::Unauthorized, Billed::Yes),
        // It was accepted just now: what isn't known is looked at once more.
        (vec![refusal(422), refusal(422)], Kind::NotFound, Billed::Yes),
        (vec![refusal(422), Answer::Silence], Kind::StillRunning, Billed::Yes),
        (vec![Answer::Silence], Kind::StillRunning, Billed::Yes),
        (vec![ok(crate::fake::record(3))], Kind::TaskFailed, Billed::Unknown),
    ] {
        let server = Server::new([accepted("a")].into_iter().chain(answers));
        let error = server.run(server.gateway().run(&image(), 66_000, &mut |_| ())).unwrap_err();
        assert_eq!((error.kind, error.task_id.as_deref(), error.billed), (kind, Some("a"), billed), "{error}");
        assert_eq!(error.submit, None, "the task is known: there is nothing to reconcile");
        assert_eq!(server.submits(), 1);
    }
}
