//! The Durable Object of one caller's tasks: their list, and the streams of those who watch them. There is one a caller, so that
//! none waits for another's.

use js_sys::{Array, JsString};
use serde::Deserialize;
use serde_json::value::RawValue;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

use super::host::Storage;
use super::job_reply::unknown_task;
use super::message;
use super::sql::{Sql, number};
use super::task_events::{Frame, MOST_STREAMS, Watchers};
use super::task_list::{Place, TaskPage, TaskQuery, TaskUpdate, WatchRequest};
use crate::client::Timer;
use crate::core::{Error, Operation, Word};
use crate::web::HostTimer;

#[wasm_bindgen]
extern "C" {
    /// What such an object has: its storage, and those who watch, as long as it lives.
    pub type TaskListState;
    #[wasm_bindgen(method, getter)]
    fn storage(this: &TaskListState) -> Storage;
    #[wasm_bindgen(method, getter)]
    fn watchers(this: &TaskListState) -> Array;
}

/// A row, as it is sent.
#[derive(Deserialize)]
struct Row {
    id: String,
    seq: i64,
    created_at: i64,
    task: String,
}

/// Takes a [`TaskUpdate`]; it is in the list, and those who watch know it, whenever this returns.
#[wasm_bindgen]
pub fn task_list_update(state: TaskListState, update: &str) -> Result<(), JsValue> {
    let TaskUpdate { id, created_at, state: listed, task_type, prompt, entry } = message::decode(update)?;
    let sql = &tables(&state.storage())?;
    let seq = next_seq(sql)?;
    let optional = |text: Option<String>| text.map_or(JsValue::NULL, JsValue::from);
    let prompt = prompt.as_deref().map_or(JsValue::NULL, searchable);
    let row = [
        id.as_str().into(),
        number(seq),
        number(created_at),
        listed.as_str().into(),
        optional(task_type),
        prompt,
        entry.as_str().into(),
    ];
    sql.run(
        "INSERT INTO tasks (id, seq, created_at, state, type, prompt, task) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET seq = excluded.seq, created_at = excluded.created_at, state = excluded.state,
            type = excluded.type, prompt = excluded.prompt, task = excluded.task",
        &row,
    )?;
    Watchers(state.watchers()).tell(&id, &Frame::task(seq, &entry));
    Ok(())
}

/// Takes a task out of the list. Of an empty one nothing is kept.
#[wasm_bindgen]
pub async fn task_list_remove(state: TaskListState, id: String) -> Result<(), JsValue> {
    let storage = state.storage();
    let sql = &tables(&storage)?;
    let removed = sql.run("DELETE FROM tasks WHERE id = ? RETURNING id", &[id.as_str().into()])?;
    if removed.length() > 0 {
        Watchers(state.watchers()).tell(&id, &Frame::removed(next_seq(sql)?, &id));
    }
    if sql.run("SELECT 1 FROM tasks LIMIT 1", &[])?.length() == 0 {
        JsFuture::from(storage.delete_all()?).await?;
    }
    Ok(())
}

/// Takes a [`TaskQuery`], and answers with a [`TaskPage`].
#[wasm_bindgen]
pub fn task_list_page(state: TaskListState, query: &str) -> Result<String, JsValue> {
    let TaskQuery { state: listed, task_type, prompt, after, limit } = message::decode(query)?;
    let mut wanted = Vec::new();
    let mut bindings = Vec::new();
    if let Some(listed) = listed {
        wanted.push("state = ?");
        bindings.push(listed.as_str().into());
    }
    if let Some(task_type) = task_type {
        wanted.push("type = ?");
        bindings.push(task_type.into());
    }
    if let Some(prompt) = prompt {
        wanted.push("instr(prompt, ?) > 0");
        bindings.push(searchable(&prompt));
    }
    if let Some(Place { created_at, id }) = after {
        wanted.push("(created_at, id) < (?, ?)");
        bindings.extend([number(created_at), id.into()]);
    }
    wanted.push("TRUE");
    // One more than is shown tells whether there are more.
    bindings.push(number(i64::from(limit) + 1));
    let statement = format!(
        "SELECT id, seq, created_at, task FROM tasks WHERE {} ORDER BY created_at DESC, id DESC LIMIT ?",
        wanted.join(" AND ")
    );
    let mut rows: Vec<Row> =
        existing(&state.storage())?.map_or(Ok(Vec::new()), |sql| sql.rows(&statement, &bindings))?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().map(|row| Place { created_at: row.created_at, id: row.id.clone() }.cursor());
    let tasks = rows.into_iter().map(|row| RawValue::from_string(row.task).map_err(|_| message::malformed()));
    message::encode(&TaskPage { tasks: tasks.collect::<Result<_, _>>()?, cursor: last.filter(|_| has_more) })
}

