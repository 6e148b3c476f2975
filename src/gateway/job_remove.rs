use serde::Serialize;
use serde_json::value::RawValue;
use wasm_bindgen::JsValue;

use super::bucket::Bucket;
use super::file_link::FilePath;
use super::handler_error::HandlerError;
use super::job_reply::unknown_task;
use super::job_storage::JobStorage;
use super::message;
use super::stub::TaskListStub;
use crate::core::job::{ArchivedFile, Job, JobState};

/// The `data` of a task that is deleted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RemovedTask<'a> {
    task_id: &'a str,
}

/// Deletes a task and its files, for the caller whose it is. What the vendor has of it goes on.
pub async fn remove(storage: &JobStorage, env: &JsValue, caller: &str) -> Result<Box<RawValue>, HandlerError> {
    let is_theirs = |job: &Job| job.caller == caller && !matches!(job.state(), JobState::Removed | JobState::Refused);
    let mut job = storage.load()?.filter(is_theirs).ok_or_else(unknown_task)?;
    let files = files(&job);
    // The files first: once the job is gone nobody knows of them.
    delete(env, &files).await?;
    TaskListStub::new(env, caller)?.remove(&job.id).await?;
    if let Some(current) = storage.load()? {
        job = current;
        job.remove()?;
        storage.save(&job)?;
    }
    Ok(message::data_of(&RemovedTask { task_id: &job.id })?)
}

/// Deletes a job whose time is over, with all there is of it.
pub async fn forget(storage: &JobStorage, env: &JsValue, job: &Job) -> Result<(), JsValue> {
    delete(env, &files(job)).await?;
    if job.spent() == Some(true) {
        TaskListStub::new(env, &job.caller)?.remove(&job.id).await?;
    }
    storage.clear().await
}

/// The keys of a job's files, those too of which nobody knows yet whether their copy was made.
fn files(job: &Job) -> Vec<String> {
    let are_there = |file: &ArchivedFile| matches!(file, ArchivedFile::Stored { .. } | ArchivedFile::Pending);
    let files = job.archived_files().iter().enumerate().filter(|(_, file)| are_there(file));
    files.map(|(place, _)| FilePath { job: &job.id, number: place + 1 }.key()).collect()
}

/// Deletes one file of a job.
pub async fn delete_file(env: &JsValue, job: &str, number: usize) -> Result<(), JsValue> {
    delete(env, &[FilePath { job, number }.key()]).await
}

async fn delete(env: &JsValue, files: &[String]) -> Result<(), JsValue> {
    match Bucket::of(env) {
        Some(bucket) => bucket.delete(files).await,
        None => Ok(()),
    }
}
