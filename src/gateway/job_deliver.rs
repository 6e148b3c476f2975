//! The callback to a job's caller.

use wasm_bindgen::JsValue;

use super::config::Gateway;
use super::host::FETCH;
use super::job_alarm::log;
use super::job_record::record_of;
use super::job_storage::JobStorage;
use super::streams::leave;
use super::webhook::SignedHeaders;
use crate::client::{Timer, race};
use crate::core::callback_body;
use crate::url::Url;
use crate::web::HostTimer;

/// How long a receiver has: as the vendor gives it.
const TIMEOUT_MS: u32 = 15_000;

/// Posts the callback of a job that has ended to where its caller wants it, if it is still allowed there.
pub async fn deliver(storage: &JobStorage, gateway: &Gateway) -> Result<(), JsValue> {
    let Some(mut job) = storage.load()? else { return Ok(()) };
    let Some((url, number)) = job.next_delivery().map(|(url, number)| (url.to_owned(), number)) else { return Ok(()) };
    let token = gateway.tokens.iter().find(|token| ["token:", token.name.as_str()].concat() == job.caller);
    let host = Url::parse(&url).map(|url| url.hostname().to_owned()).unwrap_or_default();
    let allowed = token.filter(|token| token.callback_hosts.iter().any(|known| known.as_str() == host));
    let (Some(token), Ok(record)) = (allowed, record_of(gateway, &job)) else {
        job.give_up_delivery();
        storage.save(&job)?;
        return log(&job, "callback given up", None, Some(format!("{host} isn't allowed any more")));
    };
    let body = callback_body(&record);
    let now_s = HostTimer.now() / 1000;
    let headers = SignedHeaders::new(token.callback_secret.as_ref(), &job.id, &body, now_s);
    let posted = race(FETCH.fetch(&url, &headers.pairs(), Some(&body)), HostTimer.sleep(TIMEOUT_MS)).await;
    let response = posted.and_then(Result::ok);
    if let Some(response) = &response {
        leave(response.body());
    }
    let status = response.map(|response| response.status());
    let received = status.is_some_and(|status| (200..300).contains(&status));
    let Some(mut job) = storage.load()? else { return Ok(()) };
    job.finish_delivery(received, HostTimer.now());
    storage.save(&job)?;
    let answer = status.map_or("no answer".to_owned(), |status| status.to_string());
    let event = if received { "callback received" } else { "callback not received" };
    log(&job, event, None, Some(format!("try {number} to {host}: {answer}")))
}
