use crate::core::{Json, Secret};

/// What a call sends.
#[derive(Debug)]
pub struct Request<'a> {
    /// The absolute URL.
    pub url: String,
    /// The JSON body of a POST; without one it is a GET.
    pub body: Option<String>,
    /// The key for the `Authorization` header.
    pub key: Option<&'a Secret>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply<J> {
    /// The HTTP status.
    pub status: u16,
    /// The `Retry-After` header, in seconds.
    pub retry_after: Option<u32>,
    /// The body, or `None` if it isn't JSON.
    pub body: Option<J>,
}

/// A call that got no reply, with the host's own reason.
#[derive(Debug)]
pub struct NoReply(pub Box<dyn std::error::Error>);

/// Carries a request to a server. Dropping the future ends the request.
///
/// It must not follow redirects: they would carry the key to another host.
pub trait Transport {
    /// The host's JSON values.
    type Json: Json;

    /// Sends the request and reads the whole reply.
    fn send(&self, request: Request<'_>) -> impl Future<Output = Result<Reply<Self::Json>, NoReply>>;
}

/// A clock and a way to wait. Dropping a sleep ends it.
pub trait Timer {
    /// Milliseconds since 1970.
    fn now(&self) -> i64;

    /// Waits.
    fn sleep(&self, ms: u32) -> impl Future<Output = ()>;
}
