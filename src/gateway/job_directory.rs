//! Which jobs there are. An object begins to exist when it is asked, so nobody asks one by an id that was never given out.

use std::cell::RefCell;
use std::collections::HashSet;

use wasm_bindgen::JsValue;

use super::stub::{JobStub, LedgerStub};
use super::submit_order::is_job_id;

/// How many ids an isolate remembers.
const MOST: usize = 10_000;

thread_local! {
    /// The jobs that this isolate knows to be there.
    static KNOWN: RefCell<HashSet<String>> = RefCell::default();
}

/// The job of an id that somebody names, if there is one.
pub async fn find_job(env: &JsValue, id: &str) -> Result<Option<JobStub>, JsValue> {
    if !is_job_id(id) {
        return Ok(None);
    }
    if !KNOWN.with_borrow(|known| known.contains(id)) {
        if !LedgerStub::new(env)?.knows(id).await? {
            return Ok(None);
        }
        remember_job(id);
    }
    JobStub::new(env, id).map(Some)
}

/// Takes note of a job that is there.
pub fn remember_job(id: &str) {
    KNOWN.with_borrow_mut(|known| {
        if known.len() == MOST {
            known.clear();
        }
        known.insert(id.to_owned());
    });
}
