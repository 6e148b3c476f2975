//! The envelope `{"code", "msg", "data"}` around every reply.

use alloc::borrow::ToOwned;
use alloc::string::String;

use super::json::{Json, Object};
use super::text::{before, concat, decimal};
use super::{Error, Kind, MISCONFIGURED, Operation, Record, Secret, checked_task_id};

/// The `data` of a reply, or the error it stands for.
///
/// Application errors usually come as HTTP 200 with the code inside, but a real HTTP status must be understood too:
/// the code inside decides unless it says 200 and the status doesn't. `key` is the one the call was sent with, if any;
/// `from_gateway` says whether a gateway of ours may have answered, which has a word of its own.
pub(crate) fn open<'a>(
    operation: Operation,
    status: u16,
    body: &'a str,
    key: Option<&Secret>,
    from_gateway: bool,
) -> Result<Json<'a>, Error> {
    let body = Object::parse(body);
    let code = body.as_ref().and_then(|body| body.given("code")?.integer());
    let code = match code {
        Some(code) if code != 200 => code,
        _ if !(200..300).contains(&status) => status.into(),
        Some(code) => code,
        None => return Err(senseless(operation, "the server's answer is not the API's envelope")),
    };
    let Some(body) = body else {
        return Err(Error::refused(operation, code, concat(&["the server answered HTTP ", &decimal(code)])));
    };
    if code != 200 {
        let message = body.text("msg").and_then(|message| sentence(message, key));
        let message = message.unwrap_or_else(|| concat(&["the server answered with code ", &decimal(code)]));
        // A gateway of ours names the field in front of the sentence; so the name survives the wire.
        let field = before(&message, b":").filter(|field| super::request::is_field(field));
        let field = field.map(str::to_owned);
        let error = match from_gateway && code == 503 && message.starts_with(MISCONFIGURED) {
            // No code of the vendor's: the gateway has sent nothing.
            true => Error::new(Kind::Misconfigured, message).with(|error| error.code = Some(code)),
            false => Error::refused(operation, code, message),
        };
        return Err(error.with(|error| error.field = field));
    }
    body.given("data").ok_or_else(|| senseless(operation, "the server's answer has no data"))
}

#[cold]
fn senseless(operation: Operation, message: &str) -> Error {
    Error::unanswered(operation, Kind::BadResponse, message)
}

/// A server's own words as they may be shown: not empty, without the key it may quote, and no longer than a person
/// reads. In that order: a cut through the key would leave a part of it.
pub fn sentence(mut text: String, key: Option<&Secret>) -> Option<String> {
    const MOST: usize = 1000;
    if let Some(key) = key {
        key.redact(&mut text);
    }
    let cut = text.char_indices().nth(MOST).and_then(|(at, _)| text.get(..at)).map(|start| concat(&[start, "…"]));
    cut.or(Some(text)).filter(|text| !text.trim_ascii().is_empty())
}

/// The id of the task that a submit created.
pub(crate) fn accepted(data: Json<'_>) -> Result<String, Error> {
    let id = data.object().and_then(|data| data.text("taskId")).filter(|id| checked_task_id(id).is_ok());
    id.ok_or_else(|| senseless(Operation::Submit, "the server's answer has no usable taskId"))
}

/// The account's credits, a decimal number as the server spells it: the vendor counts in fractions.
pub(crate) fn credits(data: Json<'_>) -> Result<String, Error> {
    let credits = data.number().map(str::to_owned);
    credits.ok_or_else(|| senseless(Operation::Read, "the server's answer is not a number of credits"))
}

/// The record of a task.
pub(crate) fn record(data: Json<'_>) -> Result<Record, Error> {
    let data = data.object().ok_or_else(|| senseless(Operation::Read, "the server's answer is no task record"))?;
    Record::decode(&data)
}
