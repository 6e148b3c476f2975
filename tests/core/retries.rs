//! Row 32: what is tried again, when exactly, and how often at the most.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use futures_util::future::join;
use midapi::client::Client;
use midapi::core::{Billed, Error, Handle, Kind, MAX_TRIES, SUBMITS_PER_WINDOW};
use proptest::prelude::*;

use crate::fake::{Answer, Sent, Server, accepted, ok, record, refused, submission};

/// Wednesday, 21 October 2026.
const NOON: i64 = 1_792_584_000_000;

#[derive(Clone, Copy, Debug)]
enum Goal {
    Submit,
    Status,
    Credits,
}

impl Goal {
    fn call_of(self, server: &Server, client: &Client<Server, Server>) -> Result<(), Error> {
        server.run(async {
            match self {
                Self::Submit => client.submit(submission(), None).await.map(drop),
                Self::Status => client.status(&Handle::new("a")).await.map(drop),
                Self::Credits => client.credits().await.map(drop),
            }
        })
    }

    fn call(self, server: &Server) -> Result<(), Error> {
        self.call_of(server, &server.client())
    }
}

#[test]
fn the_pause_before_a_retry_is_random_up_to_half_a_second_and_then_up_to_a_second() {
    for (random, first, second) in [(0.0, 0, 0), (0.25, 125, 250), (0.5, 250, 500), (0.999, 499, 999)] {
        for goal in [Goal::Submit, Goal::Status, Goal::Credits] {
            let server = Server::new([refused(429, None), refused(455, None), refused(429, None)]);
            server.set_random(random);
            let last = goal.call(&server).unwrap_err();
            assert_eq!(server.pauses(), [first, second]);
            assert_eq!((last.kind, last.billed, last.retryable()), (Kind::RateLimited, Billed::No, true));
        }
    }
}

#[test]
fn row_32_the_pause_of_a_retry_after_is_kept() {
    for (header, ms) in [
        ("0", 0),
        ("1", 1_000),
        ("1.5", 2_000),
        (" 7 ", 7_000),
        ("59", 59_000),
        ("Wed, 21 Oct 2026 12:00:30 GMT", 30_000),
        ("Wed, 21 Oct 2026 12:00:00 GMT", 0),
        ("Wed, 21 Oct 2026 11:00:00 GMT", 0),
    ] {
        for code in [429, 455] {
            let server = Server::new([refused(code, Some(header)), accepted("a")]);
            server.set_now(NOON);
            Goal::Submit.call(&server).unwrap();
            assert_eq!((server.pauses(), server.now()), (vec![ms], NOON + ms), "{header}");
        }
    }
}

#[test]
fn row_32_an_invalid_retry_after_is_ignored() {
    for header in ["-1", "1.5.5", "soon", "", "1e9", "Wed, 21 Oct 2026 12:00:30 CET"] {
        let server = Server::new([refused(429, Some(header)), ok(record(0))]);
        server.set_now(NOON);
        Goal::Status.call(&server).unwrap();
        assert_eq!(server.pauses(), [250], "{header}");
    }
}

#[test]
fn row_32_a_retry_after_of_more_than_a_minute_ends_the_call_and_is_passed_to_the_caller() {
    for (header, seconds) in [
        ("61", 61),
        ("1000000000", 1_000_000_000),
        ("99999999999999999999", u32::MAX),
        ("Wed, 21 Oct 2026 12:30:00 GMT", 1_800),
        ("Fri, 31 Dec 9999 23:59:59 GMT", u32::MAX),
    ] {
        let server = Server::new([refused(429, Some(header))]);
        server.set_now(NOON);
        let error = Goal::Submit.call(&server).unwrap_err();
        assert_eq!((error.retry_after, error.kind), (Some(seconds), Kind::RateLimited), "{header}");
        assert!(error.retryable(), "later it may succeed");
    }
}

#[test]
fn all_tries_share_one_deadline() {
    let server = Server::new([Answer::Silence]);
    Goal::Status.call(&server).unwrap_err();
    assert_eq!(server.durations(), [60_000]);

    let server = Server::new([refused(429, Some("5")).late(40_000), Answer::Silence]);
    Goal::Status.call(&server).unwrap_err();
    assert_eq!(server.durations(), [40_000, 15_000]);

    // Five seconds are left: a pause of six would end after them.
    let server = Server::new([refused(429, Some("5")).late(40_000), refused(429, Some("6")).late(10_000)]);
    let error = Goal::Status.call(&server).unwrap_err();
    assert_eq!((error.kind, error.retry_after, server.now()), (Kind::RateLimited, Some(6), 55_000));
}

#[test]
fn a_retry_that_the_pace_would_hold_back_past_the_deadline_is_not_sent() {
    let mut first = true;
    let server = Server::answering(move |_| match std::mem::take(&mut first) {
        true => refused(429, Some("0")).late(55_000),
        false => accepted("a"),
    });
    let client = server.client();
    // When it is refused, the last twenty have left three seconds ago: the next may after the deadline.
    let others = async {
        server.alarm(52_000).await;
        for _ in 0..SUBMITS_PER_WINDOW {
            client.submit(submission(), None).await.unwrap();
        }
    };
    let (outcome, ()) = server.run(join(client.submit(submission(), None), others));
    let error = outcome.unwrap_err();
    assert_eq!((error.kind, error.billed, error.retryable()), (Kind::RateLimited, Billed::No, true));
    assert_eq!((server.submits(), server.now()), (1 + SUBMITS_PER_WINDOW, 55_000));
}

