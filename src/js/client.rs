use std::pin::Pin;
use std::rc::Rc;

use js_sys::{Function, Promise};
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;
use web_sys::AbortSignal;

use super::error::thrown;
use crate::client::{self, DEFAULT_WAIT_MS, Handle, race};
use crate::core::{
    Billed, Endpoint, Error, GenerateRequest, ImageNumber, Json, Kind, Operation, Secret, Task, UpscaleRequest, to_json,
};
use crate::web::{Fetch, HostError, HostTimer, aborted};

/// The client behind the package's `Midjourney`.
///
/// Every call clones the `Rc` and returns a promise of its own: nothing breaks when this is freed in flight.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Client(Rc<client::Client<Fetch, HostTimer>>);

#[wasm_bindgen]
impl Client {
    /// A client of an absolute endpoint, with a key or for a gateway that holds it.
    #[wasm_bindgen(constructor)]
    pub fn new(endpoint: JsValue, key: JsValue) -> Result<Client, JsValue> {
        let key = match key.is_undefined() {
            true => None,
            false => Some(Secret::new(&key.text().unwrap_or_default()).map_err(thrown)?),
        };
        let endpoint = match endpoint.is_undefined() && key.is_some() {
            true => Endpoint::VENDOR.to_owned(),
            false => endpoint.text().unwrap_or_default(),
        };
        let endpoint = Endpoint::new(&endpoint, key.is_some()).map_err(thrown)?;
        Ok(Self(Rc::new(client::Client::new(Fetch, HostTimer, endpoint, key))))
    }

    /// Submits a task.
    pub fn generate(&self, request: JsValue, signal: Option<AbortSignal>) -> Promise {
        let client = self.0.clone();
        promise(signal, cancelled(Operation::Submit), async move {
            let request = GenerateRequest::decode(&request)?;
            client.generate(&request).await.map(|task| value(&task))
        })
    }

    /// Submits the upscale of an image, counted from 1.
    pub fn upscale(&self, task: JsValue, index: JsValue, signal: Option<AbortSignal>) -> Promise {
        let client = self.0.clone();
        promise(signal, cancelled(Operation::Submit), async move {
            // The wire's decoder checks a number of any type; here it is the caller's argument.
            let index = index.integer().filter(|_| index.number().is_some()).and_then(|index| u8::try_from(index).ok());
            let image = ImageNumber::new(index.unwrap_or_default())?;
            let request = UpscaleRequest::new(handle(&task)?.task_id, image);
            client.upscale(&request).await.map(|task| value(&task))
        })
    }

    /// The task as it stands now.
    pub fn status(&self, task: JsValue, signal: Option<AbortSignal>) -> Promise {
        let client = self.0.clone();
        promise(signal, cancelled(Operation::Read), async move {
            client.status(&handle(&task)?.task_id).await.map(|task| value(&task))
        })
    }

    /// The vendor's own record of the task.
    pub fn record(&self, task: JsValue, signal: Option<AbortSignal>) -> Promise {
        let client = self.0.clone();
        promise(signal, cancelled(Operation::Read), async move {
            client.record(&handle(&task)?.task_id).await.map(|(record, _)| value(&record))
        })
    }

    /// Waits for the task's end.
    pub fn wait(
        &self,
        task: JsValue,
        timeout_ms: Option<f64>,
        on_update: Option<Function>,
        signal: Option<AbortSignal>,
    ) -> Promise {
        let client = self.0.clone();
        let task_id = handle(&task).ok().map(|handle| handle.task_id);
        // The task is there and paid for, whether the wait for it has begun or not.
        let aborted = |_| {
            Error::new(Kind::Aborted, "aborted; the task goes on").with(|error| {
                error.task_id = task_id;
                error.billed = Billed::Yes;
            })
        };
        promise(signal, aborted, async move {
            let timeout_ms = match timeout_ms {
                None => DEFAULT_WAIT_MS,
                Some(ms) if ms >= 0.0 => ms as i64,
                Some(_) => return Err(Error::invalid("timeout", "must be a number of milliseconds, 0 or more")),
            };
            let notify = |task: &Task| {
                // What the caller's own function throws is the caller's: a paid task is not lost over it.
                let _ = on_update.as_ref().map(|on_update| on_update.call1(&JsValue::UNDEFINED, &value(task)));
            };
            client.wait(handle(&task)?, timeout_ms, notify).await.map(|task| value(&task))
        })
    }
}

/// A task's id, or a task as it was returned or stored: both name it.
fn handle(task: &JsValue) -> Result<Handle, Error> {
    let task_id = task.text().or_else(|| task.given("taskId")?.text());
    let task_id = task_id.ok_or_else(|| Error::invalid("taskId", "must be a task or its id"))?;
    Ok(Handle { task_id, expected_at: task.given("expectedAt").and_then(|at| at.integer()) })
}

/// Data crosses as JSON text: one crossing for all its fields, and a third of the code of `serde-wasm-bindgen`.
fn value(data: &impl Serialize) -> JsValue {
    JsValue::parse(&to_json(data)).unwrap_or_default()
}

/// The error of a call that its caller ended: before it was sent or after.
fn cancelled(operation: Operation) -> impl FnOnce(bool) -> Error {
    move |sent| match sent {
        false => Error::new(Kind::Aborted, "aborted before anything was sent"),
        true => Error::unanswered(operation, Kind::Aborted, "aborted by the caller"),
    }
}

/// The future as a promise that a signal can end at any point; `aborted` makes the error of that, told whether the call
/// had begun.
fn promise(
    signal: Option<AbortSignal>,
    aborted: impl FnOnce(bool) -> Error + 'static,
    call: impl Future<Output = Result<JsValue, Error>> + 'static,
) -> Promise {
    ended_by(signal, Box::new(aborted), Box::pin(call))
}

/// Compiled once for all calls, which is why it takes them boxed.
fn ended_by(
    signal: Option<AbortSignal>,
    abort_error: Box<dyn FnOnce(bool) -> Error>,
    call: Pin<Box<dyn Future<Output = Result<JsValue, Error>>>>,
) -> Promise {
    future_to_promise(async move {
        let Some(signal) = signal else { return call.await.map_err(thrown) };
        let outcome = match signal.aborted() {
            true => Err(abort_error(false)),
            false => race(call, aborted(&signal)).await.unwrap_or_else(|| Err(abort_error(true))),
        };
        outcome.map_err(|error| match error.kind {
            Kind::Aborted => thrown(error.with(|error| error.source = Some(Box::new(HostError(signal.reason()))))),
            _ => thrown(error),
        })
    })
}
