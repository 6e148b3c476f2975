//! A server made of prepared answers and a clock that jumps: every test of the client runs without waiting.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use midapi::client::{Client, NoReply, Reply, Request, Timer, Transport};
use midapi::core::{Endpoint, Secret};
use serde_json::{Value, json};

pub const KEY: &str = "secret-key-0123456789";

/// What the server does with one request.
pub enum Answer {
    Json(u16, Value),
    Paced(u32, Value),
    NotJson(u16),
    /// Refused until a later time, as the header says.
    Busy(&'static str),
    Refused,
    Reset,
    Silence,
}

/// The answer of success.
pub fn ok(data: Value) -> Answer {
    Answer::Json(200, json!({ "code": 200, "msg": "success", "data": data }))
}

/// A refusal inside HTTP 200, as the vendor sends it.
pub fn refusal(code: i64) -> Answer {
    Answer::Json(200, json!({ "code": code, "msg": format!("because {code}"), "data": null }))
}

/// The record of a task in the given state.
pub fn record(flag: i64) -> Value {
    let results = json!({ "resultUrls": [{ "resultUrl": "https://example.com/1.jpg" }] });
    json!({ "taskId": "a", "successFlag": flag, "resultInfoJson": if flag == 1 { results } else { Value::Null } })
}

#[derive(Clone, Default)]
pub struct Server(Rc<Inner>);

#[derive(Default)]
struct Inner {
    answers: RefCell<VecDeque<Answer>>,
    sent: RefCell<Vec<(i64, String, Option<String>)>>,
    keys: RefCell<Vec<String>>,
    now: Cell<i64>,
}

impl Server {
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let server = Self::default();
        server.0.answers.borrow_mut().extend(answers);
        server
    }

    pub fn client(&self) -> Client<Self, Self> {
        self.client_of("https://vendor.example/api/v1/mj")
    }

    /// A client of this endpoint, whichever it is.
    pub fn client_of(&self, endpoint: &str) -> Client<Self, Self> {
        let endpoint = Endpoint::new(endpoint, true).unwrap();
        Client::new(self.clone(), self.clone(), endpoint, Some(Secret::new(KEY).unwrap()))
    }

    /// The paths of what was sent.
    pub fn paths(&self) -> Vec<String> {
        let sent = self.0.sent.borrow();
        sent.iter().map(|(_, url, _)| url.rsplit('/').next().unwrap().to_owned()).collect()
    }

    /// The bodies of what was posted.
    pub fn bodies(&self) -> Vec<Value> {
        let sent = self.0.sent.borrow();
        sent.iter().filter_map(|(_, _, body)| serde_json::from_str(body.as_deref()?).ok()).collect()
    }

    /// When each request was sent, in seconds.
    pub fn times(&self) -> Vec<f64> {
        self.0.sent.borrow().iter().map(|(at, ..)| *at as f64 / 1000.0).collect()
    }

    pub fn submits(&self) -> usize {
        self.0.sent.borrow().iter().filter(|(_, _, body)| body.is_some()).count()
    }

    /// The idempotency keys that came with requests.
    pub fn keys(&self) -> Vec<String> {
        self.0.keys.borrow().clone()
    }

    pub fn now(&self) -> i64 {
        self.0.now.get()
    }
}

impl Transport for Server {
    async fn send(&self, request: Request<'_>) -> Result<Reply, NoReply> {
        assert_eq!(request.key.map(Secret::expose), Some(KEY));
        self.0.keys.borrow_mut().extend(request.idempotency_key.map(str::to_owned));
        self.0.sent.borrow_mut().push((self.now(), request.url.to_owned(), request.body.map(str::to_owned)));
        let answer = self.0.answers.borrow_mut().pop_front().expect("a request nobody prepared an answer for");
        match answer {
            Answer::Json(status, body) => Ok(Reply { status, retry_after: None, body: body.to_string() }),
            Answer::Busy(header) => {
                Ok(Reply { status: 429, retry_after: Some(header.to_owned()), body: String::new() })
            }
            Answer::Paced(seconds, data) => {
                let body = json!({ "code": 200, "msg": "success", "data": data });
                Ok(Reply { status: 200, retry_after: Some(seconds.to_string()), body: body.to_string() })
            }
            Answer::NotJson(status) => Ok(Reply { status, retry_after: None, body: "<html>".to_owned() }),
            Answer::Refused => Err(NoReply { source: "connection refused".into(), unsent: true }),
            Answer::Reset => Err(NoReply { source: "connection reset".into(), unsent: false }),
            Answer::Silence => std::future::pending().await,
        }
    }
}

impl Timer for Server {
    fn now(&self) -> i64 {
        self.0.now.get()
    }

    async fn sleep(&self, ms: u32) {
        self.0.now.set(self.0.now.get() + i64::from(ms));
    }

    /// The coin always falls in the middle.
    fn random(&self) -> f64 {
        0.5
    }
}

/// The output of a future that, over a fake server, never really waits.
pub fn run<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the call waits for something that never comes"),
    }
}
