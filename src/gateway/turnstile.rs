//! Asks Turnstile whether a person is at the page that wants a session.

use gloo_timers::future::TimeoutFuture;

use super::access::forbidden;
use super::config::Sessions;
use crate::client::{Request, Transport, race};
use crate::core::json::{Json, Object, Writer};
use crate::core::{Error, Operation, Secret};
use crate::policy::Origin;
use crate::web::Fetch;

const VERIFIER: &str = "https://challenges.cloudflare.com/turnstile/v0/siteverify";
const TIMEOUT_MS: u32 = 10_000;

/// Refuses a token that Turnstile doesn't know, has seen before, or gave to a page of another host.
pub async fn check(sessions: &Sessions, secret: &Secret, body: &str, connecting_ip: Option<&str>) -> Result<(), Error> {
    let token = Object::parse(body).and_then(|body| body.text("turnstile")).unwrap_or_default();
    let invalid = || forbidden("turnstile", "must be a fresh token of Turnstile's, from this page");
    if token.is_empty() || token.len() > 2048 {
        return Err(invalid());
    }
    let question = Writer::new()
        .text("secret", Some(secret.expose()))
        .text("response", Some(&token))
        .text("remoteip", connecting_ip)
        .end();
    let request = Request { url: VERIFIER, body: Some(&question), key: None, idempotency_key: None };
    let answer = race(Fetch.send(request), TimeoutFuture::new(TIMEOUT_MS)).await;
    // A verifier that is down says nothing about the person.
    let down = || Error::refused(Operation::Read, 503, "turnstile: can't be asked right now; try again".to_owned());
    let answer = answer.and_then(Result::ok).filter(|answer| answer.status < 500).ok_or_else(down)?;
    let answer = Object::parse(&answer.body).ok_or_else(down)?;
    let success = answer.given("success").and_then(Json::boolean).ok_or_else(down)?;
    let host = answer.text("hostname").unwrap_or_default();
    let of_ours = |origin: &Origin| origin.as_str().split_once("://").is_some_and(|(_, rest)| hostname(rest) == host);
    if success && sessions.origins.iter().any(of_ours) { Ok(()) } else { Err(invalid()) }
}

/// A host without its port.
fn hostname(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}
