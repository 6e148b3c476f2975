//! What needs no server: answers from the core's rules, as JSON. A module of its own, as many programs ask none of this.

use alloc::string::String;

use wasm_bindgen::prelude::wasm_bindgen;

use super::panic::crashed;
use crate::core::json::{Json, Object, Writer, list, quoted};
use crate::core::text::decimal;
use crate::core::{
    Callback, Error, Prices, SIGNATURE_TOLERANCE_S, SignedCallback, Warning, generate, lint, signed_message,
};

#[wasm_bindgen(raw_module = "./questions.js")]
extern "C" {
    /// The answer to what was asked, or the error.
    fn answer(well: bool, json: &str);
}

/// Asks a question: the answer comes before this returns.
#[wasm_bindgen]
pub fn ask(question: &str, input: &str) {
    #[cfg(feature = "crash")]
    crate::crash::crash_if("\"crash\"", input);
    let outcome = match question {
        "lint" => lint(input).map(|warnings| list(&mut warnings.iter().map(Warning::to_json))),
        "estimate" => estimate(input),
        "callback" => Callback::parse(input).map(|callback| callback.to_json()),
        "signedCallback" => signed_callback(input),
        "callbackMessage" => callback_message(input),
        // Asked of the next instance: nothing here spends.
        _ => Err(crashed(false)),
    };
    match outcome {
        Ok(json) => answer(true, &json),
        Err(error) => answer(false, &error.to_json()),
    }
}

/// What a request may cost, with the caller's prices in place of the default ones.
fn estimate(input: &str) -> Result<String, Error> {
    let input = Object::parse(input).unwrap_or_default();
    let given = |name| input.given(name).unwrap_or(Json::of("null")).raw();
    Ok(Prices::parse(given("prices"))?.of(&generate(given("request"))?).to_json())
}

/// What the signature of a callback must be of, once its form and its time are right.
fn signed_callback(input: &str) -> Result<String, Error> {
    let input = Object::parse(input).unwrap_or_default();
    let text = |name| input.text(name);
    let tolerance = seconds(&input, "tolerance", SIGNATURE_TOLERANCE_S)?;
    let (body, timestamp, signature) = (text("body").unwrap_or_default(), text("timestamp"), text("signature"));
    let now = seconds(&input, "now", 0)?;
    let signed = SignedCallback::parse(&body, timestamp.as_deref(), signature.as_deref(), now, tolerance)?;
    let json = Writer::new().text("message", Some(&signed.message)).text("signature", Some(&signed.signature));
    Ok(json.raw("callback", &signed.callback.to_json()).end())
}

/// What to sign of a callback that is sent at this time.
fn callback_message(input: &str) -> Result<String, Error> {
    let input = Object::parse(input).unwrap_or_default();
    let callback = Callback::parse(&input.text("body").unwrap_or_default())?;
    Ok(quoted(&signed_message(callback.task_id(), &decimal(seconds(&input, "timestamp", 0)?))))
}

fn seconds(input: &Object<'_>, name: &str, unless_told: i64) -> Result<i64, Error> {
    let Some(given) = input.given(name) else { return Ok(unless_told) };
    let must = "must be a whole number of seconds, 0 or more";
    given.whole().filter(|seconds| *seconds >= 0).ok_or_else(|| Error::misconfigured(name, must))
}
