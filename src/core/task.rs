use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

use super::{Archive, Billed, Error, ErrorCode, Kind, Record, Speed, TimeLeft};

/// How long the vendor keeps the files: 15 days (*Q*).
pub const RETENTION_MS: i64 = 15 * 24 * 60 * 60 * 1000;

/// Where a task stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, IntoStaticStr, VariantArray, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum State {
    /// Not ended, as far as anyone knows.
    Running,
    /// Ended with results.
    Succeeded,
    /// Ended without.
    Failed,
}

/// One image or video of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultFile {
    /// The task that made it.
    pub task_id: String,
    /// Its number, counted from 1.
    pub index: usize,
    /// Where it lies until [`Task::expires_at`].
    pub url: String,
}

/// Why a task failed.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The vendor's code.
    pub code: Option<ErrorCode>,
    /// The vendor's words.
    pub message: String,
}

/// A task as a caller sees it. It is plain data: stored as JSON and loaded again, it is the handle to resume by.
/// Times are milliseconds since 1970.
///
/// ```
/// use midapi::core::{Handle, Task};
///
/// let task = Task::running("task-id".to_owned());
/// assert_eq!(Handle::parse(&serde_json::to_string(&task)?)?, Handle::from(&task));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// The handle.
    pub task_id: String,
    /// Where it stands.
    pub state: State,
    /// The vendor's word for what it does.
    pub task_type: Option<String>,
    /// How fast it was asked to be, if this client submitted it.
    pub speed: Option<Speed>,
    /// The images, once succeeded.
    pub images: Vec<ResultFile>,
    /// The videos, once succeeded.
    pub videos: Vec<ResultFile>,
    /// When it was created.
    pub created_at: Option<i64>,
    /// When it is likely to end: an estimate from typical durations, or the server's own.
    pub expected_at: Option<i64>,
    /// How long it is likely to take from now: an estimate.
    pub time_left: Option<TimeLeft>,
    /// When it ended.
    pub completed_at: Option<i64>,
    /// When the links end: the vendor deletes its files, or a gateway its copies.
    pub expires_at: Option<i64>,
    /// The copies that a gateway keeps of the files.
    pub archive: Option<Archive>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

impl Task {
    /// A task of which only the id is known.
    pub fn running(task_id: String) -> Self {
        Self::from(Record { task_id, ..Record::default() })
    }

    /// The error a failed task stands for. Whether the vendor gives the credits back is documented nowhere.
    pub fn to_error(&self) -> Error {
        let failure = self.failure.as_ref();
        let code = failure.and_then(|failure| failure.code.as_ref());
        let message = failure.map(|failure| failure.message.clone()).unwrap_or_default();
        Error::new(Kind::TaskFailed, message).with(|error| {
            if let Some(ErrorCode::Number(code)) = code {
                error.code = Some(*code);
            }
            error.task_id = Some(self.task_id.clone());
            error.billed = Billed::Unknown;
        })
    }
}

impl From<Record> for Task {
    /// A success without a single result is read as still running: results that never come end in the caller's
    /// time-out with the handle in hand, and not in a success with nothing to show.
    fn from(record: Record) -> Self {
        let state = match record.success_flag {
            1 if !record.results.is_empty() => State::Succeeded,
            2 | 3 => State::Failed,
            _ => State::Running,
        };
        let ended_at = record.complete_time.or(record.create_time);
        let failure = (state == State::Failed).then(|| Failure {
            code: record.error_code,
            message: record.error_message.unwrap_or_else(|| unexplained(record.success_flag).to_owned()),
        });
        let mut task = Self {
            task_id: record.task_id,
            state,
            images: Vec::new(),
            videos: Vec::new(),
            created_at: record.create_time,
            expected_at: None,
            time_left: None,
            completed_at: record.complete_time.filter(|_| state != State::Running),
            expires_at: record
                .expires_at
                .or(ended_at.map(|ended_at| ended_at.saturating_add(RETENTION_MS)))
                .filter(|_| state == State::Succeeded),
            archive: record.archive,
            failure,
            task_type: record.task_type,
            speed: None,
        };
        if state == State::Succeeded {
            for (place, url) in record.results.urls.into_iter().enumerate() {
                let Some(url) = url else { continue };
                let is_video = is_video(&url, task.task_type.as_deref());
                let files = if is_video { &mut task.videos } else { &mut task.images };
                files.push(ResultFile { task_id: task.task_id.clone(), index: place + 1, url });
            }
        }
        task
    }
}

/// By the file's own name; where that has no ending known here, by the vendor's word for what the task does.
fn is_video(url: &str, task_type: Option<&str>) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let ending = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    match ending.unwrap_or_default().to_ascii_lowercase().as_str() {
        "mp4" | "webm" | "mov" | "m4v" => true,
        "jpg" | "jpeg" | "png" | "webp" | "gif" | "avif" => false,
        _ => task_type.is_some_and(|task_type| task_type.starts_with("mj_video")),
    }
}

/// The quick start's words for a failure without a reason.
const fn unexplained(success_flag: i64) -> &'static str {
    if success_flag == 2 { "Task generation failed" } else { "Task created successfully but generation failed" }
}
