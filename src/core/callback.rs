use super::record::result_urls;
use super::{Error, Json, Kind, Operation, Record, Task};

/// What the vendor posts to a `callBackUrl`. It is unsigned and proves nothing: a reason to look at the record now,
/// never the record itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callback {
    /// The task was taken on; only its id is in it.
    Acknowledged {
        /// The task.
        task_id: String,
    },
    /// The task is said to have ended.
    Ended(Task),
}

impl Callback {
    /// Reads the documented shapes: plain `resultUrls` with `promptJson`, and the record's own.
    pub fn decode<J: Json>(body: &J) -> Result<Self, Error> {
        let malformed = || Error::unanswered(Operation::Read, Kind::BadResponse, "the body is no callback of this API");
        let code = body.given("code").and_then(|code| code.integer()).ok_or_else(malformed)?;
        let data = body.given("data").ok_or_else(malformed)?;
        let mut record = Record::decode(&data).map_err(|_| malformed())?;
        if record.result_urls.is_empty() {
            record.result_urls = result_urls(&data);
        }
        record.param_json = record.param_json.or_else(|| data.given("promptJson")?.text());
        let has_flag = data.given("successFlag").is_some();
        if code == 200 && !has_flag && record.result_urls.is_empty() {
            return Ok(Self::Acknowledged { task_id: record.task_id });
        }
        if code == 200 && !has_flag {
            record.success_flag = 1;
        }
        if code != 200 {
            // The message of a failure stands in the envelope when the data carries none.
            record.success_flag = record.success_flag.max(2);
            record.error_message = record.error_message.or_else(|| body.given("msg")?.text());
        }
        Ok(Self::Ended(record.into()))
    }
}
