use futures_channel::oneshot;
use serde_json::value::RawValue;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::archive::begin_archive;
use super::config::{Gateway, gateway};
use super::handler_error::HandlerError;
use super::job_record::record_of;
use super::job_reply::{UpstreamUsage, unknown_task};
use super::job_storage::JobStorage;
use super::message;
use crate::client::{Timer, race};
use crate::core::job::{Job, JobState};
use crate::core::{Error, Handle, Record, public_param_json};
use crate::web::HostTimer;

/// How long whoever asks waits for a look that is under way.
const LONGEST_WAIT_MS: u32 = 2_000;

/// The record of a job's task for its caller, and in how many seconds another look is worthwhile. The vendor is asked if
/// it is time.
pub async fn look(
    storage: &JobStorage,
    env: &JsValue,
    caller: &str,
    usage: &mut UpstreamUsage,
) -> Result<(Box<RawValue>, Option<u32>), HandlerError> {
    let gateway = gateway(env)?;
    let is_theirs = |job: &Job| job.caller == caller && job.state() != JobState::Removed;
    let theirs = |job: Option<Job>| job.filter(is_theirs).ok_or_else(unknown_task);
    let job = theirs(storage.load()?)?;
    let (job, failure) = match storage.looking().filter(|_| !job.ended) {
        // It tells more than what was known before it.
        Some(look) => {
            if race(JsFuture::from(look), HostTimer.sleep(LONGEST_WAIT_MS)).await.is_none() {
                // It takes long, or has crashed: nobody else waits for it.
                storage.set_looking(None);
            }
            (storage.load()?, None)
        }
        None => ask_vendor(storage, &gateway, job, usage).await?,
    };
    let job = theirs(job)?;
    match failure {
        Some(error) if !job.ended => Err(error.into()),
        _ => Ok((message::data_of(&record_of(&gateway, &job)?)?, job.look_again_after(HostTimer.now()))),
    }
}

/// Asks the vendor about a job's task, if it is time. Returns the job as it is then, unless it was deleted meanwhile, and why
/// the vendor can't tell, if it can't.
pub async fn ask_vendor(
    storage: &JobStorage,
    gateway: &Gateway,
    mut job: Job,
    usage: &mut UpstreamUsage,
) -> Result<(Option<Job>, Option<Error>), JsValue> {
    let Some(vendor_id) = job.start_look(HostTimer.now()) else { return Ok((Some(job), None)) };
    storage.remember(&job)?;
    let (finished, look) = oneshot::channel::<()>();
    let look = future_to_promise(async move {
        let _ = look.await;
        Ok(JsValue::UNDEFINED)
    });
    storage.set_looking(Some(look));
    let found = usage.measure(gateway.client.record(&Handle::new(vendor_id))).await;
    storage.set_looking(None);
    let outcome = finish_look(storage, gateway, found);
    let _ = finished.send(());
    outcome
}

/// Writes down what a look has found, and returns what [`ask_vendor`] does. Much may have happened while the vendor was
/// asked: a callback, another look, the job's end.
fn finish_look(
    storage: &JobStorage,
    gateway: &Gateway,
    found: Result<(Record, Option<u32>), Error>,
) -> Result<(Option<Job>, Option<Error>), JsValue> {
    let Some(mut job) = storage.load()? else { return Ok((None, None)) };
    let (before, had_ended) = (job.version(), job.ended);
    let now = HostTimer.now();
    let failure = match found {
        Ok((record, look_again_after)) => {
            job.finish_look(public_record(gateway, &job.id, record)?, look_again_after, now);
            None
        }
        Err(error) => {
            job.fail_look(error.retry_after, now);
            Some(gateway.refused_by_vendor(error))
        }
    };
    if job.ended && !had_ended {
        begin_archive(gateway, &mut job, now);
    }
    // A task that goes on as before can be looked at again; to write it down each time is most of the work.
    if job.version() == before {
        storage.remember(&job)?;
    } else {
        storage.save(&job)?;
    }
    Ok((Some(job), failure))
}

/// A record as callers get it, and as it is kept: under the gateway's id, without what is nobody's business, and without
/// the key, should the vendor quote it.
fn public_record(gateway: &Gateway, id: &str, record: Record) -> Result<Record, JsValue> {
    let param_json = record.param_json.and_then(|request| public_param_json(&request));
    let mut text = message::encode(&Record { task_id: id.to_owned(), param_json, ..record })?;
    gateway.key.redact(&mut text);
    message::decode(&text)
}
