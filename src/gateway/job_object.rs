//! The Durable Object of one job: it drives [`Job`](crate::core::job::Job) over its own storage, the ledger, the caller's list and
//! the vendor. What it is about to do is written down before it does it; the runtime lets nothing out of an object before that is
//! on disk.

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::handler_error::HandlerError;
use super::job_alarm::{BROKEN_OFF, log, perform_duties};
use super::job_look::look;
use super::job_remove::remove;
use super::job_reply::{JobReply, UpstreamUsage};
use super::job_storage::JobStorage;
use super::job_submit::submit;
use super::message;
use super::submit_order::SubmitOrder;
use crate::client::Timer;
use crate::core::job::Job;
use crate::core::{Billed, Callback};
use crate::web::HostTimer;

/// When an alarm that failed rings again.
const ALARM_RETRY_MS: i64 = 60_000;

/// Takes a [`SubmitOrder`](super::submit_order::SubmitOrder), and answers with a [`JobReply`].
#[wasm_bindgen]
pub async fn job_submit(storage: JobStorage, env: JsValue, order: String) -> Result<String, JsValue> {
    let order: SubmitOrder = message::decode(&order)?;
    let mut usage = UpstreamUsage::default();
    let outcome = submit(&storage, &env, &order, &mut usage).await;
    if let Err(HandlerError::Refused(error)) = &outcome
        && error.billed == Billed::No
    {
        usage.refused(order.credits);
    }
    reply(outcome, usage)
}

/// Looks at the task, for the caller whose it is, and answers with a [`JobReply`].
#[wasm_bindgen]
pub async fn job_look(storage: JobStorage, env: JsValue, caller: String) -> Result<String, JsValue> {
    let mut usage = UpstreamUsage::default();
    let outcome = look(&storage, &env, &caller, &mut usage).await;
    reply(outcome, usage)
}

/// Deletes the task and its files, for the caller whose it is, and answers with a [`JobReply`].
#[wasm_bindgen]
pub async fn job_remove(storage: JobStorage, env: JsValue, caller: String) -> Result<String, JsValue> {
    let outcome = remove(&storage, &env, &caller).await.map(|data| (data, None));
    reply(outcome, UpstreamUsage::default())
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
/// [`ParentTask`](crate::core::job::ParentTask) or null.
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
    job.called_back(Callback::parse(body).ok().map(|callback| callback.task_id().to_owned()), HostTimer.now());
    storage.save(&job)?;
    Ok(true)
}

/// Takes note that nobody drives this job any more: its object was started anew, or the module crashed. Whatever was
/// under way is over, and the alarm rings at once to settle it.
#[wasm_bindgen]
pub fn job_abandoned(storage: JobStorage) -> Result<(), JsValue> {
    let Some(mut job) = storage.load()?.filter(|job| job.spent().is_none()) else { return Ok(()) };
    job.abandon();
    storage.save(&job)?;
    log(&job, BROKEN_OFF, None, None)
}

/// Wakes up to do what is to be done for the job now.
#[wasm_bindgen]
pub async fn job_alarm(storage: JobStorage, env: JsValue) -> Result<(), JsValue> {
    storage.has_rung();
    match perform_duties(&storage, &env).await {
        Ok(()) => Ok(()),
        // The runtime by itself rings only a few times more after a failure.
        Err(_) => job_alarm_failed(storage),
    }
}

/// Takes note that the alarm broke off, as by a crash: it rings again in a while.
#[wasm_bindgen]
pub fn job_alarm_failed(storage: JobStorage) -> Result<(), JsValue> {
    storage.has_rung();
    storage.ring_at(HostTimer.now() + ALARM_RETRY_MS)
}
