//! When a wait looks: hidden pages, wakings, and every promise of the schedule kept by whole calls.

use std::cell::RefCell;
use std::rc::Rc;

use midapi::client::DEFAULT_WAIT_MS;
use midapi::core::Kind;
use proptest::prelude::*;
use serde_json::json;

use crate::fake::{Answer, Server, ok, record};
use crate::waits::{handle, wait};

#[test]
fn a_hidden_page_looks_once_a_minute_and_at_once_when_it_becomes_visible() {
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
fn a_sleep_is_not_changed_when_the_page_becomes_hidden() {
    let server = Server::answering(|sent| ok(record(i64::from(sent.at > 0))));
    server.at(1_000, |server| server.set_hidden(true));
    wait(&server, None, DEFAULT_WAIT_MS).unwrap();
    assert_eq!(server.times(), [0.0, 60.0]);
}

#[test]
fn a_wake_up_looks_at_once_but_at_least_five_seconds_after_the_last_look() {
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

/// What is known of a wait while it goes on.
#[derive(Debug, Default)]
struct Seen {
    hidden: bool,
    /// When the last look ended, and what pace the server named then.
    last: Option<(i64, Option<u32>)>,
    /// Whether anything woke the wait since, when, and whether somebody has seen the page since.
    woken: bool,
    woken_at: Option<i64>,
    seen_since: bool,
}

/// The shortest time from one look to the next.
fn floor(pace: Option<u32>) -> i64 {
    pace.map_or(5_000, |seconds| i64::from(seconds.max(1)) * 1_000).min(5_000)
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
        let start = 1_792_584_000_000;
        let expected_at = expected_in.map(|ms| start + ms);
        let deadline = start + timeout;
        let first = expected_at.unwrap_or(start).clamp(start, start + 600_000).min(deadline);
        let allowed = move |at: i64| (deadline - at).clamp(1_000, 60_000);
        let seen = Rc::new(RefCell::new(Seen { hidden, ..Seen::default() }));

        // More looks than are told of go well, at once.
        let latencies: Vec<_> = looks.iter().map(|(latency, ..)| *latency).chain(std::iter::repeat_n(0, 1_000)).collect();
        let mut looks = looks.clone().into_iter();
        let at_look = seen.clone();
        let server = Server::answering(move |sent| {
            let mut seen = at_look.borrow_mut();
            assert!(sent.at <= deadline, "a look {} ms past the deadline", sent.at - deadline);
            match seen.last {
                None => assert!(sent.at >= first || seen.woken, "the first look was early"),
                Some((ended, pace)) => {
                    let after = sent.at - ended;
                    assert!(after >= floor(pace), "{after} ms after the last");
                    if seen.hidden && !seen.seen_since && sent.at != deadline {
                        assert!(after >= 60_000, "hidden, {after} ms after the last");
                    }
                }
            }
            let (latency, pace, fails) = looks.next().unwrap_or((0, None, false));
            let timed_out = latency > allowed(sent.at);
            seen.last = Some((sent.at + latency.min(allowed(sent.at)), pace.filter(|_| !timed_out)));
            (seen.woken, seen.woken_at, seen.seen_since) = (false, None, false);
            let code = if fails { 500 } else { 200 };
            let answer = Answer::json(200, json!({ "code": code, "msg": "x", "data": record(0) }));
            match pace {
                Some(seconds) => answer.retry_after(&seconds.to_string()),
                None => answer,
            }
            .late(latency)
        });
        server.set_now(start);
        server.set_hidden(hidden);

        let mut happenings = happenings.clone().into_iter().cycle();
        let at_sleep = seen.clone();
        server.on_wait(move |server, sleep| {
            let (now, until) = (server.now(), sleep.until());
            assert!(until > now, "it sleeps for no time");
            assert!(until <= deadline, "it sleeps past the deadline");
            let mut seen = at_sleep.borrow_mut();
            if seen.woken_at == Some(now) {
                let due = seen.last.map_or(start, |(ended, pace)| ended + floor(pace));
                assert_eq!(until, due, "woken, it is due at the floor");
            }
            match happenings.next().unwrap() {
                Happening::Nothing => {}
                Happening::Woken(part) => {
                    let at = now + (((until - now) as f64 * part) as i64).max(1);
                    let seen = at_sleep.clone();
                    if at == until {
                        return;
                    }
                    server.at(at, move |server| {
                        let mut seen = seen.borrow_mut();
                        (seen.woken, seen.woken_at, seen.seen_since) = (true, Some(at), true);
                        server.wake();
                    });
                }
                Happening::Hidden(hidden) => {
                    seen.hidden = hidden;
                    server.set_hidden(hidden);
                }
                Happening::Early(by) => server.end_early(sleep, (until - by).max(now + 1)),
            }
        });

        let client = if at_gateway { server.gateway() } else { server.client() };
        let error = server.run(client.wait(&handle(expected_at), timeout, &mut |_| ())).unwrap_err();
        prop_assert_eq!(error.kind, Kind::StillRunning);
        prop_assert_eq!(error.task_id.as_deref(), Some("a"));
        let (ended, pace) = seen.borrow().last.expect("a wait that never looked");
        prop_assert!(ended + floor(pace) > deadline, "it gave up with time for another look");
        for ((sent, lasted), latency) in server.sent().iter().zip(server.durations()).zip(latencies) {
            prop_assert_eq!(lasted, latency.min(allowed(sent.at)), "a look's time is what is left of the wait");
        }
        prop_assert_eq!(server.open_sleeps(), 0);
    }
}
