use std::fmt;
use std::pin::pin;

use futures_util::future::{Either, select};
use futures_util::stream::LocalBoxStream;

use crate::core::Secret;

/// What to send.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The absolute URL.
    pub url: &'a str,
    /// What it does.
    pub method: Method,
    /// The JSON body of a POST.
    pub body: Option<&'a str>,
    /// The key for the `Authorization: Bearer` header.
    pub key: Option<&'a Secret>,
    /// The value of the `Idempotency-Key` header.
    pub idempotency_key: Option<&'a str>,
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Asks.
    Get,
    /// Sends a body.
    Post,
    /// Deletes.
    Delete,
}

impl Method {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The `Retry-After` header, as it came.
    pub retry_after: Option<String>,
    /// The body.
    pub body: String,
}

/// A reply whose body is still to come.
pub struct OpenReply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: BodyStream,
}

impl fmt::Debug for OpenReply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OpenReply").field("status", &self.status).finish_non_exhaustive()
    }
}

/// The pieces of a body, as they come. One that breaks off ends.
pub type BodyStream = LocalBoxStream<'static, Vec<u8>>;

/// A call that got no reply.
#[derive(Debug)]
pub struct NoReply {
    /// The host's own reason.
    pub source: Box<dyn std::error::Error>,
    /// Whether it is certain that nothing reached the server, as when it refused the connection. Only then may a submit
    /// be sent again.
    pub unsent: bool,
}

/// Carries a request to a server. Dropping the future ends the request.
///
/// It must not follow redirects: they would carry the key to another host.
pub trait Transport {
    /// Sends the request and reads the whole reply.
    fn send(&self, request: Request<'_>) -> impl Future<Output = Result<Reply, NoReply>>;

    /// Whether this transport can [`open`](Self::open) replies. Without that, tasks are looked at on schedule.
    fn can_open(&self) -> bool {
        false
    }

    /// Sends the request, and returns the reply as soon as it begins, such as a stream of server-sent events. Dropping the
    /// body ends it.
    fn open(&self, _request: Request<'_>) -> impl Future<Output = Result<OpenReply, NoReply>> {
        std::future::ready(Err(NoReply { source: "this transport opens no replies".into(), unsent: true }))
    }

    /// The origin that a request to this URL comes from, where the server may refuse it and the host doesn't tell: in a
    /// page, if the server is another's.
    fn foreign_origin(&self, _url: &str) -> Option<String> {
        None
    }
}

/// A clock, a coin, a way to wait, and whether anybody is there to see what comes.
pub trait Timer {
    /// Milliseconds since 1970.
    fn now(&self) -> i64;

    /// Waits this many milliseconds. Dropping a sleep ends it.
    fn sleep(&self, ms: u32) -> impl Future<Output = ()>;

    /// A random number in [0, 1).
    fn random(&self) -> f64;

    /// Whether nobody can see what this program shows, as in a hidden tab: then waits look more rarely.
    fn hidden(&self) -> bool {
        false
    }

    /// Resolves when somebody looks again or the network is back: then waits look at once.
    fn woken(&self) -> impl Future<Output = ()> {
        std::future::pending()
    }
}

/// The future's output, or `None` if `end` comes first; then the future is dropped and with it all it waits for.
pub async fn race<F: Future>(future: F, end: impl Future<Output = ()>) -> Option<F::Output> {
    match select(pin!(future), pin!(end)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}
