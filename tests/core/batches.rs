//! Batches over a server that takes its time.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use futures_util::StreamExt;
use midapi::client::{BatchEvent, BatchItem, BatchOptions, Client};
use midapi::core::{Billed, Error, Handle, Kind, SUBMITS_PER_WINDOW, State, Task, WINDOW_MS, generate};
use proptest::prelude::*;

use crate::fake::{Answer, Sent, Server, accepted, ok, record_of, refusal};

type Settled = Vec<(usize, Result<Task, Error>)>;

fn item(prompt: &str) -> BatchItem {
    let body = serde_json::json!({ "taskType": "mj_txt2img", "prompt": prompt, "speed": "fast" });
    BatchItem::Submit(generate(&body.to_string()).unwrap())
}

fn items(number: usize) -> Vec<BatchItem> {
    (0..number).map(|number| item(&number.to_string())).collect()
}

fn options(concurrency: usize) -> BatchOptions {
    BatchOptions { concurrency, ..BatchOptions::default() }
}

/// The prompt of a submit, the task's id of a look.
fn subject(sent: &Sent) -> String {
    match &sent.body {
        Some(body) => serde_json::from_str::<serde_json::Value>(body).unwrap()["prompt"].as_str().unwrap().to_owned(),
        None => sent.url.split_once("taskId=").unwrap().1.to_owned(),
    }
}

/// A server that accepts everything after half a second, as the task of the prompt's name, which ends at once.
fn obliging(sent: &Sent) -> Answer {
    let subject = subject(sent);
    let answer = if sent.body.is_some() { accepted(&subject) } else { ok(record_of(&subject, 1)) };
    answer.late(500)
}

/// Runs a batch to its end, and tells its events.
async fn run(
    client: &Rc<Client<Server, Server>>,
    items: Vec<BatchItem>,
    options: BatchOptions,
    stop: impl Future<Output = ()> + 'static,
    on_event: &mut dyn FnMut(usize, BatchEvent),
) {
    let mut events = client.clone().batch(items, options, stop);
    while let Some((number, event)) = events.next().await {
        on_event(number, event);
    }
}

fn batch(
    server: &Server,
    items: Vec<BatchItem>,
    options: BatchOptions,
    stop: impl Future<Output = ()> + 'static,
) -> Settled {
    let mut settled = Vec::new();
    server.run(run(&Rc::new(server.client()), items, options, stop, &mut |number, event| {
        if let BatchEvent::Settled(outcome) = event {
            settled.push((number, outcome));
        }
    }));
    assert_eq!(server.open_sleeps(), 0, "a timer outlives the batch");
    settled
}

fn never() -> impl Future<Output = ()> + 'static {
    std::future::pending()
}

fn by_number(settled: Settled, number: usize) -> Vec<Result<Task, Error>> {
    let mut settled = settled;
    settled.sort_by_key(|(number, _)| *number);
    assert_eq!(settled.iter().map(|(number, _)| *number).collect::<Vec<_>>(), (0..number).collect::<Vec<_>>());
    settled.into_iter().map(|(_, outcome)| outcome).collect()
}

#[test]
fn an_empty_batch_is_over_at_once() {
    let server = Server::new([]);
    assert!(batch(&server, vec![], options(4), never()).is_empty());
}

#[test]
fn every_item_is_submitted_and_waited_for() {
    let server = Server::answering(obliging);
    let settled = by_number(batch(&server, items(9), options(4), never()), 9);
    for (number, outcome) in settled.into_iter().enumerate() {
        let task = outcome.unwrap();
        assert_eq!((task.task_id, task.state), (number.to_string(), State::Succeeded));
    }
    assert_eq!(server.submits(), 9);
}

#[test]
fn no_more_are_in_flight_than_told() {
    for concurrency in [1, 3, 20] {
        let server = Server::answering(obliging);
        let flight = Cell::new((0, 0));
        let client = Rc::new(server.client());
        let settled = Cell::new(0);
        server.run(run(&client, items(12), options(concurrency), never(), &mut |_, event| {
            if let BatchEvent::Settled(_) = event {
                settled.set(settled.get() + 1);
            }
            let now = server.submits() - settled.get();
            flight.set((now, flight.get().1.max(now)));
        }));
        assert_eq!(flight.get(), (0, concurrency.min(12)));
    }
}