/// Takes a [`WatchRequest`], and answers with a stream of events, or the text of a refusal: first where the tasks stand, or what
/// has changed since the last event that was seen; then whatever changes.
#[wasm_bindgen]
pub fn task_list_watch(state: TaskListState, request: &str) -> Result<JsValue, JsValue> {
    let WatchRequest { tasks, after } = message::decode(request)?;
    let watchers = Watchers(state.watchers());
    if watchers.count() >= MOST_STREAMS {
        let message = format!("too many streams of events are open: at most {MOST_STREAMS} for one caller");
        let error = Error::refused(Operation::Read, 429, message).with(|error| error.retry_after = Some(10));
        return Ok(message::encode(&error)?.into());
    }
    let marks = vec!["?"; tasks.len()].join(", ");
    let statement = format!("SELECT id, seq, created_at, task FROM tasks WHERE id IN ({marks}) ORDER BY seq");
    let ids: Vec<JsValue> = tasks.iter().map(|id| id.as_str().into()).collect();
    let rows: Vec<Row> = existing(&state.storage())?.map_or(Ok(Vec::new()), |sql| sql.rows(&statement, &ids))?;
    if rows.is_empty() {
        return Ok(message::encode(&unknown_task())?.into());
    }
    let unknown = tasks.iter().filter(|id| rows.iter().all(|row| row.id != **id));
    let news = rows.iter().filter(|row| after.is_none_or(|after| row.seq > after));
    let frames = unknown.map(|id| Frame::unknown(id)).chain(news.map(|row| Frame::task(row.seq, &row.task)));
    let frames: String = frames.map(|frame| frame.0).collect();
    Ok(watchers.add(&tasks, &frames)?.into())
}

/// A prompt as it is searched: SQLite knows the capitals of ASCII alone.
fn searchable(prompt: &str) -> JsValue {
    JsString::from(prompt).to_lower_case().into()
}

/// The number of the next event. It goes by the time, so that numbers rise also after a list was emptied.
fn next_seq(sql: &Sql) -> Result<i64, JsValue> {
    #[derive(Deserialize)]
    struct Last {
        seq: i64,
    }
    let rows: Vec<Last> = sql.rows(
        "INSERT INTO last_event (id, seq) VALUES (0, ?1)
            ON CONFLICT DO UPDATE SET seq = max(seq + 1, ?1) RETURNING seq",
        &[number(HostTimer.now())],
    )?;
    rows.first().map(|row| row.seq).ok_or_else(message::malformed)
}

/// The tables of a list that is there. To look for one stores nothing.
fn existing(storage: &Storage) -> Result<Option<Sql>, JsValue> {
    let sql = storage.sql();
    let found = sql.run("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'tasks'", &[])?;
    Ok((found.length() > 0).then_some(sql))
}

fn tables(storage: &Storage) -> Result<Sql, JsValue> {
    let sql = storage.sql();
    sql.run(
        "CREATE TABLE IF NOT EXISTS tasks (id TEXT PRIMARY KEY, seq INTEGER NOT NULL, created_at INTEGER NOT NULL,
            state TEXT NOT NULL, type TEXT, prompt TEXT, task TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS tasks_by_time ON tasks (created_at, id);
        CREATE TABLE IF NOT EXISTS last_event (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL);",
        &[],
    )?;
    Ok(sql)
}
