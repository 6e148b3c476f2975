//! Waits for tasks of a gateway that tells of them: by events, and by looks where there are none.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::future::{join, join3};
use midapi::client::{CallContext, Client, race};
use midapi::core::{Error, Handle, Kind, State, Task};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fake::{Answer, Server, Stream, ok, record_of};

const WAIT_MS: i64 = 1_000_000;

/// A gateway that tells of tasks. Who looks finds them running, unless the test has ended them.
#[derive(Clone)]
struct Gateway {
    server: Server,
    streams: Rc<RefCell<Vec<Stream>>>,
    flags: Rc<RefCell<BTreeMap<String, i64>>>,
    /// What the next requests for a stream get instead of one.
    refusals: Rc<RefCell<Vec<Answer>>>,
    /// Whether a stream says something at once, as a gateway's does unless a proxy holds it back.
    greets: Rc<Cell<bool>>,
}

impl Gateway {
    fn new() -> Self {
        Self::of_health(|| ok(json!({ "events": true })).late(100))
    }

    fn of_health(mut health: impl FnMut() -> Answer + 'static) -> Self {
        let (streams, flags, refusals) = <(Rc<RefCell<Vec<Stream>>>, Rc<RefCell<BTreeMap<String, i64>>>, _)>::default();
        let refusals: Rc<RefCell<Vec<Answer>>> = refusals;
        let greets = Rc::new(Cell::new(true));
        let does_greet = greets.clone();
        let (opened, state, refused) = (streams.clone(), flags.clone(), refusals.clone());
        let server = Server::answering(move |sent| {
            let path = sent.path();
            if path == "health" {
                return health();
            }
            if let Some(task_id) = path.strip_prefix("record-info?taskId=") {
                let flag = state.borrow().get(task_id).copied().unwrap_or_default();
                return ok(record_of(task_id, flag));
            }
            assert!(path.starts_with("events?taskId="), "{path}");
            if let Some(refusal) = refused.borrow_mut().pop() {
                return refusal;
            }
            let stream = Stream::default();
            if does_greet.get() {
                stream.write(": connected\n\n");
            }
            opened.borrow_mut().push(stream.clone());
            Answer::Stream(stream).late(100)
        });
        Self { server: server.opening(), streams, flags, refusals, greets }
    }

    /// Does something to the stream that was opened as this one, at a time.
    fn at(&self, ms: i64, stream: usize, what: impl FnOnce(&Stream) + 'static) {
        let streams = self.streams.clone();
        self.server.at(ms, move |_| what(&streams.borrow()[stream]));
    }

    fn write_at(&self, ms: i64, stream: usize, piece: impl AsRef<[u8]>) {
        self.at(ms, stream, writing(piece.as_ref().to_vec()));
    }

    /// The words of a task of which the stream tells at a time.
    fn tell_at(&self, ms: i64, stream: usize, task_id: &str, flag: i64) {
        self.write_at(ms, stream, task_event(&record_of(task_id, flag)));
    }

    fn wait<'a>(
        &self,
        client: &'a Client<Server, Server>,
        task_id: &str,
    ) -> impl Future<Output = Result<Task, Error>> + use<'a> {
        self.wait_until(client, task_id, WAIT_MS)
    }

    /// A wait of a task that isn't expected before a minute is over.
    fn wait_until<'a>(
        &self,
        client: &'a Client<Server, Server>,
        task_id: &str,
        timeout_ms: i64,
    ) -> impl Future<Output = Result<Task, Error>> + use<'a> {
        let handle = handle(task_id, self.server.now() + 60_000);
        async move { client.wait(&handle, timeout_ms, &mut |_| ()).await }
    }

    fn run_wait(&self, task_id: &str) -> Result<Task, Error> {
        let client = self.server.gateway();
        let outcome = self.server.run(self.wait(&client, task_id));
        assert_eq!(self.server.open_sleeps(), 0, "a timer outlives the wait");
        outcome
    }

    fn are_closed(&self) -> Vec<bool> {
        self.streams.borrow().iter().map(Stream::is_closed).collect()
    }

    /// The requests for streams.
    fn openings(&self) -> Vec<String> {
        self.server.paths().into_iter().filter(|path| path.starts_with("events")).collect()
    }

    /// When a task was looked at, in seconds.
    fn looks(&self) -> Vec<f64> {
        let looks = self.server.sent().into_iter().filter(|sent| sent.path().starts_with("record-info"));
        looks.map(|sent| sent.at as f64 / 1000.0).collect()
    }
}

