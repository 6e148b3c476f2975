//! A server made of prepared answers, and a clock that jumps to the next moment anybody waits for: every test of the
//! client runs without waiting, and a call that would sleep for ever is found out.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::stream::{StreamExt, poll_fn};
use midapi::client::{
    CallContext, Client, Downloads, FileReply, NoReply, OpenReply, Reply, Request, Timer, Transport, race,
};
use midapi::core::{Endpoint, Error, FileKind, Secret, Submission, generate};
use serde_json::{Value, json};

pub const KEY: &str = "secret-key-0123456789";
pub const GATEWAY: &str = "https://app.example/api/v1/mj";

/// What the server does with one request.
pub enum Answer {
    Reply {
        status: u16,
        retry_after: Option<String>,
        body: String,
    },
    /// A file, and where it came from in the end.
    File {
        url: String,
        bytes: Vec<u8>,
    },
    /// A body that is still being written.
    Stream(Stream),
    Reset,
    /// The connection was refused: nothing reached the server.
    Unreached,
    Silence,
    Late(i64, Box<Answer>),
}

impl Answer {
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::Reply { status, retry_after: None, body: body.into() }
    }

    pub fn json(status: u16, body: Value) -> Self {
        Self::text(status, body.to_string())
    }

    pub fn not_json(status: u16) -> Self {
        Self::text(status, "<html>no JSON</html>")
    }

    /// The same with a `Retry-After` header.
    pub fn retry_after(mut self, header: &str) -> Self {
        if let Self::Reply { retry_after, .. } = &mut self {
            *retry_after = Some(header.to_owned());
        }
        self
    }

    async fn no_reply(self) -> NoReply {
        match self {
            Self::Reset => NoReply { source: "connection reset".into(), unsent: false },
            Self::Unreached => NoReply { source: "connection refused".into(), unsent: true },
            Self::Silence => std::future::pending().await,
            _ => panic!("an answer to another question"),
        }
    }

    /// The same after this many milliseconds.
    pub fn late(self, ms: i64) -> Self {
        Self::Late(ms, Box::new(self))
    }
}

/// A body as a test writes it.
#[derive(Clone, Default)]
pub struct Stream(Rc<Writing>);

#[derive(Default)]
struct Writing {
    pieces: RefCell<VecDeque<Vec<u8>>>,
    has_broken: Cell<bool>,
    is_closed: Cell<bool>,
    reader: RefCell<Option<Waker>>,
}

impl Stream {
    pub fn write(&self, piece: impl AsRef<[u8]>) {
        self.0.pieces.borrow_mut().push_back(piece.as_ref().to_vec());
        self.wake();
    }

    pub fn break_off(&self) {
        self.0.has_broken.set(true);
        self.wake();
    }

    /// Whether its reader has let it go.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed.get()
    }

    fn wake(&self) {
        if let Some(reader) = self.0.reader.take() {
            reader.wake();
        }
    }

    fn poll(&self, context: &Context<'_>) -> Poll<Option<Vec<u8>>> {
        let piece = self.0.pieces.borrow_mut().pop_front();
        if piece.is_some() || self.0.has_broken.get() {
            return Poll::Ready(piece);
        }
        *self.0.reader.borrow_mut() = Some(context.waker().clone());
        Poll::Pending
    }
}

/// Takes note that the reader of a stream has let it go.
struct Reading(Stream);

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.0.is_closed.set(true);
    }
}

/// The answer of success.
pub fn ok(data: Value) -> Answer {
    Answer::json(200, json!({ "code": 200, "msg": "success", "data": data }))
}

/// The answer of acceptance.
pub fn accepted(task_id: &str) -> Answer {
    ok(json!({ "taskId": task_id }))
}

/// A refusal inside HTTP 200, as the vendor sends it.
pub fn refusal(code: i64) -> Answer {
    Answer::json(200, json!({ "code": code, "msg": format!("because {code}"), "data": null }))
}

/// The record of a task in the given state.
pub fn record(flag: i64) -> Value {
    record_of("a", flag)
}

pub fn record_of(task_id: &str, flag: i64) -> Value {
    let results = json!({ "resultUrls": [{ "resultUrl": "https://example.com/1.jpg" }] });
    json!({ "taskId": task_id, "successFlag": flag, "resultInfoJson": if flag == 1 { results } else { Value::Null } })
}

