//! Asks Turnstile whether a person is at the page that wants a session.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::access::forbidden;
use super::config::Sessions;
use super::host::FETCH;
use crate::client::{Method, Request, Timer, Transport, race};
use crate::core::{Error, Operation, Secret};
use crate::policy::Origin;
use crate::url::Url;
use crate::web::HostTimer;

const VERIFIER: &str = "https://challenges.cloudflare.com/turnstile/v0/siteverify";
const TIMEOUT_MS: u32 = 10_000;

/// The body of a request for a session.
#[derive(Default, Deserialize)]
struct SessionRequest {
    #[serde(default)]
    turnstile: String,
}

/// What Turnstile is asked.
#[skip_serializing_none]
#[derive(Serialize)]
struct VerifyRequest<'a> {
    secret: &'a str,
    response: &'a str,
    remoteip: Option<&'a str>,
}

/// What it answers.
#[derive(Deserialize)]
struct VerifyResponse {
    success: bool,
    /// The host of the page that got the token.
    hostname: Option<String>,
}

/// Refuses a token that Turnstile doesn't know, has seen before, or gave to a page of another host.
pub async fn check(sessions: &Sessions, secret: &Secret, body: &str, connecting_ip: Option<&str>) -> Result<(), Error> {
    let SessionRequest { turnstile: token } = serde_json::from_str(body).unwrap_or_default();
    let invalid = || forbidden("turnstile", "must be a fresh token of Turnstile's, from this page");
    if token.is_empty() || token.len() > 2048 {
        return Err(invalid());
    }
    let question = VerifyRequest { secret: secret.expose(), response: &token, remoteip: connecting_ip };
    // Texts are always JSON.
    let question = serde_json::to_string(&question).unwrap_or_default();
    let request =
        Request { method: Method::Post, url: VERIFIER, body: Some(&question), key: None, idempotency_key: None };
    let answer = race(FETCH.send(request), HostTimer.sleep(TIMEOUT_MS)).await;
    // A verifier that is down says nothing about the person.
    let down = || Error::refused(Operation::Read, 503, "turnstile: can't be asked right now; try again".to_owned());
    let answer = answer.and_then(Result::ok).filter(|answer| answer.status < 500).ok_or_else(down)?;
    let VerifyResponse { success, hostname: host } = serde_json::from_str(&answer.body).map_err(|_| down())?;
    let of_ours = |origin: &Origin| host.as_deref() == Url::parse(origin.as_str()).as_ref().map(Url::hostname);
    if success && host.is_some() && sessions.origins.iter().any(of_ours) { Ok(()) } else { Err(invalid()) }
}