fn handle(task_id: &str, expected_at: i64) -> Handle {
    Handle { expected_at: Some(expected_at), ..Handle::new(task_id) }
}

fn task_event(record: &Value) -> String {
    format!("id: 1\nevent: task\ndata: {record}\n\n")
}

fn is_success(outcome: &Result<Task, Error>, task_id: &str) -> bool {
    outcome
        .as_ref()
        .is_ok_and(|task| task.task_id == task_id && task.state == State::Succeeded && task.images.len() == 1)
}

/// Apart, as a closure has the lifetimes of the types of the function it stands in.
fn writing(piece: Vec<u8>) -> impl FnOnce(&Stream) + 'static {
    move |stream| stream.write(piece)
}

#[test]
fn a_wait_ends_by_an_event_without_a_look() {
    let gateway = Gateway::new();
    gateway.tell_at(20_000, 0, "a", 1);
    assert!(is_success(&gateway.run_wait("a"), "a"));
    assert_eq!(gateway.server.paths(), ["health", "events?taskId=a"]);
    assert_eq!((gateway.server.now(), gateway.are_closed()), (20_000, vec![true]));
}

#[test]
fn a_failure_is_told_like_a_success() {
    let gateway = Gateway::new();
    let record = json!({ "taskId": "a", "successFlag": 2, "errorCode": 430, "errorMessage": "no such style" });
    gateway.write_at(20_000, 0, task_event(&record));
    let error = gateway.run_wait("a").unwrap_err();
    assert_eq!((error.kind, error.message.as_str(), error.code), (Kind::TaskFailed, "no such style", Some(430)));
    assert!(gateway.looks().is_empty());
}

#[test]
fn the_words_of_an_event_are_shown_like_those_of_a_look() {
    let gateway = Gateway::new();
    let token = "midapi_0123456789abcdef";
    let client = gateway.server.gateway_by_token(token);
    let record = json!({ "taskId": "a", "successFlag": 2, "errorMessage": format!("refused {token} for it") });
    gateway.write_at(1_000, 0, task_event(&record));
    let error = gateway.server.run(gateway.wait(&client, "a")).unwrap_err();
    assert!(error.message.starts_with("refused ") && !error.message.contains(token), "{}", error.message);
}

#[test]
fn an_event_of_a_running_task_is_an_update() {
    let gateway = Gateway::new();
    let client = gateway.server.gateway();
    gateway.tell_at(1_000, 0, "a", 0);
    gateway.tell_at(30_000, 0, "a", 0);
    gateway.tell_at(70_000, 0, "a", 1);
    let mut updates = Vec::new();
    let server = gateway.server.clone();
    let mut on_update = |task: &Task| updates.push((server.now(), task.state));
    gateway.server.run(client.wait(&handle("a", 60_000), WAIT_MS, &mut on_update)).unwrap();
    assert_eq!(updates, [(1_000, State::Running), (30_000, State::Running), (70_000, State::Succeeded)]);
    assert!(gateway.looks().is_empty(), "what is told needs no look, even once its end was expected");
}

#[test]
fn a_wait_that_is_told_nothing_looks_once_more_at_its_end() {
    let gateway = Gateway::new();
    let client = gateway.server.gateway();
    for beat in 1..7 {
        gateway.write_at(beat * 15_000, 0, ": alive\n\n");
    }
    let error = gateway.server.run(gateway.wait_until(&client, "a", 100_000)).unwrap_err();
    assert_eq!((error.kind, gateway.looks(), gateway.openings().len()), (Kind::StillRunning, vec![100.0], 1));
}

#[test]
fn waits_share_a_stream_which_the_last_one_closes() {
    let gateway = Gateway::new();
    let client = gateway.server.gateway();
    // Whoever drives the stream ends before the others, or after them.
    for (ms, task_id) in [(10_000, "a"), (20_000, "c"), (30_000, "b")] {
        gateway.tell_at(ms, 0, task_id, 1);
    }
    let closed = Rc::new(RefCell::new(Vec::new()));
    for ms in [15_000, 25_000] {
        let closed = closed.clone();
        gateway.at(ms, 0, move |stream| closed.borrow_mut().push(stream.is_closed()));
    }
    let wait = |task_id| gateway.wait(&client, task_id);
    let (a, b, c) = gateway.server.run(join3(wait("a"), wait("b"), wait("c")));
    assert!(is_success(&a, "a") && is_success(&b, "b") && is_success(&c, "c"));
    assert_eq!(gateway.server.paths(), ["health", "events?taskId=a,b,c"]);
    assert_eq!((closed.take(), gateway.are_closed()), (vec![false, false], vec![true]));
}

