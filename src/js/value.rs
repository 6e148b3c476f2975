//! Values of the host, in and out.

use serde::Serialize;
use serde::de::{DeserializeOwned, Error as _};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::core::decode::from_object;
use crate::core::{Error, Given, Handle};
use crate::web::HostError;

#[wasm_bindgen(raw_module = "./errors.js")]
extern "C" {
    /// The class of every failure: a real `Error` of the host's.
    type MidjourneyError;
    #[wasm_bindgen(constructor)]
    fn new(fields: &JsValue, cause: &JsValue) -> MidjourneyError;
}

/// What a caller gave, whatever it is.
pub fn given_of(value: &JsValue) -> Result<Given, Error> {
    let given = serde_wasm_bindgen::from_value(value.clone());
    given.map_err(|_| Error::custom("must be plain data, as JSON can hold"))
}

/// Reads an object as a type whose fields callers give; `what` is what the object itself is called.
pub fn from_js<T: DeserializeOwned>(value: &JsValue, what: &str) -> Result<T, Error> {
    from_object(given_of(value).map_err(|error| error.in_field(what))?, what)
}

/// A task, as returned or as loaded from storage, or its id.
pub fn handle(value: &JsValue) -> Result<Handle, Error> {
    match value.as_string() {
        Some(task_id) => Handle::new(task_id).checked(),
        // Not by way of a `Given`: its images would be read, too, which is a tenth of a call's work.
        None => serde_wasm_bindgen::from_value(value.clone()).map_err(|_| Handle::is_none()).and_then(Handle::checked),
    }
}

/// A value of ours as the host's.
pub fn to_js(value: &impl Serialize) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    // What has no number of JavaScript's is left out rather than lost with all the rest.
    value.serialize(&serializer).unwrap_or_default()
}

/// An error as the host throws it, with what lies beneath as its `cause`.
pub fn error_to_js(error: &Error) -> JsValue {
    let cause = error.source.as_deref().map_or(JsValue::UNDEFINED, |source| {
        if let Some(HostError(thrown)) = source.downcast_ref() {
            return thrown.clone();
        }
        source.downcast_ref().map_or(JsValue::UNDEFINED, error_to_js)
    });
    MidjourneyError::new(&to_js(error), &cause).into()
}
