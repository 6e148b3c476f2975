//! The envelope `{"code", "msg", "data"}` around every reply.

use super::{Error, Json, Kind, Operation, Secret, checked_task_id};

/// The `data` of a reply, or the error it stands for. `body` is `None` when the reply wasn't JSON.
///
/// Application errors usually come as HTTP 200 with the code inside, but a real HTTP status must be understood too:
/// the code inside decides unless it says 200 and the status doesn't. `key` is the one the call was sent with, if any.
pub fn open<J: Json>(operation: Operation, status: u16, body: Option<J>, key: Option<&Secret>) -> Result<J, Error> {
    let code = body.as_ref().and_then(|body| body.given("code")?.integer());
    let code = match code {
        Some(code) if code != 200 => code,
        _ if !(200..300).contains(&status) => status.into(),
        Some(code) => code,
        None => {
            return Err(Error::unanswered(
                operation,
                Kind::BadResponse,
                "the server's answer is not the API's envelope",
            ));
        }
    };
    let Some(body) = body else {
        return Err(Error::refused(operation, code, format!("the server answered HTTP {status}")));
    };
    if code != 200 {
        let message = body.given("msg").and_then(|msg| sentence(msg.text()?, key));
        let message = message.unwrap_or_else(|| format!("the server answered with code {code}"));
        // A gateway of ours names the field in front of the sentence; so the name survives the wire.
        let field = message.split_once(':').map(|(field, _)| field).filter(|field| super::request::is_field(field));
        let field = field.map(str::to_owned);
        return Err(Error::refused(operation, code, message).with(|error| error.field = field));
    }
    body.given("data").ok_or_else(|| Error::unanswered(operation, Kind::BadResponse, "the server's answer has no data"))
}

/// A server's own words as they may be shown: not empty, without the key it may quote, and no longer than a person
/// reads. In that order: a cut through the key would leave a part of it.
pub fn sentence(mut text: String, key: Option<&Secret>) -> Option<String> {
    const MOST: usize = 1000;
    if let Some(key) = key {
        key.redact(&mut text);
    }
    let cut = text.char_indices().nth(MOST).and_then(|(at, _)| text.get(..at)).map(|start| [start, "…"].concat());
    cut.or(Some(text)).filter(|text| !text.trim_ascii().is_empty())
}

/// The id of the task that a submit created.
pub fn accepted(data: &impl Json) -> Result<String, Error> {
    let id = data.given("taskId").and_then(|id| id.text()).filter(|id| checked_task_id(id).is_ok());
    id.ok_or_else(|| {
        Error::unanswered(Operation::Submit, Kind::BadResponse, "the server's answer has no usable taskId")
    })
}

/// The account's credits; the vendor counts in fractions.
pub fn credits(data: &impl Json) -> Result<f64, Error> {
    let credits = data.number().filter(|credits| credits.is_finite());
    credits.ok_or_else(|| {
        Error::unanswered(Operation::Read, Kind::BadResponse, "the server's answer is not a number of credits")
    })
}
