use wasm_bindgen::JsValue;

use crate::core::Error;

/// Why a handler has no reply.
pub enum HandlerError {
    /// The caller is told why.
    Refused(Error),
    /// The runtime failed, and the caller isn't told why: the text may hold what must not leave.
    Runtime(JsValue),
}

impl From<Error> for HandlerError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<JsValue> for HandlerError {
    fn from(thrown: JsValue) -> Self {
        Self::Runtime(thrown)
    }
}
