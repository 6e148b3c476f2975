//! A caller's tasks: their list, their events, and how one is deleted.

use super::access::Caller;
use super::handler_error::HandlerError;
use super::job_directory::find_job;
use super::job_reply::unknown_task;
use super::reply::Reply;
use super::request_context::RequestContext;
use super::route::{no_such_route, task_of};
use super::stub::TaskListStub;
use super::task_list::{TaskQuery, WatchRequest};
use crate::core::{Error, MAX_STREAM_TASKS, checked_task_id};

impl RequestContext<'_> {
    /// A page of the caller's tasks, newest first.
    pub(super) async fn tasks(&self, caller: &Caller) -> Result<Reply, HandlerError> {
        let parameters = self.parameters();
        let query = TaskQuery::parse(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())))?;
        Reply::of(&TaskListStub::new(self.env, &caller.id)?.page(&query).await?)
    }

    /// Deletes a task with its files.
    pub(super) async fn remove_task(&mut self, caller: &Caller) -> Result<Reply, HandlerError> {
        let path = self.url.pathname();
        let id = task_of(&path).ok_or_else(no_such_route)?;
        let job = find_job(self.env, id).await?.ok_or_else(unknown_task)?;
        let reply = job.remove(&caller.id).await?;
        self.reply_of(reply)
    }

    /// A stream of what happens to some of the caller's tasks: `taskId`, once or several times, or several joined by commas.
    pub(super) async fn events(&self, caller: &Caller) -> Result<Reply, HandlerError> {
        let mut tasks = Vec::new();
        for (name, value) in self.parameters() {
            if name != "taskId" {
                return Err(Error::unknown_name(&name, "unknown parameter; known is taskId").into());
            }
            for id in value.split(',') {
                checked_task_id(id)?;
                if !tasks.iter().any(|known| known == id) {
                    tasks.push(id.to_owned());
                }
            }
        }
        if tasks.is_empty() || tasks.len() > MAX_STREAM_TASKS {
            return Err(Error::invalid("taskId", &format!("must name 1 to {MAX_STREAM_TASKS} tasks")).into());
        }
        let after = self.request.headers().get("Last-Event-ID")?.and_then(|id| id.parse().ok());
        let stream = TaskListStub::new(self.env, &caller.id)?.watch(&WatchRequest { tasks, after }).await?;
        Ok(Reply::Events(stream?))
    }

    fn parameters(&self) -> Vec<(String, String)> {
        let search = self.url.search_params();
        let entries = js_sys::try_iter(&search).ok().flatten();
        let pair = |entry: Result<wasm_bindgen::JsValue, wasm_bindgen::JsValue>| {
            let pair = js_sys::Array::from(&entry.ok()?);
            Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
        };
        entries.into_iter().flatten().filter_map(pair).collect()
    }
}
