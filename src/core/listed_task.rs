use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

use super::given::Given;
use super::terms::{Speed, Word};
use super::{Record, State, Task, de, decode};

/// The task that another starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parent {
    /// Its id.
    pub task_id: String,
    /// Which of its results, counted from 1.
    pub index: u8,
}

/// Where a task in a gateway's list stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, IntoStaticStr, VariantArray, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ListedState {
    /// Not ended, as far as anyone knows.
    Running,
    /// Ended with results.
    Succeeded,
    /// Ended without.
    Failed,
    /// Nobody knows whether the vendor has it.
    Unknown,
}

/// What a gateway knows of a task besides its record.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listing {
    /// Where it stands.
    #[serde(deserialize_with = "state")]
    pub state: ListedState,
    /// The prompt: its own, or that of the task it starts from.
    #[serde(default, deserialize_with = "de::lenient_text")]
    pub prompt: Option<String>,
    /// How fast it was asked to be.
    #[serde(default, deserialize_with = "de::lenient_word")]
    pub speed: Option<Speed>,
    /// What it starts from.
    #[serde(default)]
    pub parent: Option<Parent>,
}

fn state<'de, D: serde::Deserializer<'de>>(from: D) -> Result<ListedState, D::Error> {
    Ok(de::lenient_word(from)?.unwrap_or(ListedState::Running))
}

/// A task in the list of a caller's tasks that a gateway keeps.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedTask {
    /// The task.
    #[serde(flatten)]
    pub task: Task,
    /// The prompt: its own, or that of the task it starts from.
    pub prompt: Option<String>,
    /// The request, as a JSON text, as far as it is known.
    pub param_json: Option<String>,
    /// What it starts from.
    pub parent: Option<Parent>,
    /// Whether nobody knows if the vendor has it: then it may have been billed, and its state says nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_unknown: bool,
}

impl ListedTask {
    /// Reads an entry of a gateway's list: a record, with what the gateway knows besides.
    pub(crate) fn read(entry: Given) -> Option<Self> {
        let Listing { state, prompt, speed, parent } = decode::lenient(entry.clone())?;
        let mut record = decode::lenient::<Record>(entry)?;
        let param_json = record.param_json.take();
        let mut task = Task::from(record);
        task.speed = speed;
        let is_unknown = state == ListedState::Unknown && task.state == State::Running;
        Some(Self { task, prompt, param_json, parent, is_unknown })
    }
}

/// A page of a caller's tasks, newest first.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskPage {
    /// The tasks.
    pub tasks: Vec<ListedTask>,
    /// What to ask for next; none at the end.
    pub cursor: Option<String>,
}

impl TaskPage {
    pub(crate) fn read(page: Given) -> Option<Self> {
        let cursor = page.field("cursor").cloned().and_then(Given::into_text);
        let Some(Given::List(tasks)) = page.field("tasks") else { return None };
        Some(Self { tasks: tasks.iter().cloned().filter_map(ListedTask::read).collect(), cursor })
    }
}

/// The most tasks of a page.
pub const MAX_PAGE_TASKS: u16 = 100;

/// Which tasks a caller wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TaskFilter {
    /// Those that stand so.
    #[serde(deserialize_with = "de::optional_word")]
    pub state: Option<ListedState>,
    /// Those of this type, as the vendor calls it.
    #[serde(deserialize_with = "de::any_text")]
    pub task_type: Option<String>,
    /// Those whose prompt has this text in it, of at most 200 characters, whatever the case of its letters.
    #[serde(deserialize_with = "de::any_text")]
    pub prompt: Option<String>,
    /// How many of them a page has: 1 to 100.
    #[serde(deserialize_with = "de::whole::<_, 1, MAX_PAGE_TASKS>")]
    pub limit: Option<u16>,
}

/// What a query may have as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl TaskFilter {
    /// The query of a page: the first, or the one of this cursor.
    pub(crate) fn query(&self, cursor: Option<&str>) -> String {
        let limit = self.limit.map(|limit| limit.to_string());
        let parameters = [
            ("state", self.state.map(Word::as_str)),
            ("taskType", self.task_type.as_deref()),
            ("prompt", self.prompt.as_deref()),
            ("limit", limit.as_deref()),
            ("cursor", cursor),
        ];
        let given = parameters.iter().filter_map(|(name, value)| Some((name, (*value)?)));
        let parts: Vec<_> =
            given.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, PLAIN))).collect();
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_a_gateways_list_is_read() {
        let page = r#"{"cursor": "next", "tasks": [
            {"taskId": "a", "successFlag": 0, "state": "unknown", "prompt": "a cat", "errorMessage": "reset"},
            {"taskId": "b", "successFlag": 0, "state": "running", "speed": "fast", "paramJson": "{\"prompt\": \"a dog\"}",
             "parent": {"taskId": "a", "index": 2}},
            {"nonsense": true}
        ]}"#;
        let page = TaskPage::read(decode::given(page).unwrap()).unwrap();
        let [unknown, running] = page.tasks.as_slice() else { unreachable!("{page:?}") };
        assert!(unknown.is_unknown && !running.is_unknown);
        assert_eq!((unknown.prompt.as_deref(), unknown.task.state), (Some("a cat"), State::Running));
        assert_eq!(running.parent, Some(Parent { task_id: "a".to_owned(), index: 2 }));
        assert_eq!((running.param_json.as_deref(), &unknown.param_json), (Some(r#"{"prompt": "a dog"}"#), &None));
        assert_eq!((running.task.speed, page.cursor.as_deref()), (Some(Speed::Fast), Some("next")));
        assert_eq!(TaskPage::read(Given::Nothing), None);
    }

    #[test]
    fn a_query_holds_any_text() {
        let filter = TaskFilter {
            state: Some(ListedState::Failed),
            prompt: Some("a & b=c#é ".to_owned()),
            ..TaskFilter::default()
        };
        assert_eq!(filter.query(Some("x_-y")), "?state=failed&prompt=a%20%26%20b%3Dc%23%C3%A9%20&cursor=x_-y");
        assert_eq!(TaskFilter::default().query(None), "");
    }
}
