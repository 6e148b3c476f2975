//! Waits for a task: when it is looked at, and how a wait ends.

use std::cell::RefCell;
use std::rc::Rc;

use midapi::core::{Action, Billed, DEFAULT_WAIT_MS, Error, Event, Goal, Handle, Kind, Output, State, Task};
use proptest::prelude::*;
use serde_json::json;

use crate::fake::{Answer, Server, ok, record, refusal};
use crate::machine::{Machine, error, gateway, output, sent, vendor};

fn handle(expected_at: Option<i64>) -> Handle {
    Handle { expected_at, ..Handle::new("a") }
}

fn wait(server: &Server, expected_at: Option<i64>, timeout_ms: i64) -> Result<Task, Error> {
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
fn a_page_nobody_sees_looks_once_a_minute_and_at_once_when_it_is_seen() {
    let server = Server::answering(|sent| ok(record(i64::from(sent.at >= 190_000))));
    server.set_hidden(true);
    server.at(190_000, |server| {
        server.set_hidden(false);
        server.wake();
    });
    wait(&server, None, DEFAULT_WAIT_MS).unwrap();
    assert_eq!(server.times(), [0.0, 60.0, 120.0, 180.0, 190.0]);
}

#[test]
fn a_page_that_is_hidden_during_a_sleep_sleeps_on() {
    let server = Server::answering(|sent| ok(record(i64::from(sent.at > 0))));
    server.at(1_000, |server| server.set_hidden(true));
    wait(&server, None, DEFAULT_WAIT_MS).unwrap();
    assert_eq!(server.times(), [0.0, 60.0]);
}

#[test]
fn waking_looks_at_once_but_not_before_the_floor() {
    let server = Server::answering(|sent| ok(record(i64::from(sent.at >= 100_000))));
    // Twice within the floor after a look, and once long after.
    server.at(101, Server::wake);
    server.at(2_000, Server::wake);
    server.at(10_000, Server::wake);
    server.at(100_000, Server::wake);
    wait(&server, Some(0), DEFAULT_WAIT_MS).unwrap();
    assert_eq!(server.times(), [0.0, 5.0, 10.0, 21.25, 38.125, 63.437, 93.437, 100.0]);

    let server = Server::answering(|_| ok(record(1)));
    server.at(3_000, Server::wake);
    wait(&server, Some(60_000), DEFAULT_WAIT_MS).unwrap();
    assert_eq!(server.times(), [3.0], "before the first look there is no floor");
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

#[test]
fn a_task_that_ended_teaches_the_client_how_long_such_tasks_take() {
    let mut ended = record(1);
    ended["createTime"] = json!(10_000);
    ended["completeTime"] = json!(52_000);
    let server = Server::answering(move |_| ok(ended.clone()));
    let client = server.client();
    let handle =
        Handle { task_type: Some("mj_txt2img".into()), speed: Some(midapi::core::Speed::Fast), ..handle(None) };
    for _ in 0..3 {
        server.run(client.wait(&handle, DEFAULT_WAIT_MS, &mut |_| ())).unwrap();
    }
    assert_eq!(client.history().to_json(), r#"{"mj_txt2img/fast":[42000,42000,42000]}"#);
    // And the next such submit is expected accordingly.
    let account = midapi::core::Account::new(
        midapi::core::Endpoint::new("https://app.example/api/v1/mj", false).unwrap(),
        None,
        client.history(),
    );
    let mut call = Machine::new(&Rc::new(account), crate::machine::submit());
    sent(&call.start());
    let Output::Task(task) = output(call.reply(200, r#"{"code":200,"data":{"taskId":"b"}}"#, None)) else { panic!() };
    assert_eq!(task.expected_at, Some(call.now + 42_000));
    let left = task.time_left.unwrap();
    assert_eq!((left.min_ms, left.max_ms, left.samples), (42_000, 42_000, 3));
}

#[test]
fn a_running_task_says_how_long_it_is_likely_to_take_from_now() {
    let mut running = record(0);
    running["createTime"] = json!(0);
    let server = Server::answering(move |_| ok(running.clone()));
    let client = server.client();
    let handle =
        Handle { task_type: Some("mj_txt2img".into()), speed: Some(midapi::core::Speed::Fast), ..handle(None) };
    let left = RefCell::new(Vec::new());
    let seen = &mut |task: &Task| {
        let time_left = task.time_left.unwrap();
        left.borrow_mut().push((time_left.min_ms, time_left.max_ms));
    };
    server.run(client.wait(&handle, 40_000, seen)).unwrap_err();
    // Fast ones take 60 s, typically: 30 to 120. It was looked at after 0, 5, 12.5, 23.75 and 40 seconds.
    assert_eq!(left.take(), [(30_000, 120_000), (25_000, 115_000), (17_500, 107_500), (6_250, 96_250), (0, 80_000)]);
}

#[derive(Clone, Copy, Debug)]
enum Happening {
    Nothing,
    /// Somebody looks again, or the network is back, after this part of the sleep.
    Woken(f64),
    Hidden(bool),
    /// The host wakes this much too early.
    Early(i64),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        3 => Just(Happening::Nothing),
        2 => (0.05..1.0).prop_map(Happening::Woken),
        1 => any::<bool>().prop_map(Happening::Hidden),
        1 => (1i64..50).prop_map(Happening::Early),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_look_is_too_early_too_late_or_too_soon_after_another(
        expected_in in proptest::option::of(-100_000i64..2_000_000),
        timeout in 0i64..2_000_000,
        hidden in any::<bool>(),
        at_gateway in any::<bool>(),
        // Latency, pace, and whether the look fails.
        looks in prop::collection::vec((0i64..70_000, proptest::option::of(0u32..1_000), any::<bool>()), 1..40),
        happenings in prop::collection::vec(happening(), 1..120),
    ) {
        let account = if at_gateway { gateway() } else { vendor() };
        let mut call = Machine::new(&account, Goal::Wait(handle(None), timeout));
        let start = call.now;
        let expected_at = expected_in.map(|ms| start + ms);
        call = Machine::new(&account, Goal::Wait(handle(expected_at), timeout));
        call.hidden = hidden;
        let deadline = start + timeout;
        let first = expected_at.unwrap_or(start).clamp(start, start + 600_000).min(deadline);
        let mut looks = looks.into_iter();
        let mut happenings = happenings.into_iter().cycle();
        // When the last look ended and what pace the server named then; whether anything woke the wait since.
        let mut last: Option<(i64, Option<u32>)> = None;
        let (mut woken, mut seen_since) = (false, false);
        let mut action = call.start();
        loop {
            match action {
                Action::Send(ms) => {
                    prop_assert!(call.now <= deadline, "a look {} ms past the deadline", call.now - deadline);
                    let left = (deadline - call.now).clamp(1_000, 60_000);
                    prop_assert_eq!(i64::from(ms), left, "a look's time is what is left of the wait");
                    match last {
                        None => prop_assert!(call.now >= first || woken, "the first look was early"),
                        Some((ended, pace)) => {
                            let floor = pace.map_or(5_000, |seconds| i64::from(seconds.max(1)) * 1_000).min(5_000);
                            prop_assert!(call.now - ended >= floor, "{} ms after the last", call.now - ended);
                            if call.hidden && !seen_since && call.now != deadline {
                                prop_assert!(call.now - ended >= 60_000, "hidden, {} ms after", call.now - ended);
                            }
                        }
                    }
                    let Some((latency, pace, fails)) = looks.next() else { break };
                    let header = pace.map(|seconds| seconds.to_string());
                    let timed_out = latency > i64::from(ms);
                    call.now += latency.min(i64::from(ms));
                    last = Some((call.now, pace.filter(|_| !timed_out)));
                    (woken, seen_since) = (false, false);
                    let body = json!({ "code": if fails { 500 } else { 200 }, "data": record(0) }).to_string();
                    action = match timed_out {
                        true => call.step(Event::TimedOut),
                        false => call.reply(200, &body, header.as_deref()),
                    };
                }
                Action::Sleep { ms, wakeable } => {
                    prop_assert!(wakeable && ms > 0);
                    prop_assert!(call.now + i64::from(ms) <= deadline, "it sleeps past the deadline");
                    let ms = i64::from(ms);
                    let early = match happenings.next().unwrap() {
                        Happening::Woken(part) => Some(((ms as f64 * part) as i64).max(1)),
                        Happening::Hidden(hidden) => {
                            call.hidden = hidden;
                            None
                        }
                        Happening::Early(by) => {
                            call.now += (ms - by).max(1);
                            action = call.step(Event::Slept);
                            continue;
                        }
                        Happening::Nothing => None,
                    };
                    call.now += early.unwrap_or(ms);
                    if early.is_none() {
                        action = call.step(Event::Slept);
                        continue;
                    }
                    (woken, seen_since) = (true, true);
                    action = call.step(Event::Woken);
                    let floor = last.map_or(start, |(ended, pace)| {
                        ended + pace.map_or(5_000, |seconds| i64::from(seconds.max(1)) * 1_000).min(5_000)
                    });
                    match &action {
                        Action::Send(_) => prop_assert!(call.now >= floor),
                        Action::Sleep { ms, .. } => prop_assert_eq!(call.now + i64::from(*ms), floor, "woken, it is due at the floor"),
                        Action::Done(_) => prop_assert!(false, "waking ended the wait"),
                    }
                }
                Action::Done(_) => {
                    let error = error(action);
                    prop_assert_eq!(error.kind, Kind::StillRunning);
                    prop_assert_eq!(error.task_id.as_deref(), Some("a"));
                    let (ended, pace) = last.expect("a wait that never looked");
                    let floor = pace.map_or(5_000, |seconds| i64::from(seconds.max(1)) * 1_000).min(5_000);
                    prop_assert!(ended + floor > deadline, "it gave up with time for another look");
                    break;
                }
            }
        }
    }
}
