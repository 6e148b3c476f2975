//! Waits for a task: when it is looked at, and how a wait ends.

use std::cell::RefCell;
use std::rc::Rc;

use midapi::client::DEFAULT_WAIT_MS;
use midapi::core::{Billed, Error, Handle, Kind, State, Task};
use serde_json::{Value, json};

use crate::fake::{Answer, Server, accepted, ok, record, refusal, submission};

pub fn handle(expected_at: Option<i64>) -> Handle {
    Handle { expected_at, ..Handle::new("a") }
}

pub fn wait(server: &Server, expected_at: Option<i64>, timeout_ms: i64) -> Result<Task, Error> {
    server.run(server.client().wait(&handle(expected_at), timeout_ms, &mut |_| ()))
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
    let paced = |seconds| ok(record(0)).retry_after(seconds);
    let server = Server::new([paced("1"), paced("2"), ok(record(1))]);
    wait(&server, None, DEFAULT_WAIT_MS).unwrap();
    assert_eq!(server.times(), [0.0, 1.0, 3.0]);
}

#[test]
fn a_wait_that_times_out_ends_in_still_running() {
    let server = Server::new((0..3).map(|_| ok(record(0))));
    let error = wait(&server, None, 10_000).unwrap_err();
    assert_eq!((error.kind, error.task_id.as_deref()), (Kind::StillRunning, Some("a")));
    assert_eq!((error.billed, server.now()), (Billed::Yes, 10_000));
    assert_eq!(server.times(), [0.0, 5.0, 10.0]);
    assert_eq!((server.open_sleeps(), error.retryable()), (0, false));
}

#[test]
fn a_wait_goes_on_after_a_temporary_failure_of_a_look() {
    let passing = [
        Answer::Reset,
        Answer::Unreached,
        Answer::not_json(502),
        refusal(429),
        refusal(455),
        Answer::not_json(200),
        Answer::not_json(302),
        // A page of something in front of the API: it isn't the API that speaks.
        Answer::not_json(401),
        Answer::not_json(403),
        Answer::not_json(404),
    ];
    let number = passing.len();
    let server = Server::new(passing.into_iter().chain([ok(record(1))]));
    assert_eq!(wait(&server, None, DEFAULT_WAIT_MS).unwrap().state, State::Succeeded);
    assert_eq!(server.paths().len(), number + 1);

    for (answer, kind) in [(refusal(401), Kind::Unauthorized), (refusal(422), Kind::NotFound)] {
        let server = Server::new([answer]);
        let error = wait(&server, None, DEFAULT_WAIT_MS).unwrap_err();
        assert_eq!((error.kind, server.paths().len()), (kind, 1));
    }
}

#[test]
fn a_refused_look_is_repeated_after_its_retry_after() {
    let server = Server::new([refusal(429).retry_after("20"), refusal(429).retry_after("1"), ok(record(1))]);
    wait(&server, None, DEFAULT_WAIT_MS).unwrap();
    assert_eq!(server.times(), [0.0, 20.0, 21.0]);
}

#[test]
fn a_wait_whose_looks_all_failed_ends_with_the_last_reason() {
    let server = Server::answering(|_| refusal(455));
    let error = wait(&server, None, 20_000).unwrap_err();
    assert_eq!((error.kind, error.task_id.as_deref(), error.billed), (Kind::StillRunning, Some("a"), Billed::Unknown));
    assert!(error.message.contains("because 455"), "{error}");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "because 455");
}

#[test]
fn a_failed_look_is_not_reported_after_later_looks_succeeded() {
    let server = Server::new([refusal(455), ok(record(0)), ok(record(0))]);
    let error = wait(&server, None, 14_000).unwrap_err();
    assert_eq!((error.kind, error.billed, server.times()), (Kind::StillRunning, Billed::Yes, vec![0.0, 5.0, 12.5]));
    assert!(error.source.is_none() && !error.message.contains("455"), "{error}");
}

#[test]
fn both_kinds_of_failure_end_a_wait_with_the_vendors_words() {
    for flag in [2, 3] {
        let mut failed = record(flag);
        failed["errorMessage"] = "No response from MidJourney".into();
        let server = Server::new([ok(record(0)), ok(failed)]);
        let error = wait(&server, None, DEFAULT_WAIT_MS).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (Kind::TaskFailed, "No response from MidJourney"));
        assert_eq!((error.task_id.as_deref(), error.retryable()), (Some("a"), false));
    }
}

#[test]
fn the_caller_gets_an_update_after_every_look() {
    let server = Server::new([ok(record(0)), ok(record(0)), ok(record(1))]);
    let mut seen = Vec::new();
    let client = server.client();
    server.run(client.wait(&handle(None), DEFAULT_WAIT_MS, &mut |task| seen.push(task.state))).unwrap();
    assert_eq!(seen, [State::Running, State::Running, State::Succeeded]);
}

