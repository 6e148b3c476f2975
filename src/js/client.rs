use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;

use js_sys::Promise;
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;

use super::error::thrown;
use super::options::Options;
use crate::client::{self, Handle, boxed, race};
use crate::core::{
    Endpoint, Error, GenerateRequest, ImageNumber, Json, Kind, Operation, Secret, Task, UpscaleRequest, to_json,
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
        let endpoint = match (endpoint.is_undefined(), &key) {
            (true, None) => {
                let must = "is required without an endpoint; is the variable it comes from set?";
                return Err(thrown(Error::misconfigured("apiKey", must)));
            }
            (true, Some(_)) => Endpoint::VENDOR.to_owned(),
            (false, _) => endpoint.text().unwrap_or_default(),
        };
        let endpoint = Endpoint::new(&endpoint, key.is_some()).map_err(thrown)?;
        Ok(Self(Rc::new(client::Client::new(Fetch, HostTimer, endpoint, key))))
    }

    /// Submits a task.
    pub fn generate(&self, request: JsValue, options: JsValue) -> Promise {
        let client = self.0.clone();
        let call: Call = Box::new(move |_, _| {
            boxed(async move {
                let request = GenerateRequest::decode(&request)?;
                boxed(client.generate(&request)).await.map(|task| value(&task))
            })
        });
        promise(&options, Stage::Before(Operation::Submit), call)
    }

    /// Submits the upscale of an image, counted from 1.
    pub fn upscale(&self, task: JsValue, index: JsValue, options: JsValue) -> Promise {
        let client = self.0.clone();
        let call: Call = Box::new(move |_, _| {
            boxed(async move {
                // The wire's decoder checks a number of any type; here it is the caller's argument.
                let index =
                    index.integer().filter(|_| index.number().is_some()).and_then(|index| u8::try_from(index).ok());
                let image = ImageNumber::new(index.unwrap_or_default())?;
                let request = UpscaleRequest::new(handle(&task)?.task_id, image);
                client.upscale(&request).await.map(|task| value(&task))
            })
        });
        promise(&options, Stage::Before(Operation::Submit), call)
    }

    /// The task as it stands now.
    pub fn status(&self, task: JsValue, options: JsValue) -> Promise {
        let client = self.0.clone();
        let call: Call = Box::new(move |_, _| {
            boxed(async move { boxed(client.status(&handle(&task)?.task_id)).await.map(|task| value(&task)) })
        });
        promise(&options, Stage::Before(Operation::Read), call)
    }

    /// The vendor's own record of the task.
    pub fn record(&self, task: JsValue, options: JsValue) -> Promise {
        let client = self.0.clone();
        let call: Call = Box::new(move |_, _| {
            boxed(async move { boxed(client.record(&handle(&task)?.task_id)).await.map(|(record, _)| value(&record)) })
        });
        promise(&options, Stage::Before(Operation::Read), call)
    }

    /// Waits for the task's end.
    pub fn wait(&self, task: JsValue, options: JsValue) -> Promise {
        let client = self.0.clone();
        let handle = handle(&task);
        let stage =
            handle.as_ref().map_or(Stage::Before(Operation::Read), |handle| Stage::After(handle.task_id.clone()));
        let call: Call = Box::new(move |options, _| {
            boxed(async move {
                boxed(client.wait(handle?, options.timeout_ms, &mut |task| options.notify(task)))
                    .await
                    .map(|task| value(&task))
            })
        });
        promise(&options, stage, call)
    }

    /// Submits a task and waits for its end.
    pub fn run(&self, request: JsValue, options: JsValue) -> Promise {
        let client = self.0.clone();
        let call: Call = Box::new(move |options, stage| {
            boxed(async move {
                let request = GenerateRequest::decode(&request)?;
                let notify = &mut |task: &Task| {
                    stage.replace(Stage::After(task.task_id.clone()));
                    options.notify(task);
                };
                client.run(&request, options.timeout_ms, notify).await.map(|task| value(&task))
            })
        });
        promise(&options, Stage::Before(Operation::Submit), call)
    }
}

/// A task's id, or a task as it was returned or stored: both name it.
fn handle(task: &JsValue) -> Result<Handle, Error> {
    let task_id = task.text().or_else(|| task.given("taskId")?.text());
    let task_id = task_id.ok_or_else(|| Error::invalid("taskId", "must be a task or its id"))?;
    Ok(Handle { task_id, expected_at: task.given("expectedAt").and_then(|at| at.integer()) })
}

/// Data crosses as JSON text: one crossing for all its fields, by the serialiser that is in the module anyway.
pub fn value(data: &impl Serialize) -> JsValue {
    JsValue::parse(&to_json(data)).unwrap_or_default()
}

/// How far a call has come, for the error of its abort.
enum Stage {
    /// No task was accepted yet that this call knows of.
    Before(Operation),
    /// The task with this id is there and paid for.
    After(String),
}

impl Stage {
    fn abort_error(&self, sent: bool) -> Error {
        match self {
            Self::Before(_) if !sent => Error::new(Kind::Aborted, "aborted before anything was sent"),
            Self::Before(operation) => Error::unanswered(*operation, Kind::Aborted, "aborted by the caller"),
            Self::After(task_id) => Error::new(Kind::Aborted, "aborted; the task goes on").after_acceptance(task_id),
        }
    }
}

/// What a call does once its options are read. Behind pointers: what all calls share is compiled once.
type Call = Box<dyn FnOnce(Options, Rc<RefCell<Stage>>) -> Pin<Box<dyn Future<Output = Result<JsValue, Error>>>>>;

/// The call as a promise that the options' signal can end at any point.
fn promise(options: &JsValue, stage: Stage, call: Call) -> Promise {
    let options = match Options::read(options) {
        Ok(options) => options,
        Err(error) => return Promise::reject(&thrown(error)),
    };
    let stage = Rc::new(RefCell::new(stage));
    let signal = options.signal.clone();
    let call = call(options, stage.clone());
    future_to_promise(async move {
        let Some(signal) = signal else { return call.await.map_err(thrown) };
        let outcome = match signal.aborted() {
            true => Err(stage.borrow().abort_error(false)),
            false => race(call, aborted(&signal)).await.unwrap_or_else(|| Err(stage.borrow().abort_error(true))),
        };
        outcome.map_err(|error| match error.kind {
            Kind::Aborted => thrown(error.with(|error| error.source = Some(Box::new(HostError(signal.reason()))))),
            _ => thrown(error),
        })
    })
}
