//! From a text to a type of the wire, with refusals that name the field.

use serde::de::DeserializeOwned;

use super::Error;
use super::given::Given;

/// Reads a JSON object as a type whose fields callers give.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    from_object(given(text).unwrap_or(Given::Nothing), "body")
}

/// The value of a JSON text. A byte order mark in front of it means nothing.
pub(crate) fn given(text: &str) -> Option<Given> {
    serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).ok()
}

/// Reads an object as a type; `what` is what the object itself is called.
pub(crate) fn from_object<T: DeserializeOwned>(given: Given, what: &str) -> Result<T, Error> {
    match given {
        Given::Object(_) => T::deserialize(given).map_err(|error| error.in_field(what)),
        _ => Err(Error::invalid(what, "must be an object, as JSON has them")),
    }
}
