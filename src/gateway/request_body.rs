use serde::de::IgnoredAny;
use web_sys::Request;

use super::uploads;
use crate::client::{Timer, race};
use crate::core::Error;
use crate::web::{HostTimer, Unreadable, read_bytes};

/// The longest body a caller may send: many times the longest prompt with a handful of links.
const MAX_BYTES: usize = 64 * 1024;

/// How much more is read and thrown away: a caller who is still sending doesn't hear the refusal.
const MAX_DRAINED_BYTES: usize = 4 * 1024 * 1024;

/// How long a body may take.
const TIMEOUT_MS: u32 = 10_000;

/// How long the body of an upload may take.
const UPLOAD_TIMEOUT_MS: u32 = 60_000;

/// The bytes of a body.
#[derive(Debug)]
pub struct Body(pub Vec<u8>);

impl Body {
    /// The text they are.
    pub fn into_text(self) -> Result<String, Error> {
        let text = String::from_utf8(self.0).map_err(|_| unreadable(400, "must be UTF-8"))?;
        // Some programs put a byte order mark in front. It means nothing.
        Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
    }
}

/// The body of a request. It is read before anything else is looked at, as an unread one costs the connection.
pub async fn read_body(request: &Request, is_upload: bool) -> Result<Body, Error> {
    let (most, timeout) = if is_upload { (uploads::MOST_BYTES, UPLOAD_TIMEOUT_MS) } else { (MAX_BYTES, TIMEOUT_MS) };
    // Without one nothing is waited for, and no timer is set.
    let Some(body) = request.body() else { return Ok(Body(Vec::new())) };
    let reading = read_bytes(Some(body), most, MAX_DRAINED_BYTES);
    let Some(read) = race(reading, HostTimer.sleep(timeout)).await else {
        return Err(unreadable(408, &format!("must arrive within {} s", timeout / 1000)));
    };
    read.map(Body).map_err(|reason| match reason {
        Unreadable::Overlong => unreadable(413, &format!("must be at most {most} bytes")),
        Unreadable::Broken => unreadable(400, "broke off before its end"),
    })
}

/// Refuses a body that is no JSON, or isn't said to be.
pub fn check_json(request: &Request, text: &str) -> Result<(), Error> {
    // A page of another origin can send any body, but not with this type: its browser asks first, and is refused.
    let content_type = request.headers().get("Content-Type").ok().flatten().unwrap_or_default();
    if !content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(unreadable(415, "must be sent with Content-Type: application/json"));
    }
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(()),
        Err(_) => Err(unreadable(400, "must be JSON")),
    }
}

/// The refusal of a body, with the status of the answer.
pub fn unreadable(code: i64, must: &str) -> Error {
    Error::invalid("body", must).with(|error| error.code = Some(code))
}
