//! Callbacks of the vendor's: what `midapi/webhooks` asks.

use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::value::{error_to_js, from_js, to_js};
use crate::core::{Callback, Error, SIGNATURE_TOLERANCE_S, SignedCallback, de, signed_message};

/// A callback as it arrived.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ReceivedCallback {
    #[serde(deserialize_with = "de::exact_text")]
    body: Option<String>,
    #[serde(deserialize_with = "de::exact_text")]
    timestamp: Option<String>,
    #[serde(deserialize_with = "de::exact_text")]
    signature: Option<String>,
    #[serde(deserialize_with = "de::seconds")]
    now: Option<i64>,
    #[serde(deserialize_with = "de::seconds")]
    tolerance: Option<i64>,
}

/// What the host's cryptography has to compare.
#[derive(Serialize)]
struct ToVerify<'a> {
    message: &'a str,
    signature: &'a str,
    callback: &'a Callback,
}

/// What a callback says, whoever sent it.
#[wasm_bindgen(js_name = parseCallback)]
pub fn parse_callback(body: &str) -> Result<JsValue, JsValue> {
    Callback::parse(body).map(|callback| to_js(&callback)).map_err(|error| error_to_js(&error))
}

/// What the signature of a callback must be of, once its form and its time are right.
#[wasm_bindgen(js_name = signedCallback)]
pub fn signed_callback(received: &JsValue) -> Result<JsValue, JsValue> {
    let read = || {
        let received: ReceivedCallback = from_js(received, "request").map_err(misconfigured)?;
        SignedCallback::parse(
            &received.body.unwrap_or_default(),
            received.timestamp.as_deref(),
            received.signature.as_deref(),
            received.now.unwrap_or_default(),
            received.tolerance.unwrap_or(SIGNATURE_TOLERANCE_S),
        )
    };
    let SignedCallback { message, signature, callback } = read().map_err(|error| error_to_js(&error))?;
    Ok(to_js(&ToVerify { message: &message, signature: &signature, callback: &callback }))
}

/// What to sign of a callback that is sent at this time, in seconds.
#[wasm_bindgen(js_name = callbackMessage)]
pub fn callback_message(body: &str, timestamp: f64) -> Result<String, JsValue> {
    let read = || {
        let is_seconds = timestamp >= 0.0 && timestamp.fract() == 0.0;
        if !is_seconds {
            return Err(Error::misconfigured("timestamp", de::MUST_BE_SECONDS));
        }
        Ok(signed_message(Callback::parse(body)?.task_id(), &timestamp.to_string()))
    };
    read().map_err(|error| error_to_js(&error))
}

fn misconfigured(error: Error) -> Error {
    let field = error.field.clone().unwrap_or_default();
    Error::misconfigured(&field, error.sentence())
}
