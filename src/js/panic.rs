//! A panic ends the instance, and the promises of its calls would never settle. `js/crash.js` notices the trap, rejects
//! them and starts the module anew.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::value::{error_to_js, given_of};
use crate::core::{Billed, Error, Kind, UnknownSubmit};
use crate::web::HostError;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(message: &str);
}

/// Has a panic say where it happened, never with which values: they may hold a key or a prompt.
#[wasm_bindgen(start)]
pub fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        if let Some(place) = info.location() {
            console_error(&format!("midapi crashed at {}:{}", place.file(), place.line()));
        }
    }));
}

/// The error of a call that a crash ended; asked of the next instance. What was in flight is gone with the old one:
/// nobody knows how far it came.
#[wasm_bindgen]
pub fn crashed(submits: bool, task_id: Option<String>, submit: &JsValue, cause: JsValue) -> JsValue {
    let message = "the package crashed; this is a fault of its own, please report it. It was started anew";
    error_to_js(&Error::new(Kind::Crashed, message).with(|error| {
        error.billed = if submits { Billed::Unknown } else { Billed::No };
        error.submit = match &task_id {
            None => given_of(submit).and_then(UnknownSubmit::given).ok(),
            Some(_) => None,
        };
        error.task_id = task_id;
        error.source = Some(Box::new(HostError(cause)));
    }))
}
