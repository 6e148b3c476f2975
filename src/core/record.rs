use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::fields::check_link;
use super::json::{Json, Object, Writer, list, quoted};
use super::text::decimal;
use super::time::rfc3339_ms;
use super::{Error, Kind, Operation};

/// The code of a failed task: the record's documentation says integer, the callback's says string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// As in records.
    Number(i64),
    /// As in the callback of a video extension.
    Text(String),
}

/// The vendor's task record, read tolerantly and written in one shape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The task.
    pub task_id: String,
    /// Its type; upscales have types the reference doesn't list.
    pub task_type: Option<String>,
    /// The request, as a JSON text.
    pub param_json: Option<String>,
    /// When it was created, in milliseconds since 1970.
    pub create_time: Option<i64>,
    /// When it ended, in milliseconds since 1970.
    pub complete_time: Option<i64>,
    /// The links to the results; empty until it succeeds.
    pub result_urls: Vec<String>,
    /// 0 generating, 1 success, 2 failed, 3 created but generation failed (*Q*).
    pub success_flag: i64,
    /// Why it failed.
    pub error_code: Option<ErrorCode>,
    /// Why it failed, in words.
    pub error_message: Option<String>,
}

impl Record {
    /// Reads the `data` of a status reply or of a callback of the same shape. A flag that is missing counts as 0:
    /// nothing is known to have ended.
    pub(crate) fn decode(data: &Object<'_>) -> Result<Self, Error> {
        let text = |name| data.text(name);
        let Some(task_id) = text("taskId") else {
            return Err(Error::unanswered(Operation::Read, Kind::BadResponse, "the server's answer is no task record"));
        };
        Ok(Self {
            task_id,
            task_type: text("taskType"),
            param_json: text("paramJson"),
            create_time: epoch_ms(data.given("createTime")),
            complete_time: epoch_ms(data.given("completeTime")),
            result_urls: data.given("resultInfoJson").map(result_urls).unwrap_or_default(),
            success_flag: data.given("successFlag").and_then(Json::integer).unwrap_or_default(),
            error_code: data.given("errorCode").and_then(error_code),
            error_message: text("errorMessage").filter(|message| !message.trim_ascii().is_empty()),
        })
    }

    /// The record in the vendor's spelling, with its `null`s, so that a client of the vendor reads it as it always has.
    pub fn to_json(&self) -> String {
        let or_null = |json: Option<String>| json.unwrap_or_else(|| "null".to_owned());
        let text = |text: &Option<String>| or_null(text.as_deref().map(quoted));
        let whole = |number: Option<i64>| or_null(number.map(decimal));
        let url = |url: &String| Writer::new().text("resultUrl", Some(url)).end();
        let results = || Writer::new().raw("resultUrls", &list(&mut self.result_urls.iter().map(url))).end();
        Writer::new()
            .text("taskId", Some(&self.task_id))
            .raw("taskType", &text(&self.task_type))
            .raw("paramJson", &text(&self.param_json))
            .raw("createTime", &whole(self.create_time))
            .raw("completeTime", &whole(self.complete_time))
            .raw("resultInfoJson", &or_null((!self.result_urls.is_empty()).then(results)))
            .whole("successFlag", Some(self.success_flag))
            .raw("errorCode", &or_null(self.error_code.as_ref().map(ErrorCode::to_json)))
            .raw("errorMessage", &text(&self.error_message))
            .end()
    }
}

impl ErrorCode {
    pub(super) fn to_json(&self) -> String {
        match self {
            Self::Number(code) => decimal(*code),
            Self::Text(code) => quoted(code),
        }
    }
}

/// Milliseconds as recorded traffic has them, or the RFC 3339 text of the reference pages.
fn epoch_ms(value: Option<Json<'_>>) -> Option<i64> {
    let value = value?;
    value.integer().or_else(|| rfc3339_ms(&value.text()?))
}

/// `{"resultUrls": [{"resultUrl": …}]}`, the same as a JSON text, or with plain strings as in callbacks. What is no
/// link to the web is no result: callers put these into pages.
pub(super) fn result_urls(value: Json<'_>) -> Vec<String> {
    let text = value.text();
    let object = text.as_deref().map_or(value, Json::of).object();
    let items = object.and_then(|object| object.given("resultUrls")?.items()).unwrap_or_default();
    items
        .into_iter()
        .filter_map(|item| item.text().or_else(|| item.object()?.text("resultUrl")))
        .filter(|url| check_link("resultUrl", url).is_ok())
        .collect()
}

fn error_code(value: Json<'_>) -> Option<ErrorCode> {
    match value.number() {
        Some(_) => value.whole().map(ErrorCode::Number),
        None => value.text().filter(|text| !text.is_empty()).map(ErrorCode::Text),
    }
}