#[test]
fn a_look_may_take_the_rest_of_the_wait_and_at_least_one_second() {
    for (timeout, allowed) in [(600_000, 60_000), (60_000, 60_000), (20_000, 20_000), (1_000, 1_000), (0, 1_000)] {
        let server = Server::answering(|sent| if sent.at == 0 { Answer::Silence } else { ok(record(1)) });
        let _ = wait(&server, None, timeout);
        assert_eq!(server.durations()[0], allowed, "of a wait of {timeout} ms");
    }
    // Silence at the end of a wait is the end of it: no look outlasts it by more than that second.
    let server = Server::new([ok(record(0)), Answer::Silence]);
    let error = wait(&server, None, 5_200).unwrap_err();
    assert_eq!((error.kind, server.times(), server.now()), (Kind::StillRunning, vec![0.0, 5.0], 6_000));
}

#[test]
fn row_34_a_wait_for_a_task_that_never_ends_ends_in_still_running_and_a_later_success_counts() {
    let success_from = 40 * 60 * 1_000;
    let server = Server::answering(move |sent| ok(record(i64::from(sent.at >= success_from))));
    let client = server.client();
    let error = server.run(client.wait(&handle(None), DEFAULT_WAIT_MS, &mut |_| ())).unwrap_err();
    assert_eq!((error.kind, error.task_id.as_deref()), (Kind::StillRunning, Some("a")));
    let looks = server.sent().len();
    assert!((60..70).contains(&looks), "{looks} looks in half an hour");
    let resumed = Handle::new(error.task_id.clone().unwrap());
    let task = server.run(client.wait(&resumed, DEFAULT_WAIT_MS, &mut |_| ())).unwrap();
    assert_eq!(task.state, State::Succeeded);
}

#[test]
fn row_34_a_task_that_flips_back_goes_on_and_ends_once() {
    // A success with nothing in it, generating again, and then the true one.
    let mut hollow = record(1);
    hollow["resultInfoJson"] = json!(null);
    let server = Server::new([ok(hollow), ok(record(0)), ok(record(1))]);
    let mut ends = 0;
    let client = server.client();
    let seen = &mut |task: &Task| ends += i32::from(task.state != State::Running);
    assert_eq!(server.run(client.wait(&handle(None), DEFAULT_WAIT_MS, seen)).unwrap().state, State::Succeeded);
    assert_eq!(ends, 1);

    // A failure ends the wait; what comes after it is adopted by who looks again.
    let server = Server::new([ok(record(2)), ok(record(0)), ok(record(1))]);
    assert_eq!(wait(&server, None, DEFAULT_WAIT_MS).unwrap_err().kind, Kind::TaskFailed);
    assert_eq!(wait(&server, None, DEFAULT_WAIT_MS).unwrap().state, State::Succeeded);
}

#[test]
fn row_34_a_task_that_vanishes_is_not_found_and_not_looked_for() {
    for answer in [refusal(422), refusal(404)] {
        let server = Server::new([ok(record(0)), answer]);
        let error = wait(&server, None, DEFAULT_WAIT_MS).unwrap_err();
        assert_eq!((error.kind, error.task_id.as_deref()), (Kind::NotFound, Some("a")));
        assert_eq!(server.paths().len(), 2);
    }
}

#[test]
fn a_retry_after_of_days_is_capped_at_ten_minutes_and_an_early_wake_up_sleeps_on() {
    let days = |days: i64| days * 24 * 60 * 60 * 1_000;
    let server = Server::new([ok(record(0)).retry_after("999999"), ok(record(1))]);
    let sleeps = Rc::new(RefCell::new(Vec::new()));
    let slept = sleeps.clone();
    server.on_wait(move |server, sleep| {
        slept.borrow_mut().push(sleep.until() - server.now());
        // A host that wakes early is asked to sleep on.
        if slept.borrow().len() == 1 {
            server.end_early(sleep, 1_000);
        }
    });
    wait(&server, None, days(60)).unwrap();
    assert_eq!(sleeps.take(), [600_000, 599_000], "a pace of days is not believed");
    assert_eq!(server.times(), [0.0, 600.0]);
}

fn page(status: u16) -> Answer {
    Answer::text(status, "<!doctype html><title>Checking your browser</title>")
}

#[test]
fn a_page_in_front_of_the_api_is_no_word_about_the_key_or_the_task() {
    for status in [401, 403, 404, 410] {
        let server = Server::new([page(status), ok(record(1))]);
        assert_eq!(wait(&server, None, DEFAULT_WAIT_MS).unwrap().state, State::Succeeded);
        assert_eq!(server.times(), [0.0, 5.0]);

        let server = Server::new([page(status)]);
        let error = server.run(server.client().status(&handle(None))).unwrap_err();
        assert_eq!((error.kind, error.code, error.billed), (Kind::BadResponse, Some(status.into()), Billed::No));
        let message = format!("something in front of the API answered HTTP {status} with a page of its own");
        assert_eq!((error.message.as_str(), error.retryable()), (message.as_str(), true));

        // So is a wait that met nothing else.
        let server = Server::answering(move |_| page(status));
        let error = wait(&server, None, 20_000).unwrap_err();
        assert_eq!(error.kind, Kind::StillRunning);
        assert!(error.message.contains(&message) && !error.message.contains("key"), "{error}");
    }
}

