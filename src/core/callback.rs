use serde::{Deserialize, Serialize, Serializer};
use serde_with::skip_serializing_none;

use super::given::Given;
use super::record::Results;
use super::{Error, Kind, Operation, Record, State, Task, de, decode};

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

/// The documented body.
#[derive(Deserialize)]
struct CallbackBody {
    #[serde(default, deserialize_with = "de::lenient_integer")]
    code: Option<i64>,
    #[serde(default, deserialize_with = "de::lenient_text")]
    msg: Option<String>,
    /// A [`Record`], or one whose results stand in it as plain `resultUrls`.
    data: Option<Given>,
}

impl Callback {
    /// Reads the documented shapes: plain `resultUrls` with `promptJson`, and the record's own.
    pub fn parse(body: &str) -> Result<Self, Error> {
        let read = || {
            let body: CallbackBody = decode::given(body).and_then(decode::lenient)?;
            let data = body.data?;
            Some((body.code?, body.msg, decode::lenient::<Record>(data.clone())?, data))
        };
        let malformed = || Error::unanswered(Operation::Read, Kind::BadResponse, "the body is no callback of this API");
        let (code, msg, mut record, data) = read().ok_or_else(malformed)?;
        let has_flag = data.field("successFlag").is_some_and(|flag| *flag != Given::Nothing);
        if record.results.is_empty() {
            record.results = Results::from(data);
        }
        if code == 200 && !has_flag {
            record.success_flag = 1;
        }
        if code != 200 {
            // The message of a failure stands in the envelope when the data carries none.
            record.success_flag = if record.success_flag == 3 { 3 } else { 2 };
            record.error_message = record.error_message.or(msg);
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
}

/// `{"type": "acknowledged", "taskId"}` or `{"type": "ended", "taskId", "task"}`
impl Serialize for Callback {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[skip_serializing_none]
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Tagged<'a> {
            r#type: &'static str,
            task_id: &'a str,
            task: Option<&'a Task>,
        }
        let (name, task) = match self {
            Self::Acknowledged { .. } => ("acknowledged", None),
            Self::Ended(task) => ("ended", Some(&**task)),
        };
        Tagged { r#type: name, task_id: self.task_id(), task }.serialize(serializer)
    }
}
