use alloc::string::String;

use super::json::Json;
use super::{Error, Speed, Task, checked_task_id};

/// What a task is waited for by: its id, and what is known of it. A stored [`Task`] is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    /// The task.
    pub task_id: String,
    /// Its type.
    pub task_type: Option<String>,
    /// The speed it was asked for.
    pub speed: Option<Speed>,
    /// When it was created, in milliseconds since 1970.
    pub created_at: Option<i64>,
    /// When it is likely to end, in milliseconds since 1970; the first look happens then.
    pub expected_at: Option<i64>,
}

impl Handle {
    /// A handle of which only the id is known: the first look happens at once.
    pub fn new(task_id: impl Into<String>) -> Self {
        Self { task_id: task_id.into(), task_type: None, speed: None, created_at: None, expected_at: None }
    }

    /// Reads a task as [`Task::to_json`] wrote it, or a task's id.
    pub fn parse(json: &str) -> Result<Self, Error> {
        Self::decode(Json::of(json))
    }

    pub(crate) fn decode(task: Json<'_>) -> Result<Self, Error> {
        let fields = task.object();
        let text = |name| fields.as_ref()?.text(name);
        let whole = |name| fields.as_ref()?.given(name)?.whole();
        let task_id = task.text().or_else(|| text("taskId"));
        let task_id = task_id.ok_or_else(|| Error::invalid("taskId", "must be a task or its id"))?;
        checked_task_id(&task_id)?;
        Ok(Self {
            task_id,
            task_type: text("taskType"),
            speed: text("speed").and_then(|word| Speed::from_word(&word)),
            created_at: whole("createdAt"),
            expected_at: whole("expectedAt"),
        })
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
