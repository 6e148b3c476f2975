//! Row 32: what is tried again, when exactly, and how often at the most.

use std::rc::Rc;

use midapi::core::{Account, Action, Billed, Event, Goal, Kind, MAX_TRIES};
use proptest::prelude::*;

use crate::machine::{Machine, error, gateway, pause, sent, status, submit, vendor};

#[test]
fn the_pause_is_full_jitter_over_half_a_second_and_then_a_second() {
    for (random, first, second) in [(0.0, 0, 0), (0.25, 125, 250), (0.5, 250, 500), (0.999, 499, 999)] {
        for goal in [submit(), status(), Goal::Credits] {
            let mut call = Machine::new(&vendor(), goal);
            call.random = random;
            sent(&call.start());
            let action = call.refuse(429, None);
            assert_eq!(pause(&action), first);
            sent(&call.sleep(&action));
            let action = call.refuse(455, None);
            assert_eq!(pause(&action), second);
            sent(&call.sleep(&action));
            let last = error(call.refuse(429, None));
            assert_eq!((last.kind, last.billed, last.retryable()), (Kind::RateLimited, Billed::No, true));
        }
    }
}

#[test]
fn a_retry_after_is_honoured_to_the_second() {
    // It is noon.
    for (header, ms) in [
        ("0", 0),
        ("1", 1_000),
        (" 7 ", 7_000),
        ("59", 59_000),
        ("Wed, 21 Oct 2026 12:00:30 GMT", 30_000),
        ("Wed, 21 Oct 2026 12:00:00 GMT", 0),
        ("Wed, 21 Oct 2026 11:00:00 GMT", 0),
    ] {
        for code in [429, 455] {
            let mut call = Machine::new(&vendor(), submit());
            sent(&call.start());
            let action = call.refuse(code, Some(header));
            assert_eq!(pause(&action), ms, "{header}");
            let at = call.now + i64::from(ms);
            sent(&call.sleep(&action));
            assert_eq!(call.now, at);
        }
    }
}

#[test]
fn a_retry_after_that_says_nothing_is_as_none() {
    for header in ["-1", "1.5", "soon", "", "1e9", "Wed, 21 Oct 2026 12:00:30 CET"] {
        let mut call = Machine::new(&vendor(), status());
        sent(&call.start());
        assert_eq!(pause(&call.refuse(429, Some(header))), 250, "{header}");
    }
}

#[test]
fn who_asks_for_more_than_a_minute_gets_no_second_try_and_the_caller_is_told() {
    for (header, seconds) in [
        ("61", 61),
        ("1000000000", 1_000_000_000),
        ("99999999999999999999", u32::MAX),
        ("Wed, 21 Oct 2026 12:30:00 GMT", 1_800),
        ("Fri, 31 Dec 9999 23:59:59 GMT", u32::MAX),
    ] {
        let mut call = Machine::new(&vendor(), submit());
        sent(&call.start());
        let error = error(call.refuse(429, Some(header)));
        assert_eq!((error.retry_after, error.kind), (Some(seconds), Kind::RateLimited), "{header}");
        assert!(error.retryable(), "later it may succeed");
    }
}

#[test]
fn one_deadline_spans_all_tries() {
    let mut call = Machine::new(&vendor(), status());
    assert_eq!(sent(&call.start()), 60_000);
    call.now += 40_000;
    let action = call.refuse(429, Some("5"));
    assert_eq!(sent(&call.sleep(&action)), 15_000);
    call.now += 10_000;
    // Five seconds are left: a pause of six would end after them.
    let error = error(call.refuse(429, Some("6")));
    assert_eq!((error.kind, error.retry_after), (Kind::RateLimited, Some(6)));
}

#[test]
fn what_took_all_the_time_there_is_isnt_tried_again() {
    for goal in [submit(), status()] {
        let mut call = Machine::new(&vendor(), goal);
        call.random = 0.0;
        call.now += i64::from(sent(&call.start()));
        assert_eq!(error(call.step(Event::TimedOut)).kind, Kind::Network);
    }
}

#[test]
fn a_read_is_tried_again_after_whatever_may_pass() {
    let passing: [fn(&mut Machine) -> Action; 6] = [
        |call| call.refuse(500, None),
        |call| call.refuse(429, None),
        |call| call.refuse(455, None),
        |call| call.reply(502, "<html>", None),
        |call| call.step(Event::NoReply { unsent: false, source: None }),
        |call| call.step(Event::NoReply { unsent: true, source: None }),
    ];
    for goal in [status(), Goal::Credits] {
        for fails in passing {
            let mut call = Machine::new(&vendor(), goal.clone());
            sent(&call.start());
            for _ in 1..MAX_TRIES {
                let action = fails(&mut call);
                sent(&call.sleep(&action));
            }
            assert_eq!(error(fails(&mut call)).billed, Billed::No);
        }
    }
}

