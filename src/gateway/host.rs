//! What the Worker's runtime has and web-sys doesn't know.

use base64ct::{Base64UrlUnpadded, Encoding};
use js_sys::{Promise, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::sql::Sql;
use crate::web::{Fetch, given};

/// What the gateway reads with: a Worker has 128 MB for all its callers, and the vendor's longest reply is some KB.
pub const FETCH: Fetch = Fetch::reading_up_to(256 * 1024);

#[wasm_bindgen]
extern "C" {
    /// The storage of a Durable Object.
    #[derive(Clone, Debug)]
    pub type Storage;
    #[wasm_bindgen(method, getter)]
    pub fn sql(this: &Storage) -> Sql;
    #[wasm_bindgen(method, getter)]
    pub fn kv(this: &Storage) -> Kv;
    #[wasm_bindgen(method, catch, js_name = setAlarm)]
    pub fn set_alarm(this: &Storage, at: f64) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = deleteAlarm)]
    pub fn delete_alarm(this: &Storage) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = deleteAll)]
    pub fn delete_all(this: &Storage) -> Result<Promise, JsValue>;

    /// Its synchronous key-value store.
    pub type Kv;
    #[wasm_bindgen(method, catch)]
    pub fn get(this: &Kv, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn put(this: &Kv, key: &str, value: &str) -> Result<(), JsValue>;

    /// A rate limit.
    type Limit;
    #[wasm_bindgen(method, catch)]
    fn limit(this: &Limit, options: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn fill_with_random(bytes: &js_sys::Uint8Array);

    #[wasm_bindgen(js_namespace = console, js_name = log)]
    pub fn console_log(line: &str);
}

/// Whether a rate limit lets this key through.
pub async fn is_within_limit(env: &JsValue, limit: &str, key: &str) -> Result<bool, JsValue> {
    let limit: Limit = given(env, limit).unwrap_or_default().unchecked_into();
    let options = js_sys::Object::new();
    Reflect::set(&options, &"key".into(), &key.into())?;
    let outcome = JsFuture::from(limit.limit(&options)?).await?;
    Ok(given(&outcome, "success").is_some_and(|success| success.is_truthy()))
}

/// An id that nobody can guess, of so many random bytes.
pub fn random_id(length: u32) -> String {
    Base64UrlUnpadded::encode_string(&random(length))
}

/// So many random bytes.
pub fn random(length: u32) -> Vec<u8> {
    let bytes = js_sys::Uint8Array::new_with_length(length);
    fill_with_random(&bytes);
    bytes.to_vec()
}
