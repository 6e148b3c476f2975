use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::json::{Writer, list};
use super::text::before;
use super::{Billed, Error, ErrorCode, Kind, Record, Speed, TimeLeft};

/// How long the vendor keeps the files: 15 days (*Q*).
pub const RETENTION_MS: i64 = 15 * 24 * 60 * 60 * 1000;

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not ended, as far as anyone knows.
    Running,
    /// Ended with results.
    Succeeded,
    /// Ended without.
    Failed,
}

impl State {
    /// The word JavaScript sees.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

/// One image or video of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultFile {
    /// Its number, counted from 1.
    pub index: usize,
    /// Where it lies until [`Task::expires_at`].
    pub url: String,
}

/// Why a task failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The vendor's code.
    pub code: Option<ErrorCode>,
    /// The vendor's words.
    pub message: String,
}

/// A task as a caller sees it. It is plain data: stored and loaded again, it is the handle to resume by.
/// Times are milliseconds since 1970.
///
/// ```
/// use midapi::core::{Handle, Task};
///
/// let task = Task::running("task-id".to_owned());
/// assert_eq!(Handle::parse(&task.to_json())?, Handle::from(&task));
/// # Ok::<(), midapi::core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// When the vendor deletes the files.
    pub expires_at: Option<i64>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

impl Task {
    /// A task of which only the id is known.
    pub fn running(task_id: String) -> Self {
        Self::from(Record { task_id, ..Record::default() })
    }

    /// As JSON, for a caller to keep: with [`Handle::parse`](super::Handle::parse) it is a handle again.
    pub fn to_json(&self) -> String {
        let files = |files: &[ResultFile]| list(&mut files.iter().map(|file| file.to_json(&self.task_id)));
        Writer::new()
            .text("taskId", Some(&self.task_id))
            .text("state", Some(self.state.as_str()))
            .text("taskType", self.task_type.as_deref())
            .text("speed", self.speed.map(Speed::as_str))
            .raw("images", &files(&self.images))
            .raw("videos", &files(&self.videos))
            .whole("createdAt", self.created_at)
            .whole("expectedAt", self.expected_at)
            .some("timeLeft", self.time_left.map(TimeLeft::to_json))
            .whole("completedAt", self.completed_at)
            .whole("expiresAt", self.expires_at)
            .some("failure", self.failure.as_ref().map(Failure::to_json))
            .end()
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

impl ResultFile {
    fn to_json(&self, task_id: &str) -> String {
        let index = Some(self.index as i64);
        Writer::new().text("taskId", Some(task_id)).whole("index", index).text("url", Some(&self.url)).end()
    }
}

impl Failure {
    fn to_json(&self) -> String {
        let code = self.code.as_ref().map(ErrorCode::to_json);
        Writer::new().some("code", code).text("message", Some(&self.message)).end()
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
            time_left: None,
            completed_at: record.complete_time.filter(|_| state != State::Running),
            expires_at: ended_at.filter(|_| state == State::Succeeded).map(|ended_at| ended_at + RETENTION_MS),
            failure,
            task_type: record.task_type,
            speed: None,
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
    let path = before(url, b"?#").unwrap_or(url);
    let ending = path.len().checked_sub(4).and_then(|start| path.get(start..));
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case(".mp4"))
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
