//! Callbacks of the vendor's: what `midapi/webhooks` asks.

use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::value::{error_to_js, to_js};
use crate::core::{Callback, Error, SIGNATURE_TOLERANCE_S, SignedCallback, signed_message};

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

/// What the signature of a callback must be of, once its form and its time are right. The time and the tolerance are in
/// seconds.
#[wasm_bindgen(js_name = signedCallback)]
pub fn signed_callback(
    body: &str,
    timestamp: Option<String>,
    signature: Option<String>,
    now: f64,
    tolerance: &JsValue,
) -> Result<JsValue, JsValue> {
    let read = || {
        let tolerance =
            if tolerance.is_undefined() { SIGNATURE_TOLERANCE_S } else { seconds("tolerance", tolerance.as_f64())? };
        SignedCallback::parse(body, timestamp.as_deref(), signature.as_deref(), now as i64, tolerance)
    };
    let SignedCallback { message, signature, callback } = read().map_err(|error| error_to_js(&error))?;
    Ok(to_js(&ToVerify { message: &message, signature: &signature, callback: &callback }))
}

/// What to sign of a callback that is sent at this time, in seconds.
#[wasm_bindgen(js_name = callbackMessage)]
pub fn callback_message(body: &str, timestamp: &JsValue) -> Result<String, JsValue> {
    let read = || {
        let timestamp = seconds("timestamp", timestamp.as_f64())?;
        Ok(signed_message(Callback::parse(body)?.task_id(), &timestamp.to_string()))
    };
    read().map_err(|error: Error| error_to_js(&error))
}

fn seconds(name: &str, seconds: Option<f64>) -> Result<i64, Error> {
    let whole = seconds.filter(|seconds| *seconds >= 0.0 && seconds.fract() == 0.0);
    let must = "must be a whole number of seconds, 0 or more";
    whole.map(|seconds| seconds as i64).ok_or_else(|| Error::misconfigured(name, must))
}
