//! What is deleted once a day: files whose time is over, and that nobody else deletes.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::bucket::Bucket;
use super::host::console_log;
use super::uploads::FOLDER;
use crate::client::Timer;
use crate::web::HostTimer;

/// The characters that the id of a job may begin with.
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Deletes the uploads whose time is over, and of the results a part each day: jobs delete their own, so that few are left
/// behind.
#[wasm_bindgen]
pub async fn sweep(env: JsValue) -> Result<(), JsValue> {
    let Some(bucket) = Bucket::of(&env) else { return Ok(()) };
    let day = (HostTimer.now() / super::ledger::MS_PER_DAY) as usize;
    let letter = LETTERS.get(day % LETTERS.len()).map(|letter| char::from(*letter)).unwrap_or_default();
    let mut deleted = 0;
    for prefix in [FOLDER.to_owned(), format!("files/{letter}")] {
        let mut cursor = None;
        loop {
            let page = bucket.list(&prefix, cursor.as_deref()).await?;
            let now_s = HostTimer.now() / 1000;
            let over = page.objects.into_iter().filter(|(_, metadata)| metadata.has_expired(now_s));
            let keys: Vec<_> = over.map(|(key, _)| key).collect();
            bucket.delete(&keys).await?;
            deleted += keys.len();
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
    }
    console_log(&format!(r#"{{"event":"sweep","deleted":{deleted}}}"#));
    Ok(())
}
