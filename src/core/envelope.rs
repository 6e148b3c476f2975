//! The envelope `{"code", "msg", "data"}` around every reply.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::given::Given;
use super::{Error, Kind, MISCONFIGURED, Operation, Secret, de, decode, is_field};

#[derive(Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "de::lenient_integer")]
    code: Option<i64>,
    #[serde(default, deserialize_with = "de::lenient_text")]
    msg: Option<String>,
    data: Option<Given>,
}

/// The `data` of a reply, or the error the reply stands for.
///
/// Application errors usually come as HTTP 200 with the code inside, but a real HTTP status must be understood too: the
/// code inside decides unless it says 200 and the status doesn't. `key` is the one the call was sent with, if any;
/// `from_gateway` says whether a gateway of ours may have answered, which has a word of its own.
pub(crate) fn decode_envelope(
    operation: Operation,
    status: u16,
    body: &str,
    key: Option<&Secret>,
    from_gateway: bool,
) -> Result<Given, Error> {
    let envelope = decode::given(body).and_then(decode::lenient::<Envelope>);
    let (code, message, data) = match envelope {
        Some(Envelope { code: Some(code), msg, data }) => (code, msg, data),
        // Whoever answered, it wasn't the API.
        _ => {
            return Err(match status {
                200..300 => senseless(operation, "the server's answer is not the API's envelope"),
                400..500 if !matches!(status, 429 | 455) => Error::refused_in_front(status),
                _ => Error::refused(operation, status.into(), format!("the server answered HTTP {status}")),
            });
        }
    };
    let code = if code == 200 && !(200..300).contains(&status) { status.into() } else { code };
    if code == 200 {
        return data.ok_or_else(|| senseless(operation, "the server's answer has no data"));
    }
    let message = message.and_then(|message| shown(message, key));
    let message = message.unwrap_or_else(|| format!("the server answered with code {code}"));
    // A gateway of ours names the field in front of the sentence; so the name survives the wire.
    let field = message.split_once(':').map(|(field, _)| field.to_owned()).filter(|field| is_field(field));
    let error = match from_gateway && code == 503 && message.starts_with(MISCONFIGURED) {
        // No code of the vendor's: the gateway has sent nothing.
        true => Error::new(Kind::Misconfigured, message).with(|error| error.code = Some(code)),
        false => Error::refused(operation, code, message),
    };
    Err(error.with(|error| error.field = field))
}

/// Reads the data of a reply; of what isn't of this shape `what` says what it is not.
pub(crate) fn decode_data<T: DeserializeOwned>(operation: Operation, data: Given, what: &str) -> Result<T, Error> {
    decode::lenient(data).ok_or_else(|| senseless(operation, &format!("the server's answer {what}")))
}

/// The id of the task that a submit created.
pub(crate) fn accepted_task_id(data: Given) -> Result<String, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Accepted {
        #[serde(deserialize_with = "de::task_id")]
        task_id: String,
    }
    decode_data(Operation::Submit, data, "has no usable taskId").map(|Accepted { task_id }| task_id)
}

/// Whether a gateway's health says that it creates one task for one idempotency key.
pub(crate) fn honours_idempotency_keys(data: &Given) -> bool {
    data.field("idempotencyKeys") == Some(&Given::Boolean(true))
}

/// Whether a gateway's health says that it tells of tasks as they change.
pub(crate) fn offers_events(data: &Given) -> bool {
    data.field("events") == Some(&Given::Boolean(true))
}

#[cold]
fn senseless(operation: Operation, message: &str) -> Error {
    Error::unanswered(operation, Kind::BadResponse, message)
}

/// A server's own words as they may be shown: not empty, without the key it may quote, and no longer than a person
/// reads. In that order: a cut through the key would leave a part of it.
pub(crate) fn shown(mut text: String, key: Option<&Secret>) -> Option<String> {
    const MOST: usize = 1000;
    if let Some(key) = key {
        key.redact(&mut text);
    }
    if let Some((cut, _)) = text.char_indices().nth(MOST) {
        text.truncate(cut);
        text.push('…');
    }
    Some(text).filter(|text| !text.trim_ascii().is_empty())
}