#[test]
fn a_hundred_submits_leave_no_faster_than_the_vendor_takes_them() {
    let server = Server::answering(obliging);
    by_number(batch(&server, items(100), options(100), never()), 100);
    let submits = paced(&server);
    assert_eq!(submits.len(), 100);
    assert_eq!(*submits.last().unwrap(), 4 * WINDOW_MS, "and no slower");
}

/// The times of the submits, no 21 of which may be within a window.
fn paced(server: &Server) -> Vec<i64> {
    let submits: Vec<_> = server.sent().into_iter().filter(|sent| sent.body.is_some()).map(|sent| sent.at).collect();
    for window in submits.windows(SUBMITS_PER_WINDOW + 1) {
        assert!(window[SUBMITS_PER_WINDOW] - window[0] >= WINDOW_MS, "{window:?}");
    }
    submits
}

#[test]
fn what_is_tried_again_counts_as_what_is_submitted() {
    let refused = RefCell::new(HashMap::new());
    let server = Server::answering(move |sent| {
        let subject = subject(sent);
        // As many as the budget has retries.
        let first = sent.body.is_some() && subject.len() == 1 && refused.borrow_mut().insert(subject, ()).is_none();
        if first { refusal(429).retry_after("2") } else { obliging(sent) }
    });
    let settled = by_number(batch(&server, items(30), options(100), never()), 30);
    assert!(settled.iter().all(Result::is_ok), "{settled:?}");
    assert_eq!(paced(&server).len(), 40);
}

