use serde_json::value::RawValue;
use wasm_bindgen::JsValue;

use super::bucket::Bucket;
use super::config::gateway;
use super::file_link::FilePath;
use super::handler_error::HandlerError;
use super::job_announce::announce;
use super::job_reply::{NamedTask, unknown_task};
use super::job_storage::JobStorage;
use super::message;
use super::stub::TaskListStub;
use crate::core::job::{Job, JobState};

/// Deletes a task and its files, for the caller whose it is. What the vendor has of it goes on.
pub async fn remove(storage: &JobStorage, env: &JsValue, caller: &str) -> Result<Box<RawValue>, HandlerError> {
    let is_theirs = |job: &Job| job.caller == caller && !matches!(job.state(), JobState::Removed | JobState::Refused);
    let mut job = storage.load()?.filter(is_theirs).ok_or_else(unknown_task)?;
    let gateway = gateway(env)?;
    job.remove()?;
    // Once this is written down it is done by the alarm, whatever fails here; and done again, after a copy that is under way.
    storage.save(&job)?;
    let _ = delete_files(env, &job).await;
    let _ = announce(storage, env, &gateway).await;
    Ok(message::data_of(&NamedTask { task_id: &job.id })?)
}

/// Deletes the files of a job whose caller has deleted it.
pub async fn erase(storage: &JobStorage, env: &JsValue, job: &Job) -> Result<(), JsValue> {
    delete_files(env, job).await?;
    let Some(mut job) = storage.load()? else { return Ok(()) };
    job.erased();
    storage.save(&job)
}

/// Deletes a job whose time is over, with all there is of it.
pub async fn forget(storage: &JobStorage, env: &JsValue, job: &Job) -> Result<(), JsValue> {
    delete_files(env, job).await?;
    if job.spent() == Some(true) {
        TaskListStub::new(env, &job.caller)?.remove(&job.id).await?;
    }
    storage.clear().await
}

async fn delete_files(env: &JsValue, job: &Job) -> Result<(), JsValue> {
    let Some(bucket) = Bucket::of(env) else { return Ok(()) };
    let keys: Vec<_> = job.files_to_erase().into_iter().map(|number| FilePath { job: &job.id, number }.key()).collect();
    bucket.delete(&keys).await
}
