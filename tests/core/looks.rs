//! When a wait looks: hidden pages, wakings, and every promise of the schedule kept by whole calls.

use midapi::core::{Action, DEFAULT_WAIT_MS, Event, Goal, Kind};
use proptest::prelude::*;
use serde_json::json;

use crate::fake::{Server, ok, record};
use crate::machine::{Machine, error, gateway, vendor};
use crate::waits::{handle, wait};

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
