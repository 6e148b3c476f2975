//! Streams of the Worker's runtime.

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::ReadableStream;

#[wasm_bindgen]
extern "C" {
    /// A pair of ends: what is written into one is read from the other.
    pub type IdentityTransformStream;
    #[wasm_bindgen(constructor, catch)]
    pub fn new() -> Result<IdentityTransformStream, JsValue>;
    #[wasm_bindgen(method, getter)]
    pub fn readable(this: &IdentityTransformStream) -> ReadableStream;
    #[wasm_bindgen(method, getter)]
    pub fn writable(this: &IdentityTransformStream) -> WritableStream;

    /// The same for so many bytes, neither more nor fewer.
    #[wasm_bindgen(extends = IdentityTransformStream)]
    pub type FixedLengthStream;
    #[wasm_bindgen(constructor, catch)]
    pub fn new(length: f64) -> Result<FixedLengthStream, JsValue>;

    pub type WritableStream;
    #[wasm_bindgen(method, catch, js_name = getWriter)]
    pub fn get_writer(this: &WritableStream) -> Result<StreamWriter, JsValue>;

    /// Whoever writes into a stream. Its promises reject, at times with `undefined`, once the reader has left.
    #[derive(Clone, Debug)]
    pub type StreamWriter;
    #[wasm_bindgen(method, catch)]
    pub fn write(this: &StreamWriter, chunk: &Uint8Array) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn close(this: &StreamWriter) -> Result<Promise, JsValue>;
    /// Ends when the stream does.
    #[wasm_bindgen(method, getter)]
    pub fn closed(this: &StreamWriter) -> Promise;
    #[wasm_bindgen(method, catch)]
    pub fn abort(this: &StreamWriter, reason: &JsValue) -> Result<Promise, JsValue>;
}

/// Leaves a body unread.
pub fn leave(body: Option<ReadableStream>) {
    if let Some(body) = body {
        ignore(body.cancel());
    }
}

/// Ignores how a promise ends. One that nobody asks, and that rejects, counts as a fault of the whole Worker.
pub fn ignore(promise: Promise) {
    let ended = JsFuture::from(promise);
    spawn_local(async move { drop(ended.await) });
}
