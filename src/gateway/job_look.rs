use serde_json::value::RawValue;
use wasm_bindgen::JsValue;

use super::config::{Gateway, gateway};
use super::handler_error::HandlerError;
use super::job::Job;
use super::job_reply::{UpstreamUsage, unknown_task};
use super::job_storage::JobStorage;
use super::message;
use crate::client::Timer;
use crate::core::{Handle, Record, public_param_json};
use crate::web::HostTimer;

/// The record of a job's task, and in how many seconds another look is worthwhile.
pub async fn look(
    storage: &JobStorage,
    env: &JsValue,
    caller: &str,
    usage: &mut UpstreamUsage,
) -> Result<(Box<RawValue>, Option<u32>), HandlerError> {
    let gateway = gateway(env)?;
    let load = || -> Result<Job, HandlerError> {
        Ok(storage.load()?.filter(|job| job.caller == caller).ok_or_else(unknown_task)?)
    };
    let mut job = load()?;
    let Some(vendor_id) = job.start_look(HostTimer.now()) else { return known(&job) };
    storage.remember(&job)?;
    let found = usage.measure(gateway.client.record(&Handle::new(vendor_id))).await;
    // Much may have happened while the vendor was asked: a callback, another look, the job's end.
    let mut job = load()?;
    let failure = match found {
        Ok((record, look_again_after)) => {
            job.finish_look(public_record(&gateway, &job.id, record)?, look_again_after, HostTimer.now());
            None
        }
        Err(error) => {
            job.fail_look(HostTimer.now());
            Some(gateway.refused_by_vendor(error))
        }
    };
    // A task that goes on can be looked at again; to write it down each time is most of the work.
    if job.ended {
        storage.save(&job)?;
    } else {
        storage.remember(&job)?;
    }
    match failure {
        Some(error) if !job.ended => Err(error.into()),
        _ => known(&job),
    }
}

fn known(job: &Job) -> Result<(Box<RawValue>, Option<u32>), HandlerError> {
    Ok((message::data_of(&job.record()?)?, job.look_again_after(HostTimer.now())))
}

/// A record as callers get it, and as it is kept: under the gateway's id, without what is nobody's business, and without
/// the key, should the vendor quote it.
fn public_record(gateway: &Gateway, id: &str, record: Record) -> Result<Record, JsValue> {
    let param_json = record.param_json.and_then(|request| public_param_json(&request));
    let mut text = message::encode(&Record { task_id: id.to_owned(), param_json, ..record })?;
    gateway.key.redact(&mut text);
    message::decode(&text)
}
