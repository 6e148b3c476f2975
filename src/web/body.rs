use js_sys::Uint8Array;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStream, ReadableStreamDefaultReader};

#[wasm_bindgen]
extern "C" {
    /// A stream that somebody else may be reading: then it throws, which web-sys doesn't expect.
    type Body;
    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &Body) -> Result<ReadableStreamDefaultReader, JsValue>;
    /// What a reader of a stream has read.
    type Chunk;
    #[wasm_bindgen(method, getter)]
    fn done(this: &Chunk) -> bool;
    #[wasm_bindgen(method, getter)]
    fn value(this: &Chunk) -> Uint8Array;
}

/// Why a body isn't read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is longer than its reader allows.
    Overlong,
    /// It broke off before its end.
    Broken,
}

/// What was read of a body.
#[derive(Debug)]
pub struct Read {
    /// The bytes up to the limit.
    pub bytes: Vec<u8>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// Reads a body of at most `limit` bytes. Of a longer one `drained` more bytes are read and thrown away, so that who sends
/// it may hear the answer.
pub async fn read_bytes(body: Option<ReadableStream>, limit: usize, drained: usize) -> Result<Vec<u8>, Unreadable> {
    let read = read(body, limit, drained).await.map_err(|_| Unreadable::Broken)?;
    if read.is_cut { Err(Unreadable::Overlong) } else { Ok(read.bytes) }
}

/// Bytes as a browser reads text: what is no UTF-8 is shown as that, and is no JSON.
pub fn reading_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Reads a body, and stops at the first byte over `limit`.
pub async fn read_up_to(body: Option<ReadableStream>, limit: usize) -> Result<Read, JsValue> {
    read(body, limit, 0).await
}

/// Throws where somebody else reads it.
pub fn reader_of(body: &ReadableStream) -> Result<ReadableStreamDefaultReader, JsValue> {
    body.unchecked_ref::<Body>().get_reader()
}

async fn read(body: Option<ReadableStream>, limit: usize, drained: usize) -> Result<Read, JsValue> {
    let mut read = Read { bytes: Vec::new(), is_cut: false };
    let Some(body) = body else { return Ok(read) };
    let reader = reader_of(&body)?;
    let mut length = 0;
    while let Some(chunk) = next_chunk(&reader).await? {
        let start = length;
        length += chunk.length() as usize;
        read.is_cut = length > limit;
        if length > limit + drained {
            // The sender's end is told; whether it listens is its own affair.
            let _ = JsFuture::from(reader.cancel()).await;
            return Ok(read);
        }
        if !read.is_cut {
            read.bytes.resize(length, 0);
            if let Some(rest) = read.bytes.get_mut(start..) {
                chunk.copy_to(rest);
            }
        }
    }
    Ok(read)
}

/// The next piece of a body; none at its end.
pub async fn next_chunk(reader: &ReadableStreamDefaultReader) -> Result<Option<Uint8Array>, JsValue> {
    let chunk: Chunk = JsFuture::from(reader.read()).await?.unchecked_into();
    Ok(if chunk.done() { None } else { Some(chunk.value()) })
}
