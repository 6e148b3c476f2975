use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::core::Error;
use crate::web::HostError;

/// The fields of the error the caller will see.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    kind: &'static str,
    message: &'a str,
    code: Option<i64>,
    field: Option<&'a str>,
    task_id: Option<&'a str>,
    retryable: bool,
    billed: &'static str,
    retry_after: Option<u32>,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    cause: JsValue,
}

/// The error as a plain object, with the host's own exception as its cause, the same object it threw.
pub fn thrown(error: Error) -> JsValue {
    let cause = error.source.as_ref().and_then(|source| source.downcast_ref::<HostError>());
    let fields = Fields {
        kind: error.kind.as_str(),
        message: &error.message,
        code: error.code,
        field: error.field.as_deref(),
        task_id: error.task_id.as_deref(),
        retryable: error.retryable(),
        billed: error.billed.as_str(),
        retry_after: error.retry_after,
        cause: cause.map_or(JsValue::UNDEFINED, |cause| cause.0.clone()),
    };
    serde_wasm_bindgen::to_value(&fields).unwrap_or_else(JsValue::from)
}
