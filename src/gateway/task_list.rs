//! A caller's tasks: the messages to their list, and what it answers. Pure.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_with::skip_serializing_none;
use strum::VariantNames;
use wasm_bindgen::JsValue;

use super::config::Gateway;
use super::job_record::record_of;
use super::message;
use crate::core::job::{Job, JobState};
use crate::core::{Error, ListedState, Listing, MAX_PAGE_TASKS, Record, Word, de};

/// How many tasks a page has unless told.
const USUAL: u16 = 20;

/// The longest text that is searched for, in characters.
const MOST_SEARCHED: usize = 200;

/// A task as the list has it: its record, and what the gateway knows of it besides.
#[derive(Serialize)]
struct Entry {
    #[serde(flatten)]
    record: Record,
    #[serde(flatten)]
    listing: Listing,
}

/// What a list is told of a task.
#[skip_serializing_none]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskUpdate {
    /// The task.
    pub id: String,
    /// When it was ordered.
    pub created_at: i64,
    /// Where it stands.
    pub state: ListedState,
    /// The vendor's word for what it does.
    pub task_type: Option<String>,
    /// The prompt that it is found by.
    pub prompt: Option<String>,
    /// What callers get: JSON.
    pub entry: String,
}

impl TaskUpdate {
    /// Where a job stands.
    pub fn of(gateway: &Gateway, job: &Job) -> Result<Self, JsValue> {
        let state = match job.state() {
            JobState::Done => ListedState::Succeeded,
            JobState::Failed => ListedState::Failed,
            JobState::Unknown => ListedState::Unknown,
            _ => ListedState::Running,
        };
        let record = record_of(gateway, job).unwrap_or_else(|error| Record {
            task_id: job.id.clone(),
            task_type: job.task_type.clone(),
            create_time: Some(job.created_at),
            error_message: Some(error.message.clone()),
            ..Record::default()
        });
        let task_type = record.task_type.clone();
        let listing = Listing { state, prompt: job.prompt.clone(), speed: job.speed(), parent: job.parent.clone() };
        Ok(Self {
            id: job.id.clone(),
            created_at: job.created_at,
            state,
            task_type,
            prompt: job.prompt.clone(),
            entry: message::encode(&Entry { record, listing })?,
        })
    }
}

/// Which tasks a caller wants to see, newest first.
#[skip_serializing_none]
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskQuery {
    /// Those that stand so.
    pub state: Option<ListedState>,
    /// Those of this type.
    pub task_type: Option<String>,
    /// Those whose prompt has this text in it.
    pub prompt: Option<String>,
    /// Those after this place in the list.
    pub after: Option<Place>,
    /// How many at the most.
    pub limit: u16,
}

/// A place in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// When its task was ordered.
    pub created_at: i64,
    /// The task.
    pub id: String,
}

impl Place {
    /// The text by which a caller asks for what follows.
    pub fn cursor(&self) -> String {
        Base64UrlUnpadded::encode_string([&self.created_at.to_string(), " ", &self.id].concat().as_bytes())
    }

    fn of_cursor(cursor: &str) -> Option<Self> {
        let text = String::from_utf8(Base64UrlUnpadded::decode_vec(cursor).ok()?).ok()?;
        let (created_at, id) = text.split_once(' ')?;
        Some(Self { created_at: created_at.parse().ok()?, id: id.to_owned() })
    }
}

impl TaskQuery {
    /// What the parameters of a request ask for: `state`, `taskType`, `prompt`, `cursor`, `limit`.
    pub fn parse<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Error> {
        let mut query = Self { state: None, task_type: None, prompt: None, after: None, limit: USUAL };
        for (name, value) in parameters {
            match name {
                "state" => {
                    let must = || ["must be one of ", &<ListedState as VariantNames>::VARIANTS.join(", ")].concat();
                    query.state = Some(ListedState::from_word(value).ok_or_else(|| Error::invalid("state", &must()))?);
                }
                "taskType" => query.task_type = Some(value.to_owned()),
                "prompt" if value.chars().count() > MOST_SEARCHED => {
                    return Err(Error::invalid("prompt", &format!("must be at most {MOST_SEARCHED} characters long")));
                }
                "prompt" => query.prompt = Some(value.to_owned()).filter(|text| !text.is_empty()),
                "cursor" => {
                    let place = Place::of_cursor(value);
                    query.after = Some(place.ok_or_else(|| Error::invalid("cursor", "must be one of an answer"))?);
                }
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=MAX_PAGE_TASKS).contains(limit));
                    let must = || de::must_be_within(1, MAX_PAGE_TASKS);
                    query.limit = limit.ok_or_else(|| Error::invalid("limit", &must()))?;
                }
                name => {
                    let must = "unknown parameter; known are state, taskType, prompt, cursor, limit";
                    return Err(Error::unknown_name(name, must));
                }
            }
        }
        Ok(query)
    }
}

/// A page of the list.
#[derive(Debug, Serialize, Deserialize)]
pub struct TaskPage {
    /// The tasks, as [`TaskUpdate::entry`] has them.
    pub tasks: Vec<Box<RawValue>>,
    /// What to ask for next; none at the end.
    pub cursor: Option<String>,
}

/// Whoever wants to be told of tasks.
#[skip_serializing_none]
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchRequest {
    /// The tasks.
    pub tasks: Vec<String>,
    /// The number of the last event that was seen.
    pub after: Option<i64>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(parameters: &[(&'static str, &'static str)]) -> Result<TaskQuery, Error> {
        TaskQuery::parse(parameters.iter().copied())
    }

    #[test]
    fn a_query_says_what_is_wrong_with_it() {
        let usual = TaskQuery { state: None, task_type: None, prompt: None, after: None, limit: 20 };
        assert_eq!(parse(&[]).unwrap(), usual);
        let query = parse(&[("state", "failed"), ("limit", "100"), ("taskType", "mj_video"), ("prompt", "")]).unwrap();
        assert_eq!((query.state, query.limit), (Some(ListedState::Failed), 100));
        assert_eq!((query.task_type.as_deref(), query.prompt), (Some("mj_video"), None));
        for (name, value) in [("state", "done"), ("limit", "0"), ("limit", "101"), ("cursor", "x"), ("page", "2")] {
            let error = parse(&[(name, value)]).unwrap_err();
            assert_eq!(error.field.as_deref(), Some(name), "{value}");
        }
        assert!(TaskQuery::parse([("prompt", "é".repeat(201).as_str())]).is_err());
    }

    #[test]
    fn a_cursor_is_the_place_that_it_was_made_of() {
        let place = Place { created_at: 1_700_000_000_000, id: "a_-b".to_owned() };
        assert_eq!(TaskQuery::parse([("cursor", place.cursor().as_str())]).unwrap().after, Some(place));
    }
}
