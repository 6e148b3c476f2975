use alloc::boxed::Box;
use alloc::string::String;

use super::json::{Json, Object, Writer};
use super::record::result_urls;
use super::{Error, Kind, Operation, Record, State, Task};

/// What the vendor posts to a `callBackUrl`. Even one whose signature is right proves nothing about its results, as the
/// signature covers the task's id alone: a reason to look at the record now, never the record itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callback {
    /// The task was taken on, or goes on: nothing in it says that it has ended.
    Acknowledged {
        /// The task.
        task_id: String,
    },
    /// The task is said to have ended.
    Ended(Box<Task>),
}

impl Callback {
    /// Reads the documented shapes: plain `resultUrls` with `promptJson`, and the record's own.
    pub fn parse(body: &str) -> Result<Self, Error> {
        let malformed = || Error::unanswered(Operation::Read, Kind::BadResponse, "the body is no callback of this API");
        let body = Object::parse(body).ok_or_else(malformed)?;
        let code = body.given("code").and_then(Json::integer).ok_or_else(malformed)?;
        let json = body.given("data").ok_or_else(malformed)?;
        let data = json.object().ok_or_else(malformed)?;
        let mut record = Record::decode(&data).map_err(|_| malformed())?;
        if record.result_urls.is_empty() {
            record.result_urls = result_urls(json);
        }
        if code == 200 && data.given("successFlag").is_none() {
            record.success_flag = 1;
        }
        if code != 200 {
            // The message of a failure stands in the envelope when the data carries none.
            record.success_flag = if record.success_flag == 3 { 3 } else { 2 };
            record.error_message = record.error_message.or_else(|| body.text("msg"));
        }
        let task = Task::from(record);
        Ok(match task.state {
            State::Running => Self::Acknowledged { task_id: task.task_id },
            State::Succeeded | State::Failed => Self::Ended(Box::new(task)),
        })
    }

    /// The task it is about.
    pub fn task_id(&self) -> &str {
        match self {
            Self::Acknowledged { task_id } => task_id,
            Self::Ended(task) => &task.task_id,
        }
    }

    /// As JSON: `{"type": "acknowledged", "taskId"}` or `{"type": "ended", "taskId", "task"}`.
    pub fn to_json(&self) -> String {
        let (name, task) = match self {
            Self::Acknowledged { .. } => ("acknowledged", None),
            Self::Ended(task) => ("ended", Some(task.to_json())),
        };
        Writer::new().text("type", Some(name)).text("taskId", Some(self.task_id())).some("task", task).end()
    }
}
