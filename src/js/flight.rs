//! A call in flight, as the host sees it.

use js_sys::{Function, Promise};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::AbortSignal;

use super::options::{on_update, signal};
use super::value::{error_to_js, to_js};
use crate::client::{CallContext, CallEvent, race};
use crate::core::{Error, Kind, Task, UnknownSubmit};
use crate::web::{HostError, aborted};

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
    /// Whether it may spend.
    #[wasm_bindgen(method, setter)]
    fn set_submits(this: &Flight, submits: bool);
    #[wasm_bindgen(method, setter, js_name = taskId)]
    fn set_task_id(this: &Flight, task_id: &str);
    #[wasm_bindgen(method, setter)]
    fn set_submit(this: &Flight, submit: JsValue);
}

/// What a call is about.
#[derive(Debug)]
pub enum About {
    /// It makes something new.
    Submit,
    /// It reads something that no task has.
    Account,
    /// It looks at a task.
    Look(String),
    /// It waits for a task, which goes on without it.
    Wait(String),
    /// It asks what became of a submit.
    Unknown(UnknownSubmit),
}

impl Flight {
    /// The promise of a call of these arguments: what is wrong with them rejects it, and so does the caller's signal.
    pub fn promise<A: 'static, R: Serialize>(
        self,
        arguments: Result<A, Error>,
        about: fn(&A) -> About,
        work: impl AsyncFnOnce(A, &CallContext<'_>) -> Result<R, Error> + 'static,
    ) -> Promise {
        let prepared = arguments.and_then(|arguments| {
            let call = Watched {
                signal: signal(self.signal())?,
                on_update: on_update(self.on_update())?,
                about: about(&arguments),
                flight: self,
            };
            call.note_what_a_crash_would_cost();
            Ok((call, arguments))
        });
        future_to_promise(async move {
            let outcome = match prepared {
                Ok((call, arguments)) => call.perform(async |context| work(arguments, context).await).await,
                Err(error) => Err(error),
            };
            outcome.map(|value| to_js(&value)).map_err(|error| error_to_js(&error))
        })
    }
}

struct Watched {
    signal: Option<AbortSignal>,
    on_update: Option<Function>,
    about: About,
    flight: Flight,
}

impl Watched {
    fn note_what_a_crash_would_cost(&self) {
        match &self.about {
            About::Submit => self.flight.set_submits(true),
            About::Unknown(submit) => {
                self.flight.set_submits(true);
                self.flight.set_submit(to_js(submit));
            }
            About::Look(task_id) | About::Wait(task_id) => self.flight.set_task_id(task_id),
            About::Account => {}
        }
    }

    async fn perform<R>(&self, work: impl AsyncFnOnce(&CallContext<'_>) -> Result<R, Error>) -> Result<R, Error> {
        let on_event = |event: CallEvent<'_>| self.on_event(event);
        let context = CallContext::new(&on_event);
        match &self.about {
            About::Submit | About::Account => {}
            About::Look(task_id) => context.looks_at(task_id),
            About::Wait(task_id) => context.waits_for(task_id),
            About::Unknown(submit) => context.asks_about(submit),
        }
        let Some(signal) = &self.signal else { return work(&context).await };
        if signal.aborted() {
            return Err(aborted_by(signal, context.aborted()));
        }
        let outcome = race(work(&context), aborted(signal)).await;
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
