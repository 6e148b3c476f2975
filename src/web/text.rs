use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStream, ReadableStreamDefaultReader};

/// Why a body is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is longer than its reader allows.
    Overlong,
    /// It isn't UTF-8.
    NotUtf8,
    /// It broke off before its end.
    Broken,
}

/// Reads a body as text, and stops at the first byte over `limit`.
pub async fn read_text(body: Option<ReadableStream>, limit: usize) -> Result<String, Unreadable> {
    String::from_utf8(read_bytes(body, limit).await?).map_err(|_| Unreadable::NotUtf8)
}

/// Reads a body, and stops at the first byte over `limit`.
pub async fn read_bytes(body: Option<ReadableStream>, limit: usize) -> Result<Vec<u8>, Unreadable> {
    let Some(body) = body else { return Ok(Vec::new()) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut bytes = Vec::new();
    while let Some(chunk) = next_chunk(&reader).await.map_err(|_| Unreadable::Broken)? {
        if bytes.len() + chunk.length() as usize > limit {
            // The sender's end is told; whether it listens is its own affair.
            let _ = JsFuture::from(reader.cancel()).await;
            return Err(Unreadable::Overlong);
        }
        bytes.extend(chunk.to_vec());
    }
    Ok(bytes)
}

async fn next_chunk(reader: &ReadableStreamDefaultReader) -> Result<Option<Uint8Array>, JsValue> {
    let chunk = JsFuture::from(reader.read()).await?;
    if Reflect::get(&chunk, &"done".into())?.is_truthy() {
        return Ok(None);
    }
    Ok(Some(Reflect::get(&chunk, &"value".into())?.unchecked_into()))
}
