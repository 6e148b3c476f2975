//! What needs no server: answers from the core's rules, as JSON.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::client::thrown;
use crate::core::json::{Writer, list};
use crate::core::text::decimal;
use crate::core::{
    Billed, Callback, Error, Kind, Prices, SIGNATURE_TOLERANCE_S, SignedCallback, Warning, generate, lint,
    signed_message,
};

/// The warnings a request deserves.
#[wasm_bindgen]
pub fn warnings(request: &str) -> Result<String, JsValue> {
    #[cfg(feature = "crash")]
    crate::crash::crash_if("\"crash\"", request);
    let warnings = lint(request).map_err(thrown)?;
    Ok(list(&mut warnings.iter().map(Warning::to_json)))
}

/// What a request may cost, with these prices in place of the default ones.
#[wasm_bindgen]
pub fn estimate(prices: &str, request: &str) -> Result<String, JsValue> {
    let estimate = || Ok(Prices::parse(prices)?.of(&generate(request)?));
    estimate().map(|estimate| estimate.to_json()).map_err(thrown)
}

/// What a callback says, whoever sent it.
#[wasm_bindgen]
pub fn callback(body: &str) -> Result<String, JsValue> {
    Callback::parse(body).map(|callback| callback.to_json()).map_err(thrown)
}

/// What the signature of a callback must be of, once its form and its time are right. Times are in seconds.
#[wasm_bindgen]
pub fn signed_callback(
    body: &str,
    timestamp: Option<String>,
    signature: Option<String>,
    now: f64,
    tolerance: Option<f64>,
) -> Result<String, JsValue> {
    let tolerance = tolerance.map_or(SIGNATURE_TOLERANCE_S, |seconds| seconds as i64);
    let signed = SignedCallback::parse(body, timestamp.as_deref(), signature.as_deref(), now as i64, tolerance);
    let SignedCallback { message, signature, callback } = signed.map_err(thrown)?;
    let json = Writer::new().text("message", Some(&message)).text("signature", Some(&signature));
    Ok(json.raw("callback", &callback.to_json()).end())
}

/// What to sign of a callback that is sent at this time, in seconds.
#[wasm_bindgen]
pub fn callback_message(body: &str, timestamp: f64) -> Result<String, JsValue> {
    let callback = Callback::parse(body).map_err(thrown)?;
    Ok(signed_message(callback.task_id(), &decimal(timestamp as i64)))
}

/// The error of a call that the module's crash ended: asked of the module's next instance.
#[wasm_bindgen]
pub fn crash_error(reads_only: bool) -> String {
    let message = "the package crashed; this is a fault of its own, please report it. It was started anew";
    let error = Error::new(Kind::Crashed, message);
    // What was in flight is gone with the instance: nobody knows how far it came.
    error.with(|error| error.billed = if reads_only { Billed::No } else { Billed::Unknown }).to_json()
}
