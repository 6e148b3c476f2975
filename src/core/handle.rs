use serde::Deserialize;

use super::{Error, Given, Speed, Task, checked_task_id, de, decode};

/// What a task is waited for by: its id, and what is known of it. A stored [`Task`] is one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handle {
    /// The task.
    pub task_id: String,
    /// Its type.
    #[serde(default, deserialize_with = "de::lenient_text")]
    pub task_type: Option<String>,
    /// The speed it was asked for.
    #[serde(default, deserialize_with = "de::lenient_word")]
    pub speed: Option<Speed>,
    /// When it was created, in milliseconds since 1970.
    #[serde(default, deserialize_with = "de::lenient_whole")]
    pub created_at: Option<i64>,
    /// When it is likely to end, in milliseconds since 1970; the first look happens then.
    #[serde(default, deserialize_with = "de::lenient_whole")]
    pub expected_at: Option<i64>,
}

impl Handle {
    /// A handle of which only the id is known: the first look happens at once.
    pub fn new(task_id: impl Into<String>) -> Self {
        Self { task_id: task_id.into(), task_type: None, speed: None, created_at: None, expected_at: None }
    }

    /// Reads a task as JSON, or a task's id.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let handle = match decode::given(json) {
            Some(Given::Text(task_id)) => Some(Self::new(task_id)),
            task => task.and_then(decode::lenient),
        };
        handle.ok_or_else(Self::is_none)?.checked()
    }

    /// What a caller has kept as a task, if its id is one.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        checked_task_id(&self.task_id)?;
        Ok(self)
    }

    /// The refusal of what is no task.
    pub(crate) fn is_none() -> Error {
        Error::invalid("taskId", "must be a task or its id")
    }

    /// When the task is likely to end, by a clock that says it is `now`. One that was ahead when the task was stored
    /// makes nobody wait longer.
    pub(crate) fn expected_by(&self, now: i64) -> Option<i64> {
        let ahead = self.created_at.map_or(0, |created_at| created_at.saturating_sub(now).max(0));
        self.expected_at.map(|expected_at| expected_at.saturating_sub(ahead))
    }
}

impl From<&Task> for Handle {
    fn from(task: &Task) -> Self {
        Self {
            task_id: task.task_id.clone(),
            task_type: task.task_type.clone(),
            speed: task.speed,
            created_at: task.created_at,
            expected_at: task.expected_at,
        }
    }
}
