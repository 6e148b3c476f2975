use wasm_bindgen::JsValue;

use super::config::Gateway;
use super::job_storage::JobStorage;
use super::stub::{LedgerStub, TaskListStub};
use super::task_list::TaskUpdate;
use crate::core::job::JobState;

/// Tells the caller's list, and with it those who watch, where the job stands; then the ledger, for its owner's figures.
pub async fn announce(storage: &JobStorage, env: &JsValue, gateway: &Gateway) -> Result<(), JsValue> {
    let Some(job) = storage.load()?.filter(|job| job.is_unannounced()) else { return Ok(()) };
    let version = job.version();
    let list = TaskListStub::new(env, &job.caller)?;
    if job.state() == JobState::Removed {
        list.remove(&job.id).await?;
    } else {
        list.update(&TaskUpdate::of(gateway, &job)?).await?;
    }
    LedgerStub::new(env)?.note(&job.reservation(), job.state(), job.archived_bytes()).await?;
    // More may have changed meanwhile, or its caller have deleted it.
    let Some(mut job) = storage.load()?.filter(|job| job.is_unannounced()) else { return Ok(()) };
    job.announced(version);
    storage.save(&job)
}
