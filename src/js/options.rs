use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortSignal;

use super::client::value;
use crate::client::DEFAULT_WAIT_MS;
use crate::core::{Error, Json, Task};

/// The options a call takes, read before anything is sent: a mistake in them must not cost a task.
pub struct Options {
    pub signal: Option<AbortSignal>,
    pub timeout_ms: i64,
    on_update: Option<Function>,
}

impl Options {
    #[inline(never)]
    pub fn read(options: &JsValue) -> Result<Self, Error> {
        if !options.is_undefined() && !options.is_null() && !options.is_object() {
            return Err(Error::invalid("options", "must be an object"));
        }
        let wrong = |name, must| move || Error::invalid(name, must);
        let timeout_ms = match options.given("timeout") {
            None => Some(DEFAULT_WAIT_MS),
            Some(timeout) => timeout.number().filter(|ms| *ms >= 0.0).map(|ms| ms as i64),
        };
        let signal = options
            .given("signal")
            .map(|signal| abort_signal(signal).ok_or_else(wrong("signal", "must be an AbortSignal")));
        let on_update = options
            .given("onUpdate")
            .map(|call| call.dyn_into().map_err(|_| wrong("onUpdate", "must be a function")()));
        Ok(Self {
            timeout_ms: timeout_ms.ok_or_else(wrong("timeout", "must be a number of milliseconds, 0 or more"))?,
            signal: signal.transpose()?,
            on_update: on_update.transpose()?,
        })
    }

    /// Shows the task to the caller. What the caller's function throws is its own: a paid task is not lost over it.
    pub fn notify(&self, task: &Task) {
        if let Some(on_update) = &self.on_update {
            let _ = on_update.call1(&JsValue::UNDEFINED, &value(task));
        }
    }
}

/// By its shape, so that a signal of another realm or a polyfill is one too.
fn abort_signal(signal: JsValue) -> Option<AbortSignal> {
    let listens = Reflect::get(&signal, &"addEventListener".into()).is_ok_and(|method| method.is_function());
    let is_signal = listens && signal.field("aborted").is_some_and(|aborted| aborted.boolean().is_some());
    is_signal.then(|| signal.unchecked_into())
}
