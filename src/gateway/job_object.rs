//! The Durable Object of one job: it drives [`Job`](super::job::Job) over its own storage, the ledger and the vendor. What it
//! is about to do is written down before it does it; the runtime lets nothing out of an object before that is on disk.

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::config::gateway;
use super::handler_error::HandlerError;
use super::job::{Job, SUBMIT_LEASE_MS};
use super::job_look::look;
use super::job_reply::{JobReply, UpstreamUsage};
use super::job_storage::JobStorage;
use super::job_submit::{settle, submit};
use super::message;
use super::stub::LedgerStub;
use crate::client::Timer;
use crate::core::{Callback, Handle};
use crate::web::HostTimer;

/// When an alarm that failed rings again.
const ALARM_RETRY_MS: i64 = 60_000;

/// Takes a [`SubmitOrder`](super::submit_order::SubmitOrder), and answers with a [`JobReply`].
#[wasm_bindgen]
pub async fn job_submit(storage: JobStorage, env: JsValue, order: String) -> Result<String, JsValue> {
    let order = message::decode(&order)?;
    let mut usage = UpstreamUsage::default();
    let outcome = submit(&storage, &env, &order, &mut usage).await;
    reply(outcome, usage)
}

/// Looks at the task, for the caller whose it is, and answers with a [`JobReply`].
#[wasm_bindgen]
pub async fn job_look(storage: JobStorage, env: JsValue, caller: String) -> Result<String, JsValue> {
    let mut usage = UpstreamUsage::default();
    let outcome = look(&storage, &env, &caller, &mut usage).await;
    reply(outcome, usage)
}

fn reply(outcome: Result<(Box<RawValue>, Option<u32>), HandlerError>, usage: UpstreamUsage) -> Result<String, JsValue> {
    let (outcome, look_again_after) = match outcome {
        Ok((data, look_again_after)) => (Ok(data), look_again_after),
        Err(HandlerError::Refused(error)) => (Err(error), None),
        Err(HandlerError::Runtime(thrown)) => return Err(thrown),
    };
    message::encode(&JobReply { outcome, look_again_after, usage })
}

/// What a change of this job's task has to know of it, for the caller whose it is: a
/// [`ParentTask`](super::job::ParentTask) or null.
#[wasm_bindgen]
pub fn job_parent(storage: JobStorage, caller: &str) -> Result<String, JsValue> {
    let job = storage.load()?.filter(|job| job.caller == caller);
    message::encode(&job.and_then(Job::into_parent))
}

/// The vendor calls back, with the token it was given: whether that is this job's. What it posts is looked into by the
/// alarm, as it waits for an answer.
#[wasm_bindgen]
pub fn job_called_back(storage: JobStorage, token: &str, body: &str) -> Result<bool, JsValue> {
    let sent = Sha256::digest(token);
    // Hashes are compared, so that the time it takes tells nothing of the right token.
    let Some(mut job) = storage.load()?.filter(|job| Sha256::digest(&job.callback_token) == sent) else {
        return Ok(false);
    };
    job.called_back(Callback::parse(body).ok().map(|callback| callback.task_id().to_owned()));
    storage.save(&job)?;
    if job.claim().is_some() {
        storage.set_alarm(HostTimer.now())?;
    }
    Ok(true)
}

/// Takes note that nobody drives this job any more: its object was started anew, or the module crashed. Whatever was
/// under way is over, and the alarm rings at once to settle it.
#[wasm_bindgen]
pub fn job_abandoned(storage: JobStorage) -> Result<(), JsValue> {
    let Some(mut job) = storage.load()?.filter(|job| job.spent().is_none()) else { return Ok(()) };
    job.abandon();
    storage.save(&job)?;
    storage.set_alarm(HostTimer.now())
}

/// Wakes up after a submit that should be over: finishes what a killed one has left.
#[wasm_bindgen]
pub async fn job_alarm(storage: JobStorage, env: JsValue) -> Result<(), JsValue> {
    let Some(mut job) = storage.load()? else { return Ok(()) };
    let due = job.created_at + SUBMIT_LEASE_MS;
    if job.spent().is_none() && HostTimer.now() < due {
        return storage.set_alarm(due);
    }
    job.abandon();
    storage.save(&job)?;
    let finished = finish(&storage, &env, &job).await;
    let Some(job) = storage.load()?.filter(|job| job.spent().is_some()) else {
        // Another try has begun meanwhile, with an alarm of its own.
        return Ok(());
    };
    // The runtime by itself rings only a few times more after a failure.
    match finished {
        Ok(()) if HostTimer.now() >= job.kept_until() => storage.clear().await,
        Ok(()) => storage.set_alarm(job.kept_until()),
        Err(_) => storage.set_alarm(HostTimer.now() + ALARM_RETRY_MS),
    }
}

/// Settles what is over, and looks into what a callback has claimed.
async fn finish(storage: &JobStorage, env: &JsValue, job: &Job) -> Result<(), JsValue> {
    settle(storage, &LedgerStub::new(env)?).await?;
    let Some(claimed) = job.claim() else { return Ok(()) };
    let gateway = gateway(env).map_err(|error| JsValue::from_str(&error.message))?;
    let found = match gateway.client.record(&Handle::new(claimed)).await {
        Ok((record, _)) => Some(record),
        Err(error) if error.retryable() => return Err(JsValue::from_str("the vendor can't be asked right now")),
        Err(_) => None,
    };
    let Some(mut job) = storage.load()? else { return Ok(()) };
    job.verify_claim(found.as_ref());
    storage.save(&job)
}
