//! A call in flight, as the host sees it.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::AbortSignal;

use super::call::Call;
use super::options::{function, signal};
use super::value::{error_to_js, to_js};
use crate::client::{CallContext, CallEvent, Client, race};
use crate::core::{Error, Kind, Task};
use crate::web::{Fetch, HostError, HostTimer, aborted};

#[wasm_bindgen]
extern "C" {
    /// The caller's signal and function, and what is to be known of the call should this instance crash: `js/crash.js`
    /// keeps it, and outlives the instance.
    #[derive(Clone, Debug)]
    pub type Flight;
    #[wasm_bindgen(method, getter)]
    pub(super) fn signal(this: &Flight) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = onUpdate)]
    pub(super) fn on_update(this: &Flight) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub(super) fn fetch(this: &Flight) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub(super) fn file(this: &Flight) -> JsValue;
    /// Whether it may spend.
    #[wasm_bindgen(method, setter)]
    fn set_submits(this: &Flight, submits: bool);
    #[wasm_bindgen(method, setter, js_name = taskId)]
    fn set_task_id(this: &Flight, task_id: &str);
    #[wasm_bindgen(method, setter)]
    fn set_submit(this: &Flight, submit: JsValue);
}

impl Flight {
    /// The promise of a call: what is wrong with its arguments rejects it, and so does the caller's signal.
    pub fn promise(self, client: &Rc<Client<Fetch, HostTimer>>, read: impl FnOnce() -> Result<Call, Error>) -> Promise {
        let client = client.clone();
        let prepared = read().and_then(|call| self.watched(&call).map(|watched| (watched, call)));
        promise_of(client, prepared)
    }

    fn watched(self, call: &Call) -> Result<Watched, Error> {
        let (signal, on_update) = (signal(self.signal())?, function("onUpdate", self.on_update())?);
        self.set_submits(call.submits());
        if let Some(task_id) = call.task_id() {
            self.set_task_id(task_id);
        }
        if let Call::Reconcile(submit) = call {
            self.set_submit(to_js(submit));
        }
        Ok(Watched { signal, on_update, flight: self })
    }
}

fn promise_of(client: Rc<Client<Fetch, HostTimer>>, prepared: Result<(Watched, Call), Error>) -> Promise {
    future_to_promise(async move {
        let outcome = match prepared {
            Ok((watched, call)) => watched.perform(&client, call).await,
            Err(error) => Err(error),
        };
        outcome.map_err(|error| error_to_js(&error))
    })
}

struct Watched {
    signal: Option<AbortSignal>,
    on_update: Option<Function>,
    flight: Flight,
}

impl Watched {
    async fn perform(&self, client: &Client<Fetch, HostTimer>, call: Call) -> Result<JsValue, Error> {
        let on_event = |event: CallEvent<'_>| self.on_event(event);
        let context = CallContext::new(&on_event);
        call.prepare(&context);
        let Some(signal) = &self.signal else { return call.perform(client, &context).await };
        if signal.aborted() {
            return Err(aborted_by(signal, context.aborted()));
        }
        let outcome = race(call.perform(client, &context), aborted(signal)).await;
        outcome.unwrap_or_else(|| Err(aborted_by(signal, context.aborted())))
    }

    fn on_event(&self, event: CallEvent<'_>) {
        match event {
            CallEvent::Submitting(Some(submit)) => self.flight.set_submit(to_js(submit)),
            CallEvent::Submitting(None) | CallEvent::Pausing => {}
            CallEvent::Updated(task) => {
                self.flight.set_task_id(&task.task_id);
                if let Some(on_update) = &self.on_update {
                    show_update(on_update, task, &JsValue::UNDEFINED);
                }
            }
        }
    }
}

/// Calls the caller's function. What it throws, now or later, is its own: a paid task is not lost over it.
pub fn show_update(on_update: &Function, task: &Task, index: &JsValue) {
    let Ok(returned) = on_update.call2(&JsValue::UNDEFINED, &to_js(task), index) else { return };
    if let Ok(promise) = returned.dyn_into::<Promise>() {
        spawn_local(async {
            let _ = JsFuture::from(promise).await;
        });
    }
}

/// The error of an abort, with the signal's reason as its cause.
pub fn aborted_by(signal: &AbortSignal, error: Error) -> Error {
    if error.kind != Kind::Aborted || error.source.is_some() {
        return error;
    }
    error.with(|error| error.source = Some(Box::new(HostError(signal.reason()))))
}