#[test]
fn a_submit_that_a_page_answers_is_not_billed_and_not_blamed_on_the_key() {
    for status in [400, 401, 403, 404] {
        let server = Server::new([page(status)]);
        let error = server.run(server.client().submit(submission(), None)).unwrap_err();
        assert_eq!((error.kind, error.code, error.billed), (Kind::BadResponse, Some(status.into()), Billed::No));
        assert_eq!(server.submits(), 1);
    }
}

fn success(results: Value) -> Value {
    json!({ "taskId": "a", "successFlag": 1, "resultInfoJson": results })
}

#[test]
fn a_success_that_shows_nothing_ends_a_wait_after_three_more_looks() {
    let mut message_alone = success(Value::Null);
    message_alone["errorMessage"] = json!("moderated");
    for (record, shown) in [
        (
            success(json!({ "resultUrls": [{ "resultUrl": "ftp://files.example/0.jpeg" }] })),
            "ftp://files.example/0.jpeg",
        ),
        (
            success(json!({ "resultUrls": [{ "resultUrl": format!("https://files.example/{}", "x".repeat(2048)) }] })),
            "https://files.example/xxx",
        ),
        (message_alone, "moderated"),
    ] {
        let server = Server::answering(move |_| ok(record.clone()));
        let error = wait(&server, None, DEFAULT_WAIT_MS).unwrap_err();
        assert_eq!((error.kind, error.billed, error.task_id.as_deref()), (Kind::BadResponse, Billed::Yes, Some("a")));
        assert!(error.message.contains("succeeded") && error.message.contains(shown), "{error}");
        assert_eq!(server.times(), [0.0, 5.0, 12.5, 23.75]);
    }

    // One of which more may come goes on as it always has.
    let server = Server::answering(|sent| ok(if sent.at < 600_000 { success(Value::Null) } else { record(1) }));
    assert_eq!(wait(&server, None, DEFAULT_WAIT_MS).unwrap().state, State::Succeeded);
}

#[test]
fn a_success_whose_links_come_later_is_a_success() {
    let unusable = || ok(success(json!({ "resultUrls": ["javascript:alert(1)"] })));
    let server = Server::new([unusable(), unusable(), unusable(), ok(record(1))]);
    assert_eq!(wait(&server, None, DEFAULT_WAIT_MS).unwrap().state, State::Succeeded);
}

#[test]
fn links_that_a_url_parser_can_mend_are_mended() {
    let links = [
        "https://files.example/my picture 0.jpeg",
        "HTTPS://files.example/1.jpeg",
        "https://files.example/2.jpeg\n",
        "https://files.example/a/../3.jpeg",
    ];
    let server = Server::new([ok(success(json!({ "resultUrls": links })))]);
    let task = wait(&server, None, DEFAULT_WAIT_MS).unwrap();
    let urls: Vec<_> = task.images.iter().map(|image| image.url.as_str()).collect();
    assert_eq!(
        urls,
        [
            "https://files.example/my%20picture%200.jpeg",
            "https://files.example/1.jpeg",
            "https://files.example/2.jpeg",
            "https://files.example/3.jpeg",
        ]
    );
}

#[test]
fn a_task_that_was_just_accepted_and_isnt_known_yet_is_looked_at_once_more() {
    let now = 1_000_000;
    let of_age = |ms: i64| Handle { created_at: Some(now - ms), ..Handle::new("a") };
    for unknown in [404, 422] {
        let server = Server::new([refusal(unknown), ok(record(1))]);
        server.set_now(now);
        let task = server.run(server.client().wait(&of_age(59_999), DEFAULT_WAIT_MS, &mut |_| ()));
        assert_eq!(task.unwrap().state, State::Succeeded);

        // Once: a second time is the server's word.
        for (age, looks) in [(0, 2), (59_999, 2), (60_000, 1)] {
            let server = Server::answering(move |_| refusal(unknown));
            server.set_now(now);
            let error = server.run(server.client().wait(&of_age(age), DEFAULT_WAIT_MS, &mut |_| ())).unwrap_err();
            assert_eq!((error.kind, server.paths().len()), (Kind::NotFound, looks), "{age} ms old");
        }
    }
    // A run has the same patience.
    let server = Server::new([accepted("a").retry_after("1"), refusal(422), ok(record(1))]);
    let request = midapi::core::GenerateRequest::new(midapi::core::TaskType::TextToImage, "x");
    assert!(server.run(server.client().run(&request, DEFAULT_WAIT_MS, &mut |_| ())).is_ok());
}

#[test]
fn a_clock_that_was_ahead_when_a_task_was_stored_makes_nobody_wait_longer() {
    let now = 1_000_000;
    for ahead in [0, 1, 240_000, 10_000_000] {
        let stored =
            Handle { created_at: Some(now + ahead), expected_at: Some(now + ahead + 60_000), ..Handle::new("a") };
        let server = Server::new([ok(record(1))]);
        server.set_now(now);
        server.run(server.client().wait(&stored, DEFAULT_WAIT_MS, &mut |_| ())).unwrap();
        assert_eq!(server.sent()[0].at, now + 60_000, "{ahead} ms ahead");
    }
}
