use serde::{Serialize, Serializer};

use super::fields::check_link;
use super::{Error, Json, Kind, Operation};

/// The code of a failed task: the record's documentation says integer, the callback's says string.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
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
    pub fn decode<J: Json>(data: &J) -> Result<Self, Error> {
        let text = |name| data.given(name).and_then(|value| value.text());
        let Some(task_id) = text("taskId") else {
            return Err(Error::unanswered(Operation::Read, Kind::BadResponse, "the server's answer is no task record"));
        };
        Ok(Self {
            task_id,
            task_type: text("taskType"),
            param_json: text("paramJson"),
            create_time: data.given("createTime").and_then(|value| epoch_ms(&value)),
            complete_time: data.given("completeTime").and_then(|value| epoch_ms(&value)),
            result_urls: data.given("resultInfoJson").map(|value| result_urls(&value)).unwrap_or_default(),
            success_flag: data.given("successFlag").and_then(|value| value.integer()).unwrap_or_default(),
            error_code: data.given("errorCode").and_then(|value| error_code(&value)),
            error_message: text("errorMessage").filter(|message| !message.trim_ascii().is_empty()),
        })
    }
}

/// Milliseconds as recorded traffic has them, or the RFC 3339 text of the reference pages.
fn epoch_ms<J: Json>(value: &J) -> Option<i64> {
    value.integer().or_else(|| J::rfc3339_ms(&value.text()?))
}

/// `{"resultUrls": [{"resultUrl": …}]}`, the same as a JSON text, or with plain strings as in callbacks. What is no
/// link to the web is no result: callers put these into pages.
pub(super) fn result_urls<J: Json>(value: &J) -> Vec<String> {
    let parsed = value.text().and_then(|text| J::parse(&text));
    let items = parsed.as_ref().unwrap_or(value).given("resultUrls").and_then(|urls| urls.items()).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| item.text().or_else(|| item.given("resultUrl")?.text()))
        .filter(|url| check_link("resultUrl", url).is_ok())
        .collect()
}

fn error_code(value: &impl Json) -> Option<ErrorCode> {
    match value.number() {
        Some(_) => value.integer().map(ErrorCode::Number),
        None => value.text().filter(|text| !text.is_empty()).map(ErrorCode::Text),
    }
}

/// The record in the vendor's spelling, with its `null`s, so that a client of the vendor reads it as it always has.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireRecord<'a> {
    task_id: &'a str,
    task_type: Option<&'a str>,
    param_json: Option<&'a str>,
    create_time: Option<i64>,
    complete_time: Option<i64>,
    result_info_json: Option<WireResults<'a>>,
    success_flag: i64,
    error_code: Option<&'a ErrorCode>,
    error_message: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireResults<'a> {
    result_urls: Vec<WireResult<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireResult<'a> {
    result_url: &'a str,
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let result_urls: Vec<_> = self.result_urls.iter().map(|url| WireResult { result_url: url }).collect();
        WireRecord {
            task_id: &self.task_id,
            task_type: self.task_type.as_deref(),
            param_json: self.param_json.as_deref(),
            create_time: self.create_time,
            complete_time: self.complete_time,
            result_info_json: (!result_urls.is_empty()).then_some(WireResults { result_urls }),
            success_flag: self.success_flag,
            error_code: self.error_code.as_ref(),
            error_message: self.error_message.as_deref(),
        }
        .serialize(serializer)
    }
}