#[test]
fn two_waits_for_a_task_are_both_told() {
    let gateway = Gateway::new();
    let client = gateway.server.gateway();
    gateway.tell_at(10_000, 0, "a", 1);
    let later = async {
        gateway.server.alarm(5_000).await;
        gateway.wait(&client, "a").await
    };
    let (first, second) = gateway.server.run(join(gateway.wait(&client, "a"), later));
    assert!(is_success(&first, "a") && is_success(&second, "a"));
    assert_eq!(gateway.server.paths(), ["health", "events?taskId=a"]);
}

#[test]
fn another_task_is_told_of_by_a_new_stream_with_both() {
    let gateway = Gateway::new();
    let client = gateway.server.gateway();
    let later = async {
        gateway.server.alarm(5_000).await;
        gateway.wait(&client, "b").await
    };
    gateway.tell_at(10_000, 1, "a", 1);
    gateway.tell_at(11_000, 1, "b", 1);
    let first_closed = Rc::new(RefCell::new(None));
    let noted = first_closed.clone();
    gateway.at(6_000, 0, move |stream| *noted.borrow_mut() = Some(stream.is_closed()));
    let (a, b) = gateway.server.run(join(gateway.wait(&client, "a"), later));
    assert!(is_success(&a, "a") && is_success(&b, "b"));
    assert_eq!(gateway.server.paths(), ["health", "events?taskId=a", "events?taskId=a,b"]);
    assert_eq!((first_closed.take(), gateway.looks()), (Some(true), vec![]));
}

#[test]
fn a_task_that_is_waited_for_while_the_stream_opens_is_told_of_too() {
    let gateway = Gateway::new();
    let client = gateway.server.gateway();
    let later = async {
        gateway.server.alarm(150).await;
        gateway.wait(&client, "b").await
    };
    gateway.tell_at(10_000, 1, "b", 1);
    gateway.tell_at(11_000, 1, "a", 1);
    let (a, b) = gateway.server.run(join(gateway.wait(&client, "a"), later));
    assert!(is_success(&a, "a") && is_success(&b, "b"));
    assert_eq!(gateway.openings(), ["events?taskId=a", "events?taskId=a,b"]);
}

#[test]
fn a_stream_that_breaks_is_opened_again() {
    let gateway = Gateway::new();
    gateway.at(10_000, 0, Stream::break_off);
    gateway.tell_at(70_000, 1, "a", 1);
    gateway.write_at(40_000, 1, ": alive\n\n");
    assert!(is_success(&gateway.run_wait("a"), "a"));
    assert_eq!(gateway.server.times(), [0.0, 0.1, 10.75], "a moment later, and without a look");
}

#[test]
fn while_no_stream_opens_tasks_are_looked_at_on_schedule() {
    let gateway = Gateway::new();
    // The last comes first.
    let refusals = [Answer::Reset, Answer::not_json(502), Answer::Unreached, Answer::not_json(404), Answer::Silence];
    gateway.refusals.borrow_mut().extend(refusals);
    // Of the five pauses each is twice as long, and a request that nobody answers is given up after 20 s.
    gateway.at(80_000, 0, |stream| stream.write(task_event(&record_of("a", 1))));
    assert!(is_success(&gateway.run_wait("a"), "a"));
    let openings = gateway.server.sent().into_iter().filter(|sent| sent.path().starts_with("events"));
    let openings: Vec<_> = openings.map(|sent| sent.at).collect();
    assert_eq!(openings, [100, 20_850, 22_350, 25_350, 31_350, 43_350]);
    assert!(gateway.looks().is_empty(), "the stream was there when the first look was due");
}