#[test]
fn what_will_be_refused_again_is_sent_once() {
    for code in [400, 401, 402, 403, 422, 505] {
        for goal in [submit(), status()] {
            let mut call = Machine::new(&vendor(), goal);
            sent(&call.start());
            assert_eq!(error(call.refuse(code, Some("0"))).code, Some(code.into()));
        }
    }
    // An answer that makes no sense will make none again.
    let mut call = Machine::new(&vendor(), status());
    sent(&call.start());
    assert_eq!(error(call.reply(200, "[]", Some("0"))).kind, Kind::BadResponse);
}

#[test]
fn for_a_gateway_everything_is_sent_once() {
    let account = Rc::new(Rc::into_inner(vendor()).unwrap().for_a_gateway());
    for goal in [submit(), status()] {
        let mut call = Machine::new(&account, goal);
        sent(&call.start());
        assert_eq!(error(call.refuse(429, Some("1"))).retry_after, Some(1));
    }
}

#[derive(Clone, Copy, Debug)]
enum Weather {
    Refused(u16, Option<&'static str>),
    Reset,
    Unreached,
    TimedOut,
    Garbage,
    Accepted,
}

fn weather() -> impl Strategy<Value = Weather> {
    let header = prop::sample::select(vec![None, Some("0"), Some("1"), Some("-1"), Some("1000000000"), Some("soon")]);
    prop_oneof![
        6 => (prop::sample::select(vec![429u16, 455, 500, 502, 503, 402, 422, 404]), header)
            .prop_map(|(code, header)| Weather::Refused(code, header)),
        1 => Just(Weather::Reset),
        2 => Just(Weather::Unreached),
        1 => Just(Weather::TimedOut),
        1 => Just(Weather::Garbage),
        1 => Just(Weather::Accepted),
    ]
}

/// Makes a call in this weather and counts how often it is sent, and how often after an answer that forbids it.
fn call(account: &Rc<Account>, goal: Goal, mut sky: impl FnMut() -> Weather, now: i64) -> (u32, bool) {
    let is_submit = matches!(goal, Goal::Submit(..));
    let mut call = Machine::new(account, goal);
    call.now = now;
    let (mut sends, mut forbidden, mut unclear) = (0, false, false);
    let mut action = call.start();
    loop {
        action = match action {
            Action::Done(_) => return (sends, forbidden),
            Action::Sleep { .. } => call.sleep(&action),
            Action::Send(ms) => {
                sends += 1;
                forbidden |= unclear;
                let weather = sky();
                unclear = is_submit
                    && !matches!(weather, Weather::Refused(..=499, _) | Weather::Unreached | Weather::Accepted);
                match weather {
                    Weather::Refused(code, header) => call.refuse(code, header),
                    Weather::Reset => call.step(Event::NoReply { unsent: false, source: None }),
                    Weather::Unreached => call.step(Event::NoReply { unsent: true, source: None }),
                    Weather::TimedOut => {
                        call.now += i64::from(ms);
                        call.step(Event::TimedOut)
                    }
                    Weather::Garbage => call.reply(200, "]", None),
                    Weather::Accepted => call.reply(200, r#"{"code":200,"data":{"taskId":"a"}}"#, None),
                }
            }
        };
    }
}

proptest! {
    #[test]
    fn no_storm_makes_a_client_one(
        at_gateway in any::<bool>(),
        calls in prop::collection::vec((any::<bool>(), prop::array::uniform4(weather())), 1..400),
    ) {
        let account = if at_gateway { gateway() } else { vendor() };
        let (mut sends, number) = (0, calls.len() as u32);
        for (at, (submits, skies)) in calls.into_iter().enumerate() {
            let mut skies = skies.into_iter();
            let goal = if submits { submit() } else { status() };
            let (sent, forbidden) = call(&account, goal, || skies.next().unwrap(), at as i64 * 1_000);
            prop_assert!(sent <= MAX_TRIES, "one call was sent {sent} times");
            prop_assert!(!forbidden, "a submit that may have been accepted was sent again");
            sends += sent;
            let made = at as u32 + 1;
            prop_assert!(sends <= made + 10 + made / 10, "{made} calls were sent {sends} times");
        }
        if number >= 100 {
            prop_assert!(f64::from(sends) / f64::from(number) <= 1.2);
        }
    }
}

#[test]
fn in_the_worst_storm_the_budget_is_spent_and_no_more() {
    let account = vendor();
    let mut sends = 0;
    for number in 0..1_000 {
        sends += call(&account, status(), || Weather::Refused(503, None), number).0;
    }
    // Ten at once, and one for every ten calls.
    assert_eq!(sends, 1_000 + 10 + 100 - 1);
}

#[test]
fn the_budget_comes_back_with_calls_that_go_well() {
    let account = vendor();
    let storm = || (0..10).map(|_| call(&account, status(), || Weather::Refused(503, None), 0).0).sum::<u32>();
    assert_eq!(storm(), 10 + 10);
    assert!(storm() <= 10 + 1);
    for _ in 0..200 {
        call(&account, submit(), || Weather::Accepted, 0);
    }
    assert_eq!(storm(), 10 + 10);
}
