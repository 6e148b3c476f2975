//! From a text to a type of the wire, with refusals that name the field.

use serde::de::DeserializeOwned;

use super::Error;
use super::given::{Given, Reader};

/// Reads a JSON object as a type whose fields callers give.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    from_object(given(text).unwrap_or(Given::Nothing), "body")
}

/// The value of a JSON text. A byte order mark in front of it means nothing.
pub(crate) fn given(text: &str) -> Option<Given> {
    serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).ok()
}

/// Reads what a caller gave as a type; `what` is what the object itself is called.
pub(crate) fn from_object<T: DeserializeOwned>(given: Given, what: &str) -> Result<T, Error> {
    T::deserialize(Reader::strict(given)).map_err(|error| error.in_field(what))
}

/// Reads what a server sent, or what is more than is looked at, as a type.
pub(crate) fn lenient<T: DeserializeOwned>(given: Given) -> Option<T> {
    T::deserialize(Reader::lenient(given)).ok()
}