#[test]
fn a_broken_stream_leaves_a_wait_to_its_looks() {
    let gateway = Gateway::new();
    gateway.write_at(30_000, 0, ": alive\n\n");
    gateway.at(59_000, 0, Stream::break_off);
    let (flags, refusals) = (gateway.flags.clone(), gateway.refusals.clone());
    gateway.server.at(58_000, move |_| refusals.borrow_mut().extend((0..9).map(|_| Answer::not_json(503))));
    gateway.server.at(62_000, move |_| {
        flags.borrow_mut().insert("a".to_owned(), 1);
    });
    assert!(is_success(&gateway.run_wait("a"), "a"));
    assert_eq!(gateway.looks(), [60.0, 65.0]);
    assert!(gateway.server.open_sleeps() == 0 && gateway.openings().len() > 2);
}

#[test]
fn a_stream_that_is_silent_for_45_s_is_lost() {
    let gateway = Gateway::new();
    for ms in [15_000, 55_000] {
        gateway.write_at(ms, 0, ": alive\n\n");
    }
    gateway.tell_at(120_000, 1, "a", 1);
    assert!(is_success(&gateway.run_wait("a"), "a"));
    let sent = gateway.server.sent();
    assert_eq!(gateway.server.times(), [0.0, 0.1, 100.0, 100.75], "a look was due since the first minute");
    assert_eq!((sent[1].ended_at, gateway.are_closed()), (Some(100_000), vec![true, true]));
}

#[test]
fn a_gateway_that_offers_no_events_is_looked_at_on_schedule() {
    let healths: [fn() -> Answer; 5] = [
        || ok(json!({ "events": false })),
        || ok(json!({})),
        || ok(json!({ "events": "true" })),
        || Answer::not_json(404),
        || Answer::json(401, json!({ "code": 401, "msg": "no", "data": null })),
    ];
    for health in healths {
        let gateway = Gateway::of_health(health);
        let flags = gateway.flags.clone();
        gateway.server.at(70_000, move |_| {
            flags.borrow_mut().insert("a".to_owned(), 1);
        });
        assert!(is_success(&gateway.run_wait("a"), "a"));
        assert_eq!((gateway.openings(), gateway.looks()), (vec![], vec![60.0, 65.0, 72.5]));
    }
}

#[test]
fn a_gateway_is_asked_once_and_again_if_it_could_not_answer() {
    for (first, asked) in [(ok(json!({})), 1), (Answer::Reset, 2), (Answer::not_json(503), 2)] {
        let first = RefCell::new(Some(first));
        let gateway = Gateway::of_health(move || first.take().unwrap_or_else(|| ok(json!({}))));
        gateway.flags.borrow_mut().insert("a".to_owned(), 1);
        let client = gateway.server.gateway();
        for _ in 0..3 {
            gateway.server.run(gateway.wait(&client, "a")).unwrap();
        }
        let healths = gateway.server.paths().iter().filter(|path| *path == "health").count();
        assert_eq!((healths, gateway.looks()), (asked, vec![60.0, 120.0, 180.0]));
    }
}

#[test]
fn the_vendor_and_transports_that_open_nothing_are_not_asked() {
    let finished = || Server::answering(|_| ok(record_of("a", 1)));
    let (vendor, closed) = (finished().opening(), finished());
    vendor.run(vendor.client().wait(&handle("a", 0), WAIT_MS, &mut |_| ())).unwrap();
    closed.run(closed.gateway().wait(&handle("a", 0), WAIT_MS, &mut |_| ())).unwrap();
    assert_eq!((vendor.paths(), closed.paths()), (vec!["record-info?taskId=a".to_owned()], vendor.paths()));
}

#[test]
fn a_task_that_the_server_does_not_know_is_looked_at() {
    for event in ["unknown", "removed"] {
        let gateway = Gateway::new();
        let client = gateway.server.gateway();
        gateway.write_at(10_000, 0, format!("event: {event}\ndata: {{\"taskId\":\"a\"}}\n\n"));
        gateway.write_at(40_000, 0, ": alive\n\n");
        gateway.tell_at(80_000, 0, "b", 1);
        let flags = gateway.flags.clone();
        gateway.server.at(64_000, move |_| {
            flags.borrow_mut().insert("a".to_owned(), 1);
        });
        let (a, b) = gateway.server.run(join(gateway.wait(&client, "a"), gateway.wait(&client, "b")));
        assert!(is_success(&a, "a") && is_success(&b, "b"), "{event}");
        let looks: Vec<_> = gateway.server.paths().into_iter().filter(|path| path.starts_with("record")).collect();
        assert_eq!((looks, gateway.looks()), (vec!["record-info?taskId=a".to_owned(); 2], vec![60.0, 65.0]));
        assert_eq!(gateway.openings(), ["events?taskId=a,b"]);
    }
}

