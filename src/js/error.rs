use js_sys::Reflect;
use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::core::{Error, Json, to_json};
use crate::web::HostError;

/// The fields of the error the caller will see.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    kind: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_id: Option<&'a str>,
    retryable: bool,
    billed: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
}

/// The error as a plain object, with the host's own exception as its cause, the same object it threw.
pub fn thrown(error: Error) -> JsValue {
    let fields = Fields {
        kind: error.kind.as_str(),
        message: &error.message,
        code: error.code,
        field: error.field.as_deref(),
        task_id: error.task_id.as_deref(),
        retryable: error.retryable(),
        billed: error.billed.as_str(),
        retry_after: error.retry_after,
    };
    let object = JsValue::parse(&to_json(&fields)).unwrap_or_default();
    let cause = error.source.as_ref().and_then(|source| source.downcast_ref::<HostError>());
    if let Some(HostError(cause)) = cause {
        // A fresh object of ours takes any property.
        let _ = Reflect::set(&object, &"cause".into(), cause);
    }
    object
}
