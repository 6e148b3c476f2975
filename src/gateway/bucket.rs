//! The bucket that files are kept in (R2).

use js_sys::{Promise, Uint8Array};
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStream;

use super::byte_range::WantedRange;
use super::file_metadata::FileMetadata;
use super::message::to_host;
use crate::web::given;

/// The name of the binding.
pub const FILES: &str = "FILES";

#[wasm_bindgen]
extern "C" {
    type R2Bucket;
    #[wasm_bindgen(method, catch)]
    fn put(this: &R2Bucket, key: &str, value: &JsValue, options: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn get(this: &R2Bucket, key: &str, options: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn head(this: &R2Bucket, key: &str) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn delete(this: &R2Bucket, keys: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn list(this: &R2Bucket, options: &JsValue) -> Result<Promise, JsValue>;

    /// An object of the bucket; with a body unless only what is known of it was asked for.
    pub type StoredObject;
    #[wasm_bindgen(method, getter)]
    pub fn key(this: &StoredObject) -> String;
    /// Its whole length, in bytes.
    #[wasm_bindgen(method, getter)]
    pub fn size(this: &StoredObject) -> f64;
    /// Its `ETag`, as a header has it.
    #[wasm_bindgen(method, getter, js_name = httpEtag)]
    pub fn http_etag(this: &StoredObject) -> String;
    #[wasm_bindgen(method, getter)]
    pub fn body(this: &StoredObject) -> Option<ReadableStream>;
    #[wasm_bindgen(method, getter, js_name = customMetadata)]
    fn custom_metadata(this: &StoredObject) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = httpMetadata)]
    fn http_metadata(this: &StoredObject) -> JsValue;
}

/// The bucket, if one is bound.
pub struct Bucket(R2Bucket);

/// What is to be kept, and how.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PutOptions<'a> {
    http_metadata: HttpMetadata<'a>,
    custom_metadata: &'a FileMetadata,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HttpMetadata<'a> {
    content_type: &'a str,
}

/// A page of the bucket's list.
#[derive(Debug)]
pub struct Page {
    /// The keys, each with what is kept with it.
    pub objects: Vec<(String, FileMetadata)>,
    /// Where the next page begins, if there is one.
    pub cursor: Option<String>,
}

impl Bucket {
    /// The bucket of this environment.
    pub fn of(env: &JsValue) -> Option<Self> {
        given(env, FILES).map(|bucket| Self(bucket.unchecked_into()))
    }

    /// Stores what a stream of known length brings. A stream that breaks off leaves nothing.
    pub async fn put(
        &self,
        key: &str,
        body: &JsValue,
        media_type: &str,
        metadata: &FileMetadata,
    ) -> Result<(), JsValue> {
        let options =
            PutOptions { http_metadata: HttpMetadata { content_type: media_type }, custom_metadata: metadata };
        JsFuture::from(self.0.put(key, body, &to_host(&options)?)?).await.map(|_| ())
    }

    /// Stores these bytes.
    pub async fn put_bytes(
        &self,
        key: &str,
        bytes: &[u8],
        media_type: &str,
        metadata: &FileMetadata,
    ) -> Result<(), JsValue> {
        self.put(key, &Uint8Array::from(bytes), media_type, metadata).await
    }

    /// An object, or a part of it. A part that lies outside of it throws.
    pub async fn get(&self, key: &str, range: Option<WantedRange>) -> Result<Option<StoredObject>, JsValue> {
        #[skip_serializing_none]
        #[derive(Serialize)]
        struct GetOptions {
            range: Option<WantedRange>,
        }
        let found = JsFuture::from(self.0.get(key, &to_host(&GetOptions { range })?)?).await?;
        Ok((!found.is_null()).then(|| found.unchecked_into()))
    }

    /// What is known of an object.
    pub async fn head(&self, key: &str) -> Result<Option<StoredObject>, JsValue> {
        let found = JsFuture::from(self.0.head(key)?).await?;
        Ok((!found.is_null()).then(|| found.unchecked_into()))
    }

    /// Deletes these, at most 1000. What isn't there is no failure.
    pub async fn delete(&self, keys: &[String]) -> Result<(), JsValue> {
        match keys {
            [] => Ok(()),
            _ => JsFuture::from(self.0.delete(&to_host(&keys)?)?).await.map(|_| ()),
        }
    }

    /// What there is under keys that begin so, a page at a time.
    pub async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<Page, JsValue> {
        #[skip_serializing_none]
        #[derive(Serialize)]
        struct ListOptions<'a> {
            prefix: &'a str,
            cursor: Option<&'a str>,
            include: [&'static str; 1],
            limit: u32,
        }
        #[derive(Deserialize)]
        struct Listed {
            truncated: bool,
            cursor: Option<String>,
        }
        let options = ListOptions { prefix, cursor, include: ["customMetadata"], limit: 500 };
        let listed = JsFuture::from(self.0.list(&to_host(&options)?)?).await?;
        let objects = given(&listed, "objects").map(|list| js_sys::Array::from(&list)).unwrap_or_default();
        let object = |object: JsValue| {
            let object: StoredObject = object.unchecked_into();
            (object.key(), object.metadata())
        };
        let Listed { truncated, cursor } = serde_wasm_bindgen::from_value(listed).map_err(JsValue::from)?;
        Ok(Page { objects: objects.iter().map(object).collect(), cursor: cursor.filter(|_| truncated) })
    }
}

impl StoredObject {
    /// What is kept with it.
    pub fn metadata(&self) -> FileMetadata {
        serde_wasm_bindgen::from_value(self.custom_metadata()).unwrap_or_default()
    }

    /// Its media type.
    pub fn media_type(&self) -> Option<String> {
        given(&self.http_metadata(), "contentType")?.as_string()
    }
}
