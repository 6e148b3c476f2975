use js_sys::Function;
use wasm_bindgen::JsValue;

use super::download::download_to_js;
use super::options::CallOptions;
use super::value::to_js;
use crate::client::{CallContext, Client};
use crate::core::{Error, Handle, ResultFile, Submission, TaskFilter, UnknownSubmit};
use crate::web::{Fetch, HostTimer};

/// A call of the package's class, its arguments read.
#[derive(Debug)]
pub enum Call {
    /// Create a task, under an idempotency key.
    Submit(Submission, Option<String>),
    /// Create a task and wait for its end.
    Run(Submission, Option<String>, WaitOptions),
    Wait(Handle, WaitOptions),
    Status(Handle),
    Record(Handle),
    Credits,
    Reconcile(UnknownSubmit),
    /// Download a result of at most so many bytes, by a function in place of the client's own `fetch`.
    Download(ResultFile, u64, Option<Function>),
    /// A page of the caller's tasks, by the cursor of the one before.
    Tasks(TaskFilter, Option<String>),
    Remove(Handle),
    /// Upload a `Blob`.
    Upload(JsValue),
}

/// How a task is waited for.
#[derive(Clone, Copy, Debug)]
pub struct WaitOptions {
    timeout_ms: i64,
    archived: bool,
}

impl WaitOptions {
    /// As the options of a call say.
    pub fn of(options: &CallOptions) -> Self {
        Self { timeout_ms: options.timeout_ms(), archived: options.archived() }
    }
}

impl Call {
    /// Whether it may spend.
    pub fn submits(&self) -> bool {
        matches!(self, Self::Submit(..) | Self::Run(..) | Self::Reconcile(_))
    }

    /// The task it is about.
    pub fn task_id(&self) -> Option<&str> {
        match self {
            Self::Wait(handle, _) | Self::Status(handle) | Self::Record(handle) | Self::Remove(handle) => {
                Some(&handle.task_id)
            }
            Self::Download(file, ..) => Some(&file.task_id),
            _ => None,
        }
    }

    /// Tells the context of what is known before anything is sent.
    pub fn prepare(&self, context: &CallContext<'_>) {
        match self {
            Self::Wait(handle, _) => context.waits_for(&handle.task_id),
            Self::Status(handle) | Self::Record(handle) | Self::Remove(handle) => context.looks_at(&handle.task_id),
            Self::Reconcile(submit) => context.asks_about(submit),
            Self::Download(file, ..) => context.downloads(&file.task_id),
            _ => {}
        }
    }

    /// Does it, and returns what the caller gets.
    pub async fn perform(self, client: &Client<Fetch, HostTimer>, context: &CallContext<'_>) -> Result<JsValue, Error> {
        let call = client.call(context);
        let task = match self {
            Self::Submit(submission, key) => call.submit(&submission, key).await?,
            Self::Run(submission, key, WaitOptions { timeout_ms, archived }) => {
                call.archived(archived).run(&submission, key, timeout_ms).await?
            }
            Self::Wait(handle, WaitOptions { timeout_ms, archived }) => {
                call.archived(archived).wait(&handle, timeout_ms).await?
            }
            Self::Status(handle) => call.status(&handle).await?,
            Self::Reconcile(submit) => call.reconcile(&submit).await?,
            Self::Download(file, max_bytes, fetch) => {
                let transport = fetch.map(|fetch| Fetch::default().over(Some(fetch)));
                let download = call.download(transport.as_ref(), &file, max_bytes).await?;
                return download_to_js(&file, download);
            }
            Self::Tasks(filter, cursor) => return Ok(to_js(&call.tasks(&filter, cursor.as_deref()).await?)),
            Self::Remove(handle) => return call.remove(&handle).await.map(|()| JsValue::UNDEFINED),
            Self::Upload(file) => return Ok(to_js(&call.upload(&file).await?)),
            Self::Record(handle) => return Ok(to_js(&call.record(&handle).await?.0)),
            Self::Credits => return Ok(JsValue::from_f64(call.credits().await?)),
        };
        Ok(to_js(&task))
    }
}