#[test]
fn a_lost_stream_is_opened_again_without_what_the_server_does_not_know() {
    let gateway = Gateway::new();
    let client = gateway.server.gateway();
    gateway.write_at(10_000, 0, "event: unknown\ndata: {\"taskId\":\"a\"}\n\n");
    gateway.at(11_000, 0, Stream::break_off);
    gateway.tell_at(20_000, 1, "b", 1);
    gateway.flags.borrow_mut().insert("a".to_owned(), 1);
    let (a, b) = gateway.server.run(join(gateway.wait(&client, "a"), gateway.wait(&client, "b")));
    assert!(is_success(&a, "a") && is_success(&b, "b"));
    assert_eq!(gateway.openings(), ["events?taskId=a,b", "events?taskId=b"]);
}

#[test]
fn a_stream_tells_of_a_hundred_tasks_and_looks_find_the_others() {
    let gateway = Gateway::new();
    let client = gateway.server.gateway();
    let ids: Vec<_> = (0..103).map(|number| number.to_string()).collect();
    for id in &ids {
        gateway.flags.borrow_mut().insert(id.clone(), 1);
    }
    gateway.write_at(30_000, 0, ": alive\n\n");
    for id in &ids[..100] {
        gateway.tell_at(70_000, 0, id, 1);
    }
    let waits = ids.iter().map(|id| gateway.wait(&client, id));
    let outcomes = gateway.server.run(futures_util::future::join_all(waits));
    assert!(ids.iter().zip(&outcomes).all(|(id, outcome)| is_success(outcome, id)));
    assert_eq!(
        (gateway.openings(), gateway.looks()),
        (vec![format!("events?taskId={}", ids[..100].join(","))], vec![60.0; 3])
    );
}

#[test]
fn a_wait_that_is_ended_early_leaves_the_stream_to_the_others() {
    let gateway = Gateway::new();
    let client = gateway.server.gateway();
    gateway.tell_at(10_000, 0, "b", 1);
    let aborted = race(gateway.wait(&client, "a"), gateway.server.alarm(5_000));
    let (a, b) = gateway.server.run(join(aborted, gateway.wait(&client, "b")));
    assert!(a.is_none() && is_success(&b, "b"));
    assert_eq!(gateway.server.paths(), ["health", "events?taskId=a,b"]);
    assert_eq!((gateway.are_closed(), gateway.server.open_sleeps()), (vec![true], 0));
}

#[test]
fn the_last_wait_that_is_ended_early_closes_the_stream_whatever_it_does() {
    // While the health is asked for, while the stream is opened, while it is listened to, and while it is lost.
    for ms in [1_000, 3_000, 7_000, 20_100] {
        let gateway = Gateway::of_health(|| ok(json!({ "events": true })).late(2_000));
        gateway.refusals.borrow_mut().push(Answer::not_json(503).late(2_000));
        if ms > 20_000 {
            gateway.at(20_000, 0, Stream::break_off);
        }
        let client = gateway.server.gateway();
        let context = CallContext::new(&|_| ());
        let call = client.call(&context);
        let error = gateway.server.abort_after(ms, &context, call.wait(&handle("a", 60_000), WAIT_MS));
        assert_eq!((error.kind, error.task_id.as_deref()), (Kind::Aborted, Some("a")), "{ms}");
        assert_eq!(gateway.server.open_sleeps(), 0, "{ms}");
        assert!(gateway.server.sent().iter().all(|sent| sent.ended_at.is_some()), "{ms}");
        assert!(gateway.are_closed().into_iter().all(|is_closed| is_closed), "{ms}");
        // The next wait begins anew.
        let streams = gateway.streams.borrow().len();
        gateway.tell_at(gateway.server.now() + 30_000, streams, "a", 1);
        assert!(is_success(&gateway.server.run(gateway.wait(&client, "a")), "a"), "{ms}");
    }
}

