//! From a text or a host's value to a type of the wire, with refusals that name the field.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Error;

/// Reads a JSON object as a type whose fields callers give. A misspelt field is refused: it would be dropped without a
/// word, and the rest paid for.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    from_fields(object(text)?)
}

/// A text without the byte order mark that some programs put in front of what they write: it means nothing.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The fields of a text that is a JSON object.
pub(crate) fn object(text: &str) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(without_mark(text)).map_err(|_| Error::invalid("body", "must be a JSON object"))
}

pub(crate) fn from_fields<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, Error> {
    only_known::<T>(fields.keys().map(String::as_str))?;
    let decoded = serde_path_to_error::deserialize(Value::Object(fields));
    decoded.map_err(|error| wrong_field(error.path(), error.inner().to_string()))
}

/// Refuses a name that is none of the type's fields.
pub(crate) fn only_known<T: DeserializeOwned>(mut names: impl Iterator<Item = impl AsRef<str>>) -> Result<(), Error> {
    let known = serde_aux::prelude::serde_introspect::<T>();
    match names.find(|name| !known.contains(&name.as_ref())) {
        None => Ok(()),
        Some(name) => Err(unknown_field(name.as_ref(), known)),
    }
}

fn unknown_field(name: &str, known: &[&str]) -> Error {
    let must = match known.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        Some(meant) => format!("unknown field; did you mean {meant}?"),
        None => format!("unknown field; known are {}", known.join(", ")),
    };
    // A caller's own word as it may stand in an error: bounded, and without anything a terminal would obey.
    let shortened: String = name.chars().filter(|char| !char.is_control()).take(40).collect();
    Error::invalid(&shortened, &must)
}

/// The refusal of a value that serde's error is about.
pub(crate) fn wrong_field(path: &serde_path_to_error::Path, message: String) -> Error {
    use serde_path_to_error::Segment;
    // serde says of a field that isn't there that it is missing, at the object it is missing from.
    if let Some(missing) = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        return Error::invalid(missing, "is required");
    }
    match path.iter().next() {
        Some(Segment::Map { key }) => Error::invalid(key, &message),
        _ => Error::invalid("body", &message),
    }
}
