use serde::Serialize;

use super::{Billed, Error, ErrorCode, Kind, Record, TaskType};

/// How long the vendor keeps the files: 15 days (*Q*).
pub const RETENTION_MS: i64 = 15 * 24 * 60 * 60 * 1000;

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
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
pub struct ResultFile {
    /// Its number, counted from 1.
    pub index: usize,
    /// Where it lies until [`Task::expires_at`].
    pub url: String,
}

/// Why a task failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The vendor's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<ErrorCode>,
    /// The vendor's words.
    pub message: String,
}

/// A task as a caller sees it. It is plain data: stored and loaded again, it is the handle to resume by.
/// Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// The handle.
    pub task_id: String,
    /// Where it stands.
    pub state: State,
    /// The vendor's word for what it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_type: Option<String>,
    /// The images, once succeeded.
    pub images: Vec<ResultFile>,
    /// The videos, once succeeded.
    pub videos: Vec<ResultFile>,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<i64>,
    /// When it is likely to end: an estimate from typical durations, or the server's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_at: Option<i64>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<i64>,
    /// When the vendor deletes the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

impl Task {
    /// A task that was just accepted.
    pub fn accepted(task_id: String, task_type: Option<TaskType>, created_at: i64, expected_at: i64) -> Self {
        Self {
            task_id,
            state: State::Running,
            task_type: task_type.map(|task_type| task_type.as_str().to_owned()),
            images: Vec::new(),
            videos: Vec::new(),
            created_at: Some(created_at),
            expected_at: Some(expected_at),
            completed_at: None,
            expires_at: None,
            failure: None,
        }
    }

    /// The error a failed task stands for. Whether the vendor gives the credits back is documented nowhere.
    pub fn to_error(&self) -> Option<Error> {
        let failure = self.failure.as_ref()?;
        let code = match failure.code {
            Some(ErrorCode::Number(code)) => Some(code),
            _ => None,
        };
        Some(Error::new(Kind::TaskFailed, failure.message.clone()).with(|error| {
            error.code = code;
            error.task_id = Some(self.task_id.clone());
            error.billed = Billed::Unknown;
        }))
    }
}

impl From<Record> for Task {
    /// A success without a single result is read as still running: results that never come end in the caller's
    /// time-out with the handle in hand, and not in a success with nothing to show.
    fn from(record: Record) -> Self {
        let state = match record.success_flag {
            1 if !record.result_urls.is_empty() => State::Succeeded,
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
            completed_at: record.complete_time.filter(|_| state != State::Running),
            expires_at: ended_at.filter(|_| state == State::Succeeded).map(|ended_at| ended_at + RETENTION_MS),
            failure,
            task_type: record.task_type,
        };
        if state == State::Succeeded {
            for (position, url) in record.result_urls.into_iter().enumerate() {
                let files = if is_video(&url) { &mut task.videos } else { &mut task.images };
                files.push(ResultFile { index: position + 1, url });
            }
        }
        task
    }
}

/// By the file's own name: the types of upscales and extensions are not documented.
fn is_video(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.to_ascii_lowercase().ends_with(".mp4")
}

/// The quick start's words for a failure without a reason.
const fn unexplained(success_flag: i64) -> &'static str {
    if success_flag == 2 { "Task generation failed" } else { "Task created successfully but generation failed" }
}

/// Ids are opaque: 32 hexadecimal digits in traffic, other shapes in the documentation. What no id can be is refused
/// before it reaches a URL.
pub fn checked_task_id(id: &str) -> Result<&str, Error> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    // A gateway's ids are the vendor's, sealed, and longer.
    if id.is_empty() || id.len() > 1024 || !id.bytes().all(fits) {
        return Err(Error::invalid("taskId", "must be a task's id: 1 to 1024 letters, digits, '_', '-' or '.'"));
    }
    Ok(id)
}
