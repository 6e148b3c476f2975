use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStream, RequestInit, Response};

use super::Fetch;
use super::body::{next_chunk, reader_of};
use super::fetch::{AbortOnDrop, no_reply};
use super::value::given;
use crate::client::{Downloads, FileReply, NoReply};
use crate::core::FileKind;

/// The hosts' own, such as `node`, are refused by some hosts of files.
const USER_AGENT: &str = concat!("midapi/", env!("CARGO_PKG_VERSION"));

impl Downloads for Fetch {
    /// Parts of a `Blob`. They stay the host's: a module's memory never shrinks.
    type Body = Array;

    async fn get(&self, url: &str, max_bytes: u64) -> Result<FileReply<Array>, NoReply> {
        self.file(url, max_bytes as f64).await.map_err(no_reply)
    }
}

impl Fetch {
    async fn file(&self, url: &str, max_bytes: f64) -> Result<FileReply<Array>, JsValue> {
        // Of a body that is left unread, too.
        let mut ends_with_this_call = AbortOnDrop(Some(AbortController::new()?));
        let init = RequestInit::new();
        init.set_signal(ends_with_this_call.0.as_ref().map(AbortController::signal).as_ref());
        if !is_page() {
            let headers = Object::new();
            Reflect::set(&headers, &"User-Agent".into(), &USER_AGENT.into())?;
            init.set_headers(&headers);
        }
        let response = self.response(url, &init).await?;
        let headers = response.headers();
        let mut reply = FileReply {
            status: response.status(),
            retry_after: headers.get("Retry-After")?,
            url: Some(response.url()),
            head: Vec::new(),
            body: None,
        };
        let length = headers.get("Content-Length")?.and_then(|length| length.parse::<u32>().ok());
        if reply.status == 200 && length.is_none_or(|length| f64::from(length) <= max_bytes) {
            reply.body = parts(&response, max_bytes, &mut reply.head).await?;
            if reply.body.is_some() {
                ends_with_this_call.0 = None;
            }
        }
        Ok(reply)
    }
}

/// The parts of a body, unless it is longer than `max_bytes`.
async fn parts(response: &Response, max_bytes: f64, head: &mut Vec<u8>) -> Result<Option<Array>, JsValue> {
    let parts = Array::new();
    let body = response.body().filter(|body| body.is_instance_of::<ReadableStream>());
    let reader = body.as_ref().map(reader_of).transpose()?;
    let mut length = 0.0;
    loop {
        let chunk = match &reader {
            Some(reader) => next_chunk(reader).await?,
            // A polyfill's has no such stream.
            None if length == 0.0 => Some(Uint8Array::new(&JsFuture::from(response.array_buffer()?).await?)),
            None => None,
        };
        let Some(chunk) = chunk.filter(|chunk| reader.is_some() || chunk.length() > 0) else { return Ok(Some(parts)) };
        length += f64::from(chunk.length());
        if length > max_bytes {
            return Ok(None);
        }
        if head.len() < FileKind::HEAD_BYTES {
            head.extend(chunk.subarray(0, (FileKind::HEAD_BYTES - head.len()) as u32).to_vec());
        }
        parts.push(&chunk);
    }
}

/// Whether this is a page or a worker of one: there a `User-Agent` has the browser ask the file's host first (CORS), which
/// refuses.
fn is_page() -> bool {
    ["document", "importScripts"].into_iter().any(|name| given(&js_sys::global(), name).is_some())
}