#[test]
fn two_batches_of_a_client_share_its_pace_with_whatever_else_it_submits() {
    let server = Server::answering(obliging);
    let client = Rc::new(server.client());
    let ignore = &mut |_, _| ();
    server.run(async {
        client.submit(generate(r#"{"taskType":"mj_txt2img","prompt":"alone"}"#).unwrap(), None).await.unwrap();
        run(&client, items(15), options(100), never(), ignore).await;
        run(&client, items(15), options(100), never(), ignore).await;
    });
    assert_eq!(paced(&server).len(), 31);
}

#[test]
fn one_failure_loses_nothing() {
    let server = Server::answering(|sent| {
        let subject = subject(sent);
        match (subject.as_str(), sent.body.is_some()) {
            ("1", true) => Answer::Reset,
            ("2", true) => refusal(422),
            ("3", true) => Answer::Silence,
            ("4", false) => ok(record_of("4", 3)),
            ("5", false) => refusal(401),
            _ => obliging(sent),
        }
    });
    let settled = by_number(batch(&server, items(8), options(3), never()), 8);
    let kinds: Vec<_> = settled.iter().map(|outcome| outcome.as_ref().err().map(|error| error.kind)).collect();
    assert_eq!(
        kinds,
        [
            None,
            Some(Kind::Network),
            Some(Kind::InvalidRequest),
            Some(Kind::Network),
            Some(Kind::TaskFailed),
            Some(Kind::Unauthorized),
            None,
            None
        ]
    );
    let error = |number: usize| settled[number].as_ref().unwrap_err();
    assert_eq!((error(1).billed, error(2).billed, error(3).billed), (Billed::Unknown, Billed::No, Billed::Unknown));
    assert_eq!((error(5).billed, error(5).task_id.as_deref()), (Billed::Yes, Some("5")));
    assert_eq!(server.submits(), 8);
}

#[test]
fn out_of_credits_nothing_more_is_submitted() {
    let server = Server::answering(|sent| match (subject(sent).as_str(), sent.body.is_some()) {
        ("2", true) => refusal(402).late(1_000),
        _ => obliging(sent),
    });
    let mut items = items(8);
    items[6] = BatchItem::Wait(Handle::new("earlier"));
    let settled = by_number(batch(&server, items, options(2), never()), 8);
    let kinds: Vec<_> = settled.iter().map(|outcome| outcome.as_ref().err().map(|error| error.kind)).collect();
    let refused = Some(Kind::InsufficientCredits);
    // The fourth was on its way. What was submitted before the batch is waited for all the same.
    assert_eq!(kinds, [None, None, refused, None, refused, refused, None, refused]);
    assert!(settled[4].as_ref().unwrap_err().message.contains("not submitted"));
    assert_eq!(settled[4].as_ref().unwrap_err().billed, Billed::No);
    assert_eq!(server.submits(), 4);
}

#[test]
fn a_stop_lets_submits_on_their_way_finish_and_tells_their_tasks() {
    let server = Server::answering(|sent| match subject(sent).as_str() {
        "lost" => Answer::Reset.late(800),
        _ => obliging(sent),
    });
    let items =
        vec![item("lost"), item("a"), BatchItem::Wait(Handle::new("w")), item("b"), BatchItem::Wait(Handle::new("x"))];
    let updates = RefCell::new(Vec::new());
    let settled = RefCell::new(Vec::new());
    let client = Rc::new(server.client());
    let stop = server.alarm(300);
    server.run(run(&client, items, options(3), stop, &mut |number, event| match event {
        BatchEvent::Updated(task) => updates.borrow_mut().push((number, task.task_id)),
        BatchEvent::Settled(outcome) => settled.borrow_mut().push((server.now(), number, outcome.unwrap_err())),
        BatchEvent::Submitting(_) | BatchEvent::Pausing => {}
    }));
    assert_eq!(updates.take(), [(1, "a".to_owned())]);
    let settled: HashMap<_, _> = settled.take().into_iter().map(|(at, number, error)| (number, (at, error))).collect();
    let told = |number: usize| {
        let (at, error) = &settled[&number];
        (*at, error.kind, error.billed, error.task_id.as_deref())
    };
    assert_eq!(told(0), (800, Kind::Network, Billed::Unknown, None));
    assert_eq!(told(1), (500, Kind::Aborted, Billed::Yes, Some("a")));
    assert_eq!(told(2), (300, Kind::Aborted, Billed::Yes, Some("w")));
    assert_eq!(told(3), (300, Kind::Aborted, Billed::No, None));
    assert_eq!(told(4), (300, Kind::Aborted, Billed::Yes, Some("x")));
    assert_eq!((server.submits(), server.open_sleeps()), (2, 0));
    assert_eq!(server.sent().len(), 3, "what was accepted after the stop is not waited for");
}

#[test]
fn what_is_stopped_before_it_begins_sends_nothing() {
    let server = Server::new([]);
    let settled = by_number(batch(&server, items(5), options(2), std::future::ready(())), 5);
    for outcome in settled {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind, error.billed), (Kind::Aborted, Billed::No));
    }
}

#[test]
fn a_stop_from_within_an_event_submits_nothing_more() {
    let server = Server::answering(obliging);
    let stopped = Rc::new(Cell::new(false));
    let is_stopped = stopped.clone();
    let stop = std::future::poll_fn(move |_| if is_stopped.get() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending });
    let client = Rc::new(server.client());
    let mut settled = 0;
    server.run(run(&client, items(5), options(1), stop, &mut |_, event| {
        if let BatchEvent::Settled(_) = event {
            settled += 1;
            stopped.set(true);
        }
    }));
    assert_eq!((settled, server.submits()), (5, 1));
}

