//! Waits for a task: when it is looked at, and how a wait ends.

use midapi::core::{Action, Billed, DEFAULT_WAIT_MS, Error, Event, Goal, Handle, Kind, State, Task};
use serde_json::json;

use crate::fake::{Answer, Server, ok, record, refusal};
use crate::machine::{Machine, sent, vendor};

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
fn time_running_out_is_not_a_failure() {
    let server = Server::new((0..3).map(|_| ok(record(0))));
    let error = wait(&server, None, 10_000).unwrap_err();
    assert_eq!((error.kind, error.task_id.as_deref()), (Kind::StillRunning, Some("a")));
    assert_eq!((error.billed, server.now()), (Billed::Yes, 10_000));
    assert_eq!(server.times(), [0.0, 5.0, 10.0]);
    assert_eq!((server.open_sleeps(), error.retryable()), (0, false));
}

#[test]
fn a_look_that_fails_for_a_passing_reason_loses_nothing() {
    let passing = [
        Answer::Reset,
        Answer::Unreached,
        Answer::not_json(502),
        refusal(429),
        refusal(455),
        Answer::not_json(200),
        Answer::not_json(302),
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
fn a_look_that_is_refused_for_now_is_repeated_when_the_server_says() {
    let server = Server::new([refusal(429).retry_after("20"), refusal(429).retry_after("1"), ok(record(1))]);
    wait(&server, None, DEFAULT_WAIT_MS).unwrap();
    assert_eq!(server.times(), [0.0, 20.0, 21.0]);
}

#[test]
fn when_nobody_could_look_the_last_reason_is_told() {
    let server = Server::answering(|_| refusal(455));
    let error = wait(&server, None, 20_000).unwrap_err();
    assert_eq!((error.kind, error.task_id.as_deref(), error.billed), (Kind::StillRunning, Some("a"), Billed::Unknown));
    assert!(error.message.contains("because 455"), "{error}");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "because 455");
}

#[test]
fn a_look_that_failed_before_others_went_well_is_forgotten() {
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
fn updates_are_shown_after_every_look() {
    let server = Server::new([ok(record(0)), ok(record(0)), ok(record(1))]);
    let mut seen = Vec::new();
    let client = server.client();
    server.run(client.wait(&handle(None), DEFAULT_WAIT_MS, &mut |task| seen.push(task.state))).unwrap();
    assert_eq!(seen, [State::Running, State::Running, State::Succeeded]);
}

#[test]
fn a_look_has_what_is_left_of_the_wait_and_at_least_a_second() {
    for (timeout, allowed) in [(600_000, 60_000), (60_000, 60_000), (20_000, 20_000), (1_000, 1_000), (0, 1_000)] {
        let mut call = Machine::new(&vendor(), Goal::Wait(handle(None), timeout));
        assert_eq!(sent(&call.start()), allowed, "of a wait of {timeout} ms");
    }
    // Silence at the end of a wait is the end of it: no look outlasts it by more than that second.
    let server = Server::new([ok(record(0)), Answer::Silence]);
    let error = wait(&server, None, 5_200).unwrap_err();
    assert_eq!((error.kind, server.times(), server.now()), (Kind::StillRunning, vec![0.0, 5.0], 6_000));
}

#[test]
fn row_34_a_task_that_never_ends_is_still_running_and_a_later_success_is_adopted() {
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
    for answer in [refusal(422), refusal(404), Answer::not_json(404)] {
        let server = Server::new([ok(record(0)), answer]);
        let error = wait(&server, None, DEFAULT_WAIT_MS).unwrap_err();
        assert_eq!((error.kind, error.task_id.as_deref()), (Kind::NotFound, Some("a")));
        assert_eq!(server.paths().len(), 2);
    }
}

#[test]
fn a_wait_of_a_month_is_slept_in_pieces() {
    let days = |days: i64| days * 24 * 60 * 60 * 1_000;
    let mut call = Machine::new(&vendor(), Goal::Wait(handle(None), days(60)));
    sent(&call.start());
    let mut action = call.reply(200, &json!({ "code": 200, "data": record(0) }).to_string(), Some("999999"));
    let Action::Sleep { ms, wakeable: true } = action else { panic!("{action:?}") };
    assert_eq!(ms, 600_000, "a pace of days is not believed");
    // A host that wakes early is asked to sleep on.
    call.now += 1_000;
    action = call.step(Event::Slept);
    let Action::Sleep { ms, wakeable: true } = action else { panic!("{action:?}") };
    assert_eq!(ms, 599_000);
}