/// A refusal with the same number as the HTTP status and inside the envelope.
pub fn refused(code: u16, retry_after: Option<&str>) -> Answer {
    let answer = Answer::json(code, json!({ "code": code, "msg": "no", "data": null }));
    match retry_after {
        Some(header) => answer.retry_after(header),
        None => answer,
    }
}

pub fn submission() -> Submission {
    generate(r#"{"taskType":"mj_txt2img","prompt":"a lighthouse","speed":"fast"}"#).unwrap()
}

/// One request as it came.
#[derive(Clone)]
pub struct Sent {
    pub at: i64,
    pub url: String,
    pub body: Option<String>,
    pub idempotency_key: Option<String>,
    /// When it was answered, or given up.
    pub ended_at: Option<i64>,
}

impl Sent {
    pub fn path(&self) -> &str {
        self.url.rsplit('/').next().unwrap()
    }
}

#[derive(Clone, Default)]
pub struct Server(Rc<Inner>);

type Answering = Box<dyn FnMut(&Sent) -> Answer>;
type Watching = Box<dyn FnMut(&Server, WaitSleep)>;

/// A sleep of a wait: the only one that ends early when somebody looks again.
#[derive(Clone, Copy)]
pub struct WaitSleep {
    key: (i64, u64),
}

impl WaitSleep {
    /// When it is over.
    pub fn until(&self) -> i64 {
        self.key.0
    }
}

#[derive(Default)]
struct Inner {
    now: Cell<i64>,
    random: Cell<Option<f64>>,
    hidden: Cell<bool>,
    /// How much too early the host wakes.
    early: Cell<i64>,
    ended_early: RefCell<BTreeSet<(i64, u64)>>,
    last_sleep: Cell<(i64, u64)>,
    watching: RefCell<Option<Watching>>,
    wakes: Cell<u32>,
    sleepers: RefCell<Vec<Waker>>,
    timers: RefCell<BTreeMap<(i64, u64), Due>>,
    numbers: Cell<u64>,
    answers: RefCell<VecDeque<Answer>>,
    answering: RefCell<Option<Answering>>,
    can_open: Cell<bool>,
    /// What a gateway's callers show.
    token: RefCell<Option<String>>,
    sent: RefCell<Vec<Sent>>,
}

enum Due {
    Wake(Waker),
    Do(Box<dyn FnOnce(&Server)>),
}

impl Server {
    /// A server that gives these answers, in this order.
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let server = Self::default();
        server.0.answers.borrow_mut().extend(answers);
        server
    }

    /// A server that makes up its answers.
    pub fn answering(answer: impl FnMut(&Sent) -> Answer + 'static) -> Self {
        let server = Self::default();
        *server.0.answering.borrow_mut() = Some(Box::new(answer));
        server
    }

    /// The same over a transport that opens replies.
    pub fn opening(self) -> Self {
        self.0.can_open.set(true);
        self
    }

    /// A client of the vendor.
    pub fn client(&self) -> Client<Self, Self> {
        self.client_of(Endpoint::VENDOR, Some(KEY))
    }

    /// A client of a gateway, which holds the key.
    pub fn gateway(&self) -> Client<Self, Self> {
        self.client_of(GATEWAY, None)
    }

    /// A client of a gateway, with an access token.
    pub fn gateway_by_token(&self, token: &str) -> Client<Self, Self> {
        *self.0.token.borrow_mut() = Some(token.to_owned());
        self.client_of(GATEWAY, Some(token))
    }

    pub fn client_of(&self, endpoint: &str, key: Option<&str>) -> Client<Self, Self> {
        let endpoint = Endpoint::new(endpoint, key.is_some()).unwrap();
        let key = key.map(|key| Secret::new(key).unwrap());
        Client::new(self.clone(), self.clone(), endpoint, key).unwrap()
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.0.sent.borrow().clone()
    }

    /// How many requests were sent.
    pub fn count(&self) -> usize {
        self.0.sent.borrow().len()
    }

    /// The last parts of the paths of what was sent.
    pub fn paths(&self) -> Vec<String> {
        self.sent().iter().map(|sent| sent.path().to_owned()).collect()
    }

    /// The bodies of what was posted.
    pub fn bodies(&self) -> Vec<Value> {
        self.sent().iter().filter_map(|sent| serde_json::from_str(sent.body.as_deref()?).ok()).collect()
    }

    /// When each request was sent, in seconds.
    pub fn times(&self) -> Vec<f64> {
        self.sent().iter().map(|sent| sent.at as f64 / 1000.0).collect()
    }

    /// The milliseconds from the end of each request to the next.
    pub fn pauses(&self) -> Vec<i64> {
        self.sent().windows(2).map(|pair| pair[1].at - pair[0].ended_at.unwrap()).collect()
    }

    /// How long each request was let run, in milliseconds.
    pub fn durations(&self) -> Vec<i64> {
        self.sent().iter().map(|sent| sent.ended_at.unwrap() - sent.at).collect()
    }

    pub fn submits(&self) -> usize {
        self.sent().iter().filter(|sent| sent.body.is_some()).count()
    }

    pub fn now(&self) -> i64 {
        self.0.now.get()
    }

    /// Sets the clock, between two calls.
    pub fn set_now(&self, now: i64) {
        self.0.now.set(now);
    }

    /// Sets what the coin shows; otherwise it lands in the middle.
    pub fn set_random(&self, random: f64) {
        self.0.random.set(Some(random));
    }

    /// Makes the host end every sleep this much too early.
    pub fn set_early(&self, ms: i64) {
        self.0.early.set(ms);
    }

    pub fn set_hidden(&self, hidden: bool) {
        self.0.hidden.set(hidden);
    }

    pub fn wake(&self) {
        self.0.wakes.set(self.0.wakes.get() + 1);
        self.0.sleepers.take().into_iter().for_each(Waker::wake);
    }

    /// Does something at a time, if a call still waits then.
    pub fn at(&self, ms: i64, what: impl FnOnce(&Self) + 'static) {
        let key = self.key(ms);
        self.0.timers.borrow_mut().insert(key, Due::Do(Box::new(what)));
    }

    /// Does something whenever a wait falls asleep.
    pub fn on_wait(&self, watch: impl FnMut(&Self, WaitSleep) + 'static) {
        *self.0.watching.borrow_mut() = Some(Box::new(watch));
    }

    /// Ends one sleep at a time before its own.
    pub fn end_early(&self, sleep: WaitSleep, at: i64) {
        self.at(at, move |server| {
            let due = server.0.timers.borrow_mut().remove(&sleep.key);
            if let Some(Due::Wake(waker)) = due {
                server.0.ended_early.borrow_mut().insert(sleep.key);
                waker.wake();
            }
        });
    }

    /// Resolves after this many milliseconds, for whoever outlives this borrow.
    pub fn alarm(&self, ms: i64) -> impl Future<Output = ()> + use<> {
        Sleep(self.clone(), self.key(self.now() + ms))
    }

    /// How many sleeps are open.
    pub fn open_sleeps(&self) -> usize {
        self.0.timers.borrow().values().filter(|due| matches!(due, Due::Wake(_))).count()
    }

    /// The output of a future, once the clock has gone as far as it needs.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let woken = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(woken.clone());
        loop {
            if woken.0.swap(false, Ordering::Relaxed)
                && let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return output;
            }
            if woken.0.load(Ordering::Relaxed) {
                continue;
            }
            let due = self.0.timers.borrow_mut().pop_first();
            let ((at, _), due) = due.expect("the call waits for something that never comes");
            self.0.now.set(self.now().max(at));
            match due {
                Due::Wake(waker) => waker.wake(),
                Due::Do(what) => what(self),
            }
        }
    }

    /// The error of a caller who ends the call after this many milliseconds.
    pub fn abort_after<F: Future>(&self, ms: i64, context: &CallContext<'_>, call: F) -> Error {
        assert!(self.run(race(call, self.alarm(ms))).is_none(), "it ended before");
        context.aborted()
    }

    async fn answer(&self, sent: &Sent) -> Answer {
        let mut answer = match &mut *self.0.answering.borrow_mut() {
            Some(answering) => answering(sent),
            None => self.0.answers.borrow_mut().pop_front().expect("a request nobody prepared an answer for"),
        };
        while let Answer::Late(ms, later) = answer {
            Sleep(self.clone(), self.key(self.now() + ms)).await;
            answer = *later;
        }
        answer
    }

    /// Takes note of a request.
    fn take(&self, request: Request<'_>) -> (Sent, InFlight) {
        let to_vendor = request.url.starts_with("https://api.midapi.ai/");
        let token = self.0.token.borrow();
        let key = if to_vendor { Some(KEY) } else { token.as_deref() };
        assert_eq!(request.key.map(Secret::expose), key, "the key of a request to {}", request.url);
        let sent = Sent {
            at: self.now(),
            url: request.url.to_owned(),
            body: request.body.map(str::to_owned),
            idempotency_key: request.idempotency_key.map(str::to_owned),
            ended_at: None,
        };
        let number = self.0.sent.borrow().len();
        self.0.sent.borrow_mut().push(sent.clone());
        (sent, InFlight(self.clone(), number))
    }

    fn key(&self, at: i64) -> (i64, u64) {
        self.0.numbers.set(self.0.numbers.get() + 1);
        (at, self.0.numbers.get())
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A sleep that ends when it is dropped.
struct Sleep(Server, (i64, u64));

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0.now() >= self.1.0 || self.0.0.ended_early.borrow().contains(&self.1) {
            return Poll::Ready(());
        }
        self.0.0.timers.borrow_mut().insert(self.1, Due::Wake(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.0.0.timers.borrow_mut().remove(&self.1);
    }
}

/// Takes note of the end of a request, however it ends.
struct InFlight(Server, usize);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.0.sent.borrow_mut()[self.1].ended_at = Some(self.0.now());
    }
}

