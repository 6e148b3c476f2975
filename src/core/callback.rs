use serde::{Deserialize, Serialize, Serializer};
use serde_with::skip_serializing_none;

#[cfg(feature = "gateway")]
use super::ErrorCode;
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

/// The address to call back at in a submit's body, and in the copy of it in a record.
#[cfg(feature = "gateway")]
#[derive(Deserialize)]
pub(crate) struct CallBackUrl {
    #[serde(rename = "callBackUrl")]
    call_back_url: Option<String>,
}

#[cfg(feature = "gateway")]
impl CallBackUrl {
    /// The URL in a JSON body, if there is one.
    pub fn of(body: &str) -> Option<String> {
        let body: Self = serde_json::from_str(body).ok()?;
        body.call_back_url.filter(|url| !url.is_empty())
    }
}

/// The body of a callback about a task that has ended, as the vendor documents it.
#[cfg(feature = "gateway")]
pub(crate) fn callback_body(record: &Record) -> String {
    #[derive(Serialize)]
    struct Body<'a> {
        code: i64,
        msg: &'a str,
        data: Data<'a>,
    }
    #[skip_serializing_none]
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Data<'a> {
        task_id: &'a str,
        prompt_json: Option<&'a str>,
        result_urls: Vec<Option<&'a str>>,
    }
    /// The code of a generation that failed.
    const FAILED: i64 = 501;
    let (code, msg) = match (record.success_flag, &record.error_code) {
        (1, _) => (200, "success"),
        (_, Some(ErrorCode::Number(code @ 400..600))) => (*code, record.error_message.as_deref().unwrap_or_default()),
        _ => (FAILED, record.error_message.as_deref().unwrap_or_default()),
    };
    let result_urls = if code == 200 { record.results.urls.iter().map(Option::as_deref).collect() } else { Vec::new() };
    let data = Data { task_id: &record.task_id, prompt_json: record.param_json.as_deref(), result_urls };
    // What the crate's own types hold is always JSON.
    serde_json::to_string(&Body { code, msg, data }).unwrap_or_default()
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
