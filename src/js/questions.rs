//! What needs no server: answers from the core's rules, as JSON.

use super::kept::take;
use super::{batch, client};
use crate::core::json::{Json, Object, Writer, list, quoted};
use crate::core::text::decimal;
use crate::core::{
    Billed, Callback, Error, Kind, Prices, SIGNATURE_TOLERANCE_S, SignedCallback, Warning, generate, lint,
    signed_message,
};
use alloc::borrow::ToOwned;
use alloc::string::String;

/// The answer to a question; `None` if this is none, but an operation. Some are about what a number stands for.
pub fn answer(question: &str, about: u32, input: &str, now: i64) -> Option<Result<String, Error>> {
    let done = || "null".to_owned();
    Some(match question {
        "connect" => client::connect(about, input).map(|()| done()),
        "history" => client::of(about).map(|account| account.with_history(|history| history.to_json())),
        "lint" => lint(input).map(|warnings| list(&mut warnings.iter().map(Warning::to_json))),
        "estimate" => estimate(input),
        "callback" => Callback::parse(input).map(|callback| callback.to_json()),
        "signedCallback" => signed_callback(input),
        "callbackMessage" => callback_message(input),
        "crash" => Ok(crash(input == "true").to_json()),
        "order" => batch::order(about, input).map(|()| done()),
        "next" => Ok(batch::next(about, now)),
        "settled" => {
            batch::settled(about, input);
            Ok(done())
        }
        "stop" => {
            batch::stop(about);
            Ok(done())
        }
        "refusal" => Ok(batch::refusal(about)),
        "forget" => {
            drop(take(about));
            Ok(done())
        }
        _ => return None,
    })
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

/// The error of a call that the module's crash ended: asked of the module's next instance.
fn crash(submits: bool) -> Error {
    let message = "the package crashed; this is a fault of its own, please report it. It was started anew";
    // What was in flight is gone with the instance: nobody knows how far it came.
    let billed = if submits { Billed::Unknown } else { Billed::No };
    Error::new(Kind::Crashed, message).with(|error| error.billed = billed)
}
