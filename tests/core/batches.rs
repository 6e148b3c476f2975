//! Batches over a server that takes its time.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use futures_util::StreamExt;
use midapi::client::{BatchEvent, BatchItem, BatchOptions, Client};
use midapi::core::{Billed, Error, Handle, Kind, SUBMITS_PER_WINDOW, State, Task, UnknownSubmit, WINDOW_MS, generate};
use proptest::prelude::*;

use crate::fake::{Answer, Sent, Server, accepted, ok, record_of, refusal};

type Answering = fn(&Sent) -> Answer;
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
fn no_more_items_are_in_flight_than_the_concurrency_allows() {
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
fn a_retry_counts_as_a_submit() {
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
fn batches_and_single_submits_of_a_client_share_its_submit_rate() {
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
fn one_failed_item_does_not_affect_the_others() {
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
fn a_stop_lets_submits_under_way_finish_and_reports_their_tasks() {
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
fn a_batch_that_is_stopped_before_it_begins_sends_nothing() {
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
    let stop =
        std::future::poll_fn(
            move |_| if is_stopped.get() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending },
        );
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

#[test]
fn a_stop_at_the_end_of_a_pause_submits_nothing_more() {
    for retry_after in ["0", "1", "11"] {
        let server = Server::answering(move |_| refusal(429).retry_after(retry_after));
        let stop = server.alarm(11_000);
        by_number(batch(&server, items(1), options(1), stop), 1)[0].as_ref().unwrap_err();
        assert!(server.sent().iter().all(|sent| sent.at < 11_000), "{retry_after}");
    }
}

#[test]
fn what_nobody_knows_is_told_again_and_not_sent() {
    let submit = UnknownSubmit::new("generate", "{}", "k").unwrap();
    let lost = || {
        Error::new(Kind::Network, "it broke off").with(|error| {
            error.billed = Billed::Unknown;
            error.submit = Some(submit.clone());
        })
    };
    for stop in [false, true] {
        let server = Server::answering(obliging);
        let stop: std::pin::Pin<Box<dyn Future<Output = ()>>> =
            if stop { Box::pin(std::future::ready(())) } else { Box::pin(never()) };
        let settled = by_number(batch(&server, vec![BatchItem::Unknown(lost()), item("b")], options(1), stop), 2);
        let error = settled[0].as_ref().unwrap_err();
        assert_eq!((error.kind, error.billed, error.submit.as_ref()), (Kind::Network, Billed::Unknown, Some(&submit)));
        assert_eq!(error.message, "it broke off");
        assert!(server.submits() <= 1);
    }
}

#[test]
fn the_twenty_first_submit_waits_for_the_first_to_leave_the_window() {
    let server = Server::answering(obliging);
    let client = Rc::new(server.client());
    server.set_early(3);
    server.run(async {
        // One that is not of this batch, at 1 s.
        server.alarm(1_000).await;
        client.submit(generate(r#"{"taskType":"mj_txt2img","prompt":"alone"}"#).unwrap(), None).await.unwrap();
        run(&client, items(20), options(100), never(), &mut |_, _| ()).await;
    });
    let submits = paced(&server);
    assert_eq!((submits.len(), submits[0], submits[19], submits[20]), (21, 1_000, 1_500, 11_500));
}

#[test]
fn waits_do_not_count_as_submits() {
    let server = Server::answering(obliging);
    let waits = (0..50).map(|number| BatchItem::Wait(Handle::new(number.to_string()))).collect();
    by_number(batch(&server, waits, options(100), never()), 50);
    assert!(server.sent().iter().all(|sent| sent.at == 0 && sent.body.is_none()));
}

#[test]
fn a_refusal_that_applies_to_every_submit_ends_the_submits_and_not_the_waits() {
    for (code, kind) in [(402, Kind::InsufficientCredits), (401, Kind::Unauthorized), (503, Kind::Misconfigured)] {
        let server = Server::answering(move |sent| match sent.body {
            Some(_) => {
                Answer::json(200, serde_json::json!({ "code": code, "msg": "misconfigured: no key", "data": null }))
            }
            None => obliging(sent),
        });
        let items = vec![item("0"), BatchItem::Wait(Handle::new("1")), item("2")];
        let client = Rc::new(server.gateway());
        let mut settled = Vec::new();
        server.run(run(&client, items, options(1), never(), &mut |number, event| {
            if let BatchEvent::Settled(outcome) = event {
                settled.push((number, outcome));
            }
        }));
        let settled = by_number(settled, 3);
        assert_eq!(settled[0].as_ref().unwrap_err().kind, kind);
        assert!(settled[1].is_ok());
        let refusal = settled[2].as_ref().unwrap_err();
        assert_eq!((refusal.kind, refusal.billed), (kind, Billed::No));
        assert!(refusal.message.starts_with("not submitted"), "{refusal}");
        assert_eq!(server.submits(), 1);
    }
    let passing: [(Answering, Kind); 5] = [
        (|_| refusal(429).retry_after("3600"), Kind::RateLimited),
        (|_| Answer::Reset, Kind::Network),
        (|sent| if sent.body.is_some() { accepted("0") } else { ok(record_of("0", 2)) }, Kind::TaskFailed),
        (|_| refusal(422), Kind::InvalidRequest),
        // A page of something in front of the API says nothing about the key.
        (|_| Answer::not_json(403), Kind::BadResponse),
    ];
    for (fails, kind) in passing {
        let server = Server::answering(move |sent| match subject(sent).as_str() {
            "0" => fails(sent),
            _ => obliging(sent),
        });
        let settled = by_number(batch(&server, items(2), options(1), never()), 2);
        assert_eq!(settled[0].as_ref().unwrap_err().kind, kind);
        assert!(settled[1].is_ok());
    }
}

/// An account of which others submit, too: so many tasks every ten seconds until a time, all at the beginning.
fn shared_account(others: usize, until: i64) -> impl FnMut(&Sent) -> Answer {
    let mut taken: Vec<i64> = Vec::new();
    let mut next_others = 0;
    move |sent| {
        if sent.body.is_none() {
            return ok(record_of(&subject(sent), 1));
        }
        while next_others <= sent.at && next_others < until {
            taken.extend(std::iter::repeat_n(next_others, others));
            next_others += 10_000;
        }
        taken.retain(|at| sent.at - at < 10_000);
        if taken.len() >= SUBMITS_PER_WINDOW {
            return refusal(429);
        }
        taken.push(sent.at);
        accepted(&subject(sent))
    }
}

#[test]
fn while_somebody_else_uses_the_account_items_are_held_back_and_none_is_given_up() {
    let server = Server::answering(shared_account(15, 20_000));
    let settled = by_number(batch(&server, items(14), options(14), never()), 14);
    for outcome in settled {
        assert_eq!(outcome.unwrap().state, State::Succeeded);
    }
    let last = paced(&server).last().copied().unwrap();
    assert!((20_000..60_000).contains(&last), "the last submit left after {last} ms");
    assert_eq!(server.sent().iter().filter(|sent| sent.body.is_none()).count(), 14);
}

#[test]
fn an_item_that_is_refused_in_every_window_is_given_up_after_the_sixth() {
    let server = Server::answering(|_| refusal(429));
    let mut paused = 0;
    let mut settled = None;
    server.run(run(&Rc::new(server.client()), items(1), options(1), never(), &mut |_, event| match event {
        BatchEvent::Pausing => paused += 1,
        BatchEvent::Settled(outcome) => settled = Some(outcome.unwrap_err()),
        BatchEvent::Submitting(_) => {}
        BatchEvent::Updated(task) => panic!("{task:?}"),
    }));
    let error = settled.unwrap();
    assert_eq!((error.kind, error.billed, error.retryable()), (Kind::RateLimited, Billed::No, true));
    assert!((6 * WINDOW_MS..7 * WINDOW_MS).contains(&server.now()), "after {} ms", server.now());
    assert_eq!(paused, server.submits() - 1, "every submit but the last was followed by a pause");
    let held_back = server.pauses().into_iter().filter(|ms| *ms >= WINDOW_MS).count();
    assert_eq!(held_back, 6);
}

#[test]
fn a_server_that_asks_for_a_longer_pause_than_six_windows_is_told_of_and_not_waited_for() {
    for (header, submits) in [("62", 7), ("63", 7), ("64", 1), ("3600", 1), ("99999999999999999999", 1)] {
        let server = Server::answering(move |_| refusal(429).retry_after(header));
        let settled = by_number(batch(&server, items(1), options(1), never()), 1);
        let error = settled[0].as_ref().unwrap_err();
        assert_eq!((error.kind, error.billed), (Kind::RateLimited, Billed::No));
        assert_eq!((error.retry_after.is_some(), server.submits()), (true, submits), "{header} s");
    }
}

#[derive(Clone, Copy, Debug)]
enum End {
    Success,
    Failed(Kind),
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        12 => Just(End::Success),
        4 => Just(End::Failed(Kind::TaskFailed)),
        2 => Just(End::Failed(Kind::RateLimited)),
        1 => Just(End::Failed(Kind::InsufficientCredits)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_batch_keeps_its_concurrency_and_rate_and_begins_each_item_once(
        items in prop::collection::vec((any::<bool>(), 0i64..3_000, end()), 0..90),
        concurrency in 0usize..40,
        stop_at in proptest::option::of(0i64..60_000),
        start in 0i64..1_000_000,
        early in 0i64..3,
    ) {
        let known = items.clone();
        let server = Server::answering(move |sent| {
            let subject = subject(sent);
            let (_, latency, end) = known[subject.parse::<usize>().unwrap()];
            match (end, sent.body.is_some()) {
                // Longer than anybody waits for.
                (End::Failed(Kind::RateLimited), true) => refusal(429).retry_after("3600"),
                (End::Failed(Kind::InsufficientCredits), true) => refusal(402),
                (_, true) => accepted(&subject).retry_after("0"),
                (End::Failed(Kind::TaskFailed), false) => ok(record_of(&subject, 2)),
                (_, false) => ok(record_of(&subject, 1)),
            }
            .late(latency)
        });
        server.set_now(start);
        // Hosts wake a little early.
        server.set_early(early);
        let stop: std::pin::Pin<Box<dyn Future<Output = ()>>> = match stop_at {
            Some(ms) => Box::pin(server.alarm(ms)),
            None => Box::pin(never()),
        };
        let batch_items: Vec<_> = items.iter().enumerate().map(|(number, (submits, ..))| match submits {
            true => item(&number.to_string()),
            false => BatchItem::Wait(Handle::new(number.to_string())),
        }).collect();
        let client = Rc::new(server.client());
        let mut ends: Vec<Option<(i64, Result<Task, Error>)>> = items.iter().map(|_| None).collect();
        server.run(run(&client, batch_items, options(concurrency), stop, &mut |number, event| {
            if let BatchEvent::Settled(outcome) = event {
                let before = ends[number].replace((server.now(), outcome));
                assert!(before.is_none(), "item {number} settled twice");
            }
        }));
        prop_assert!(ends.iter().all(Option::is_some), "an item never settled");
        prop_assert_eq!(server.open_sleeps(), 0);
        paced(&server);

        let stopped_at = stop_at.map(|ms| start + ms);
        let is_out_of_credits = |end: &Option<(i64, Result<Task, Error>)>| {
            let (at, outcome) = end.as_ref().unwrap();
            outcome.as_ref().is_err_and(|error| error.kind == Kind::InsufficientCredits && error.code == Some(402)).then_some(*at)
        };
        let out_of_credits_at = ends.iter().filter_map(is_out_of_credits).min();
        let mut flights = Vec::new();
        for (number, end) in ends.iter().enumerate() {
            let (ended_at, outcome) = end.as_ref().unwrap();
            let sent: Vec<_> = server.sent().into_iter().filter(|sent| subject(sent) == number.to_string()).collect();
            let submits = sent.iter().filter(|sent| sent.body.is_some()).count();
            prop_assert_eq!(submits, usize::from(items[number].0 && !sent.is_empty()), "submits of item {}", number);
            let Some(begun_at) = sent.first().map(|sent| sent.at) else {
                // It was refused, and for a reason.
                let error = outcome.as_ref().unwrap_err();
                let is_stopped = stopped_at.is_some_and(|at| at <= *ended_at);
                let is_refused = items[number].0 && out_of_credits_at.is_some_and(|at| at <= *ended_at);
                prop_assert!(is_stopped || is_refused, "refused for nothing");
                let kind = if is_stopped { Kind::Aborted } else { Kind::InsufficientCredits };
                let billed = if items[number].0 { Billed::No } else { Billed::Yes };
                // Of what happens at one moment either may come first.
                if !(is_stopped && is_refused) {
                    prop_assert_eq!((error.kind, error.billed), (kind, billed));
                }
                continue;
            };
            prop_assert!(stopped_at.is_none_or(|at| begun_at <= at), "begun after the stop");
            if items[number].0 {
                prop_assert!(out_of_credits_at.is_none_or(|at| begun_at <= at), "submitted without credits");
            }
            flights.push((begun_at, *ended_at));
        }
        for (at, _) in &flights {
            let in_flight = flights.iter().filter(|(begun_at, ended_at)| begun_at <= at && at < ended_at).count();
            prop_assert!(in_flight <= concurrency.max(1), "{} in flight at once", in_flight);
        }
    }
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
        let options = BatchOptions { concurrency, timeout_ms: 100_000, archived: false };
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
