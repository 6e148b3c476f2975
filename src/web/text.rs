use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStream, ReadableStreamDefaultReader};

/// A body that is longer than its reader allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlong;

/// Reads a body as text, and stops at the first byte over `limit`. What isn't UTF-8 comes with replacement
/// characters; a body that breaks off is `Err(Ok(reason))`.
pub async fn read_text(body: Option<ReadableStream>, limit: usize) -> Result<String, Result<JsValue, Overlong>> {
    let Some(body) = body else { return Ok(String::new()) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut bytes = Vec::new();
    loop {
        let chunk = JsFuture::from(reader.read()).await.map_err(Ok)?;
        if Reflect::get(&chunk, &"done".into()).is_ok_and(|done| done.is_truthy()) {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        let chunk: Uint8Array = Reflect::get(&chunk, &"value".into()).map_err(Ok)?.unchecked_into();
        if bytes.len() + chunk.length() as usize > limit {
            // The sender's end is told; whether it listens is its own affair.
            let _ = JsFuture::from(reader.cancel()).await;
            return Err(Err(Overlong));
        }
        bytes.extend(chunk.to_vec());
    }
}
