use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

use super::host::Storage;
use super::job::Job;
use super::message;

const KEY: &str = "job";

#[wasm_bindgen]
extern "C" {
    /// Where a job is kept: its object's storage, and the object's own memory of what is there, which ends with the object.
    pub type JobStorage;
    #[wasm_bindgen(method, getter)]
    fn storage(this: &JobStorage) -> Storage;
    #[wasm_bindgen(method, getter)]
    fn job(this: &JobStorage) -> Option<String>;
    #[wasm_bindgen(method, setter)]
    fn set_job(this: &JobStorage, job: Option<&str>);
}

/// Between reading a job and writing it nothing may be awaited.
impl JobStorage {
    /// The job, if there is one. Looking for it stores nothing.
    pub(super) fn load(&self) -> Result<Option<Job>, JsValue> {
        let text = match self.job() {
            Some(text) => Some(text),
            None => self.storage().kv().get(KEY)?.as_string(),
        };
        text.map(|text| message::decode(&text)).transpose()
    }

    /// Writes the job down.
    pub(super) fn save(&self, job: &Job) -> Result<(), JsValue> {
        let text = message::encode(job)?;
        self.storage().kv().put(KEY, &text)?;
        self.set_job(Some(&text));
        Ok(())
    }

    /// Keeps what needn't outlive the object: when the vendor was last looked at, and what it said of a task that goes on.
    pub(super) fn remember(&self, job: &Job) -> Result<(), JsValue> {
        self.set_job(Some(&message::encode(job)?));
        Ok(())
    }

    /// Deletes the job and its alarm, as if it had never been.
    pub(super) async fn clear(&self) -> Result<(), JsValue> {
        self.set_job(None);
        let storage = self.storage();
        JsFuture::from(storage.delete_alarm()?).await?;
        JsFuture::from(storage.delete_all()?).await.map(|_| ())
    }

    /// Sets the alarm.
    pub(super) fn set_alarm(&self, at: i64) -> Result<(), JsValue> {
        self.storage().set_alarm(at as f64).map(|_| ())
    }
}