impl Transport for Server {
    async fn send(&self, request: Request<'_>) -> Result<Reply, NoReply> {
        let (sent, _in_flight) = self.take(request);
        match self.answer(&sent).await {
            Answer::Reply { status, retry_after, body } => Ok(Reply { status, retry_after, body }),
            answer => Err(answer.no_reply().await),
        }
    }

    fn can_open(&self) -> bool {
        self.0.can_open.get()
    }

    async fn open(&self, request: Request<'_>) -> Result<OpenReply, NoReply> {
        let (sent, in_flight) = self.take(request);
        match self.answer(&sent).await {
            Answer::Stream(stream) => {
                let reading = Reading(stream);
                let body = poll_fn(move |context| {
                    let _ = &in_flight;
                    reading.0.poll(context)
                });
                Ok(OpenReply { status: 200, body: body.boxed_local() })
            }
            Answer::Reply { status, body, .. } => {
                let body = futures_util::stream::iter([body.into_bytes()]);
                Ok(OpenReply { status, body: body.boxed_local() })
            }
            answer => Err(answer.no_reply().await),
        }
    }
}

impl Downloads for Server {
    type Body = Vec<u8>;

    async fn get(&self, url: &str, max_bytes: u64) -> Result<FileReply<Vec<u8>>, NoReply> {
        let sent = Sent { at: self.now(), url: url.to_owned(), body: None, idempotency_key: None, ended_at: None };
        let number = self.0.sent.borrow().len();
        self.0.sent.borrow_mut().push(sent.clone());
        let _in_flight = InFlight(self.clone(), number);
        match self.answer(&sent).await {
            Answer::Reply { status, retry_after, .. } => {
                Ok(FileReply { status, retry_after, url: None, head: Vec::new(), body: None })
            }
            Answer::File { url, bytes } => {
                let head = bytes.iter().copied().take(FileKind::HEAD_BYTES).collect();
                let body = (bytes.len() as u64 <= max_bytes).then_some(bytes);
                Ok(FileReply { status: 200, retry_after: None, url: Some(url), head, body })
            }
            answer => Err(answer.no_reply().await),
        }
    }
}

impl Timer for Server {
    fn now(&self) -> i64 {
        self.0.now.get()
    }

    fn sleep(&self, ms: u32) -> impl Future<Output = ()> {
        let ms = i64::from(ms);
        let key = self.key(self.now() + (ms - self.0.early.get()).max(ms.min(1)));
        self.0.last_sleep.set(key);
        Sleep(self.clone(), key)
    }

    fn random(&self) -> f64 {
        self.0.random.get().unwrap_or(0.5)
    }

    fn hidden(&self) -> bool {
        self.0.hidden.get()
    }

    fn woken(&self) -> impl Future<Output = ()> {
        let before = self.0.wakes.get();
        // What can be woken is a wait, and falls asleep now.
        let watching = self.0.watching.borrow_mut().take();
        if let Some(mut watch) = watching {
            watch(self, WaitSleep { key: self.0.last_sleep.get() });
            *self.0.watching.borrow_mut() = Some(watch);
        }
        std::future::poll_fn(move |context| {
            if self.0.wakes.get() != before {
                return Poll::Ready(());
            }
            self.0.sleepers.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
    }
}