#[test]
fn a_call_that_timed_out_is_not_tried_again() {
    for goal in [Goal::Submit, Goal::Status] {
        let server = Server::new([Answer::Silence]);
        server.set_random(0.0);
        assert_eq!(goal.call(&server).unwrap_err().kind, Kind::Network);
        assert_eq!(server.durations(), [60_000]);
    }
}

#[test]
fn a_read_is_tried_again_after_every_temporary_failure() {
    let passing: [fn() -> Answer; 6] = [
        || refused(500, None),
        || refused(429, None),
        || refused(455, None),
        || Answer::text(502, "<html>"),
        || Answer::Reset,
        || Answer::Unreached,
    ];
    for goal in [Goal::Status, Goal::Credits] {
        for fails in passing {
            let server = Server::answering(move |_| fails());
            assert_eq!(goal.call(&server).unwrap_err().billed, Billed::No);
            assert_eq!(server.count(), MAX_TRIES as usize);
        }
    }
}

#[test]
fn a_permanent_refusal_is_not_tried_again() {
    for code in [400, 401, 402, 403, 422, 505] {
        for goal in [Goal::Submit, Goal::Status] {
            let server = Server::new([refused(code, Some("0"))]);
            assert_eq!(goal.call(&server).unwrap_err().code, Some(code.into()));
        }
    }
    // An answer that makes no sense will make none again, nor will a page of something in front of the API.
    for answer in [Answer::text(200, "[]"), Answer::not_json(403), Answer::not_json(404), Answer::not_json(401)] {
        let server = Server::new([answer.retry_after("0")]);
        assert_eq!(Goal::Status.call(&server).unwrap_err().kind, Kind::BadResponse);
    }
}

#[test]
fn inside_a_gateway_every_request_is_sent_once() {
    for goal in [Goal::Submit, Goal::Status] {
        let server = Server::new([refused(429, Some("1"))]);
        let error = goal.call_of(&server, &server.client().for_a_gateway()).unwrap_err();
        assert_eq!(error.retry_after, Some(1));
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

/// A client, and a sky that answers it.
struct Storm {
    server: Server,
    client: Client<Server, Server>,
    skies: Rc<RefCell<VecDeque<Weather>>>,
    /// Whether the submit that goes on has got an answer that forbids another try, and whether it got one.
    unclear: Rc<Cell<bool>>,
    forbidden: Rc<Cell<bool>>,
}

impl Storm {
    fn new(at_gateway: bool) -> Self {
        let skies = Rc::new(RefCell::new(VecDeque::new()));
        let (unclear, forbidden) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
        let (sky, is_unclear, is_forbidden) = (skies.clone(), unclear.clone(), forbidden.clone());
        let server = Server::answering(move |sent: &Sent| {
            is_forbidden.set(is_forbidden.get() || is_unclear.get());
            let weather = sky.borrow_mut().pop_front().expect("more tries than anybody counted on");
            let is_submit = sent.body.is_some();
            is_unclear.set(
                is_submit && !matches!(weather, Weather::Refused(..=499, _) | Weather::Unreached | Weather::Accepted),
            );
            match weather {
                Weather::Refused(code, header) => refused(code, header),
                Weather::Reset => Answer::Reset,
                Weather::Unreached => Answer::Unreached,
                Weather::TimedOut => Answer::Silence,
                Weather::Garbage => Answer::text(200, "]"),
                Weather::Accepted => accepted("a"),
            }
        });
        let client = if at_gateway { server.gateway() } else { server.client() };
        Self { server, client, skies, unclear, forbidden }
    }

    /// Makes a call in this weather and counts how often it is sent, and says whether once after an answer that forbids
    /// it.
    fn call(&self, goal: Goal, skies: impl IntoIterator<Item = Weather>) -> (u32, bool) {
        *self.skies.borrow_mut() = skies.into_iter().collect();
        self.unclear.set(false);
        self.forbidden.set(false);
        let before = self.server.count();
        let _ = goal.call_of(&self.server, &self.client);
        ((self.server.count() - before) as u32, self.forbidden.get())
    }

    /// Makes a read that only fails.
    fn failing_read(&self) -> u32 {
        self.call(Goal::Status, [Weather::Refused(503, None); 4]).0
    }
}

proptest! {
    #[test]
    fn row_32_retries_add_at_most_a_fifth_to_the_requests_of_a_storm(
        at_gateway in any::<bool>(),
        calls in prop::collection::vec((any::<bool>(), prop::array::uniform4(weather())), 1..400),
    ) {
        let storm = Storm::new(at_gateway);
        let (mut sends, number) = (0, calls.len() as u32);
        for (at, (submits, skies)) in calls.into_iter().enumerate() {
            storm.server.set_now(storm.server.now() + 1_000);
            let (sent, forbidden) = storm.call(if submits { Goal::Submit } else { Goal::Status }, skies);
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
fn row_32_when_every_request_fails_retries_stay_within_the_budget() {
    let storm = Storm::new(false);
    let sends: u32 = (0..1_000).map(|_| storm.failing_read()).sum();
    // Ten at once, and one for every ten calls.
    assert_eq!(sends, 1_000 + 10 + 100 - 1);
}

#[test]
fn successful_calls_restore_the_retry_budget() {
    let storm = Storm::new(false);
    let read_ten_times = || (0..10).map(|_| storm.failing_read()).sum::<u32>();
    assert_eq!(read_ten_times(), 10 + 10);
    assert!(read_ten_times() <= 10 + 1);
    for _ in 0..200 {
        storm.call(Goal::Submit, [Weather::Accepted]);
    }
    assert_eq!(read_ten_times(), 10 + 10);
}