#[test]
fn a_stop_ends_the_pause_before_a_second_try() {
    let server = Server::answering(|_| refusal(429).retry_after("30"));
    let settled = by_number(batch(&server, items(1), options(1), server.alarm(1_000)), 1);
    let error = settled[0].as_ref().unwrap_err();
    assert_eq!((error.kind, error.billed), (Kind::Aborted, Billed::No));
    assert_eq!((server.submits(), server.now()), (1, 1_000), "what was refused is not submitted after the stop");
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    Success,
    Fails,
    Lost,
    Silent,
    Refused,
    RateLimitedOnce,
    NeverEnds,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_item_settles_exactly_once(
        fates in prop::collection::vec((
            prop::sample::select(vec![
                Fate::Success, Fate::Fails, Fate::Lost, Fate::Silent, Fate::Refused, Fate::RateLimitedOnce, Fate::NeverEnds,
            ]),
            any::<bool>(),
            0i64..5_000,
        ), 0..40),
        concurrency in 0usize..10,
        stop_at in proptest::option::of(0i64..200_000),
    ) {
        let known = fates.clone();
        let tried = RefCell::new(HashMap::<String, u32>::new());
        let server = Server::answering(move |sent| {
            let subject = subject(sent);
            let (fate, _, latency) = known[subject.parse::<usize>().unwrap()];
            let mut tried = tried.borrow_mut();
            let tries = tried.entry(subject.clone()).or_default();
            *tries += u32::from(sent.body.is_some());
            match (fate, sent.body.is_some()) {
                (Fate::Lost, true) => Answer::Reset,
                (Fate::Silent, true) => Answer::Silence,
                (Fate::Refused, true) => refusal(422),
                (Fate::RateLimitedOnce, true) if *tries == 1 => refusal(429),
                (_, true) => accepted(&subject),
                (Fate::Fails, false) => ok(record_of(&subject, 2)),
                (Fate::NeverEnds, false) => ok(record_of(&subject, 0)),
                (_, false) => ok(record_of(&subject, 1)),
            }
            .late(latency)
        });
        let items: Vec<_> = fates.iter().enumerate().map(|(number, (_, waits, _))| match waits {
            true => BatchItem::Wait(Handle::new(number.to_string())),
            false => item(&number.to_string()),
        }).collect();
        let options = BatchOptions { concurrency, timeout_ms: 100_000 };
        let stop: std::pin::Pin<Box<dyn Future<Output = ()>>> = match stop_at {
            Some(ms) => Box::pin(server.alarm(ms)),
            None => Box::pin(never()),
        };
        let told = Rc::new(RefCell::new(HashMap::new()));
        let mut settled = HashMap::new();
        let client = Rc::new(server.client());
        server.run(run(&client, items, options, stop, &mut |number, event| match event {
            BatchEvent::Updated(task) => {
                assert!(!settled.contains_key(&number), "an update after the end");
                told.borrow_mut().insert(number, task.task_id);
            }
            BatchEvent::Settled(outcome) => {
                assert!(settled.insert(number, outcome).is_none(), "item {number} settled twice");
            }
            BatchEvent::Submitting(_) | BatchEvent::Pausing => {
                assert!(!settled.contains_key(&number), "submitted after the end");
            }
        }));
        prop_assert_eq!(settled.len(), fates.len());
        prop_assert_eq!(server.open_sleeps(), 0);
        for (number, outcome) in settled {
            // Whatever was accepted, the caller has its id.
            let accepted = !fates[number].1 && told.borrow().contains_key(&number);
            let submitted = server.sent().iter().any(|sent| sent.body.is_some() && subject(sent) == number.to_string());
            match outcome {
                Ok(task) => prop_assert_eq!(task.task_id, number.to_string()),
                Err(error) if accepted || fates[number].1 => {
                    prop_assert_eq!(error.task_id.as_deref(), Some(&*number.to_string()), "{}", error);
                    prop_assert!(error.billed != Billed::No);
                }
                Err(error) => {
                    let unknown = submitted && matches!(fates[number].0, Fate::Lost | Fate::Silent);
                    prop_assert_eq!(error.billed, if unknown { Billed::Unknown } else { Billed::No }, "{}", error);
                }
            }
        }
        for (number, (fate, waits, _)) in fates.iter().enumerate() {
            let submits = server.sent().iter().filter(|sent| sent.body.is_some() && subject(sent) == number.to_string()).count();
            let most = match (fate, waits) {
                (_, true) => 0,
                (Fate::RateLimitedOnce, _) => 2,
                _ => 1,
            };
            prop_assert!(submits <= most, "item {} was submitted {} times", number, submits);
        }
    }
}
