use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

use super::host::Storage;
use super::message;
use crate::core::job::Job;

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
    /// The look that is under way: it resolves once that is over.
    #[wasm_bindgen(method, getter)]
    pub(super) fn looking(this: &JobStorage) -> Option<Promise>;
    #[wasm_bindgen(method, setter)]
    pub(super) fn set_looking(this: &JobStorage, look: Option<Promise>);
    /// When the alarm rings, as far as this object knows.
    #[wasm_bindgen(method, getter)]
    fn alarm(this: &JobStorage) -> Option<f64>;
    #[wasm_bindgen(method, setter)]
    fn set_alarm(this: &JobStorage, at: Option<f64>);
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

    /// Writes the job down, and has the alarm ring when the next thing is to be done for it.
    pub(super) fn save(&self, job: &Job) -> Result<(), JsValue> {
        let text = message::encode(job)?;
        self.storage().kv().put(KEY, &text)?;
        self.set_job(Some(&text));
        self.ring_at(job.next_duty().1)
    }

    /// Keeps what needn't outlive the object: when the vendor was last looked at, and what it said of a task that goes on.
    pub(super) fn remember(&self, job: &Job) -> Result<(), JsValue> {
        self.set_job(Some(&message::encode(job)?));
        Ok(())
    }

    /// Deletes the job and its alarm, as if it had never been.
    pub(super) async fn clear(&self) -> Result<(), JsValue> {
        self.set_job(None);
        self.set_alarm(None);
        let storage = self.storage();
        JsFuture::from(storage.delete_alarm()?).await?;
        JsFuture::from(storage.delete_all()?).await.map(|_| ())
    }

    /// Has the alarm ring at this time, unless it does so anyway.
    pub(super) fn ring_at(&self, at: i64) -> Result<(), JsValue> {
        // The runtime takes no time at or before the beginning of 1970.
        let at = at.max(1) as f64;
        if self.alarm() != Some(at) {
            self.storage().set_alarm(at).map(drop)?;
            self.set_alarm(Some(at));
        }
        Ok(())
    }

    /// Takes note that the alarm has rung: it doesn't ring again by itself.
    pub(super) fn has_rung(&self) {
        self.set_alarm(None);
    }
}