#[test]
fn events_that_mean_nothing_are_passed_over() {
    let long = "x".repeat(600_000);
    let event = |name: &str, data: &str| format!("event: {name}\ndata: {data}\n\n").into_bytes();
    let succeeded = record_of("a", 1).to_string();
    let junk = [
        event("later", &succeeded),
        event("message", &succeeded),
        event("task", "no JSON"),
        event("task", "[]"),
        event("task", "{}"),
        event("task", &json!({ "taskId": 7, "successFlag": 1 }).to_string()),
        event("task", &record_of("b", 1).to_string()),
        event("task", ""),
        event("task", &json!({ "taskId": "a", "successFlag": 1, "long": long }).to_string()),
        event("unknown", "{}"),
        event("unknown", "\"a\""),
        event("removed", &json!({ "taskId": ["a"] }).to_string()),
        format!("data: {succeeded}\n\n").into_bytes(),
        b"event: task\n\n".to_vec(),
        b"data\n\nid\n\n:\n\nretry: soon\n\nretry: 99999999999999999999\n\n".to_vec(),
        b"event: task\ndata: \xff\xfe\n\n\xff\xff\xff\n\n".to_vec(),
        b"\0\0\0\n\n".to_vec(),
    ];
    for (number, piece) in junk.into_iter().enumerate() {
        let gateway = Gateway::new();
        let text = String::from_utf8_lossy(&piece[..piece.len().min(60)]).into_owned();
        gateway.write_at(1_000, 0, piece);
        gateway.tell_at(20_000, 0, "a", 1);
        assert!(is_success(&gateway.run_wait("a"), "a"), "{number}: {text}");
        assert_eq!((gateway.server.now(), gateway.server.count()), (20_000, 2), "{number}: {text}");
    }
}

#[test]
fn an_event_that_says_no_more_than_a_look_is_no_end() {
    let gateway = Gateway::new();
    // A success whose links can't be read.
    let record = json!({ "taskId": "a", "successFlag": 1, "errorMessage": "soon" });
    for ms in 1..9 {
        gateway.write_at(ms * 1_000, 0, task_event(&record));
    }
    gateway.tell_at(20_000, 0, "a", 1);
    assert!(is_success(&gateway.run_wait("a"), "a"));
}

#[test]
fn a_stream_that_a_proxy_holds_back_is_trusted_with_nothing() {
    let gateway = Gateway::new();
    gateway.greets.set(false);
    gateway.flags.borrow_mut().insert("a".to_owned(), 1);
    // It would say so, but nothing comes through.
    assert!(is_success(&gateway.run_wait("a"), "a"));
    assert_eq!(gateway.server.now(), 60_000, "a look finds it when its end was expected, as without a stream");
}

#[test]
fn what_was_begun_when_a_stream_broke_is_forgotten() {
    let gateway = Gateway::new();
    let event = task_event(&record_of("a", 1));
    let (head, tail) = event.split_at(30);
    gateway.write_at(1_000, 0, head);
    gateway.at(2_000, 0, Stream::break_off);
    // Were it joined to this, the wait would end here.
    gateway.write_at(3_000, 1, tail);
    gateway.tell_at(20_000, 1, "a", 1);
    assert!(is_success(&gateway.run_wait("a"), "a"));
    assert_eq!(gateway.server.now(), 20_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn events_may_be_cut_anywhere_and_end_their_lines_as_they_like(
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        ending in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        space in any::<bool>(),
        comments in any::<bool>(),
    ) {
        let message = "zu groß — «слишком» 大きい 🦀";
        let failure = json!({ "taskId": "a", "successFlag": 2, "errorMessage": message }).to_string();
        let (start, end) = failure.split_at(1);
        let space = if space { " " } else { "" };
        let comment = if comments { ": läuft\n" } else { "" };
        let running = record_of("a", 0);
        let text = format!(
            "\u{feff}retry:{space}2000\n\n{comment}id:{space}1\nevent:{space}task\ndata:{space}{running}\n\n{comment}\
             event:{space}later\ndata:{space}ü\n\n\
             id:{space}2\n{comment}data:{space}{start}\nevent:{space}task\ndata:{space}{end}\n\n"
        );
        let bytes = text.replace('\n', ending).into_bytes();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let gateway = Gateway::new();
        for (number, cut) in cuts.windows(2).enumerate() {
            gateway.write_at(1_000 + number as i64, 0, &bytes[cut[0]..cut[1]]);
        }
        let client = gateway.server.gateway();
        let mut updates = 0;
        let error = gateway.server.run(client.wait(&handle("a", 60_000), WAIT_MS, &mut |_| updates += 1)).unwrap_err();
        prop_assert_eq!((error.kind, error.message.as_str()), (Kind::TaskFailed, message));
        // What comes at once is one update.
        prop_assert!((1..=2).contains(&updates) && gateway.looks().is_empty());
    }
}
