//! What a job's alarm does: one duty after the other, until none is due.

use serde::Serialize;
use serde_with::skip_serializing_none;
use wasm_bindgen::JsValue;

use super::archive::copy;
use super::bucket::Bucket;
use super::config::{Gateway, gateway};
use super::host::console_log;
use super::job_announce::announce;
use super::job_deliver::deliver;
use super::job_look::ask_vendor;
use super::job_remove::{erase, forget};
use super::job_reply::UpstreamUsage;
use super::job_storage::JobStorage;
use super::job_submit::settle;
use super::message;
use super::stub::LedgerStub;
use crate::client::Timer;
use crate::core::Handle;
use crate::core::job::{CopyOutcome, Duty, Job, JobState};
use crate::web::HostTimer;

/// For how long duties are begun before the alarm is set anew: a call that takes longer than two minutes is given up.
const LONGEST_ALARM_MS: i64 = 45_000;

/// When the alarm rings again while the gateway is set up wrongly.
const MISCONFIGURED_RETRY_MS: i64 = 60_000;

/// What the log says of a job whose submit nobody drives any more. Its request may have no line of its own.
pub const BROKEN_OFF: &str = "broken off";

/// The log's line of something that a job has done by itself.
#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JobLine<'a> {
    job: &'a str,
    event: &'static str,
    state: JobState,
    upstream_ms: Option<i64>,
    reason: Option<String>,
}

/// Does what is due for the job, and sets the alarm for the next time.
pub async fn perform_duties(storage: &JobStorage, env: &JsValue) -> Result<(), JsValue> {
    let stop_at = HostTimer.now() + LONGEST_ALARM_MS;
    loop {
        let Some(job) = storage.load()? else { return Ok(()) };
        let (duty, due) = job.next_duty();
        let now = HostTimer.now();
        if due > now || now >= stop_at {
            return storage.ring_at(due.max(now));
        }
        match gateway(env) {
            Ok(gateway) => perform(storage, env, &gateway, duty, job).await?,
            Err(_) => return storage.ring_at(now + MISCONFIGURED_RETRY_MS),
        }
    }
}

async fn perform(
    storage: &JobStorage,
    env: &JsValue,
    gateway: &Gateway,
    duty: Duty,
    mut job: Job,
) -> Result<(), JsValue> {
    match duty {
        Duty::Abandon => {
            job.abandon();
            storage.save(&job)?;
            log(&job, BROKEN_OFF, None, None)
        }
        Duty::Settle => hold_unless(storage, settle(storage, &LedgerStub::new(env)?).await),
        Duty::Erase => hold_unless(storage, erase(storage, env, &job).await),
        Duty::Announce => hold_unless(storage, announce(storage, env, gateway).await),
        Duty::CheckClaim => hold_unless(storage, check_claim(storage, gateway, &job).await),
        Duty::Look => {
            let mut usage = UpstreamUsage::default();
            let (job, failure) = ask_vendor(storage, gateway, job, &mut usage).await?;
            let Some(job) = job else { return Ok(()) };
            let reason = failure.map(|error| error.message.clone());
            log(&job, "look", usage.upstream_ms, reason)
        }
        Duty::Copy => copy_next(storage, env, gateway, job).await,
        Duty::Deliver => deliver(storage, gateway).await,
        Duty::Forget => forget(storage, env, &job).await,
    }
}

fn hold_unless(storage: &JobStorage, done: Result<(), JsValue>) -> Result<(), JsValue> {
    if done.is_ok() {
        return Ok(());
    }
    let Some(mut job) = storage.load()? else { return Ok(()) };
    job.hold(HostTimer.now());
    storage.save(&job)
}

/// Looks into what a callback has claimed for a job of unknown outcome.
async fn check_claim(storage: &JobStorage, gateway: &Gateway, job: &Job) -> Result<(), JsValue> {
    let Some(claimed) = job.claim() else { return Ok(()) };
    let found = match gateway.client.record(&Handle::new(claimed)).await {
        Ok((record, _)) => Some(record),
        Err(error) if error.retryable() => return Err(JsValue::from_str("the vendor can't be asked right now")),
        Err(_) => None,
    };
    let Some(mut job) = storage.load()? else { return Ok(()) };
    job.verify_claim(found.as_ref(), HostTimer.now());
    storage.save(&job)
}

async fn copy_next(storage: &JobStorage, env: &JsValue, gateway: &Gateway, mut job: Job) -> Result<(), JsValue> {
    let Some(file) = job.next_copy(HostTimer.now()) else { return storage.save(&job) };
    let outcome = match (Bucket::of(env), &gateway.archive) {
        (Some(bucket), Some(rules)) => copy(&bucket, rules, &job, &file).await,
        _ => CopyOutcome::Failed,
    };
    let event = match &outcome {
        CopyOutcome::Stored { .. } => "copied",
        CopyOutcome::Refused(_) => "copy refused",
        CopyOutcome::Failed => "copy failed",
    };
    let reason = if let CopyOutcome::Refused(reason) = &outcome { Some(reason.clone()) } else { None };
    let is_wanted = |job: &Job| job.archived_files().len() >= file.number;
    // Its caller may have deleted it meanwhile. Then the copy is erased next.
    let Some(mut job) = storage.load()?.filter(is_wanted) else { return Ok(()) };
    job.finish_copy(file.number, outcome, HostTimer.now());
    storage.save(&job)?;
    log(&job, event, None, reason)
}

/// Writes the log's line of something that a job has done by itself.
pub fn log(job: &Job, event: &'static str, upstream_ms: Option<i64>, reason: Option<String>) -> Result<(), JsValue> {
    let line = JobLine { job: &job.id, event, state: job.state(), upstream_ms, reason };
    console_log(&message::encode(&line)?);
    Ok(())
}
