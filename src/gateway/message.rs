//! Messages between the Worker and its Durable Objects, and what these store: JSON texts.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use wasm_bindgen::JsValue;

/// A message as text.
pub fn encode(message: &impl Serialize) -> Result<String, JsValue> {
    serde_json::to_string(message).map_err(|_| malformed())
}

/// The message of a text.
pub fn decode<T: DeserializeOwned>(text: &str) -> Result<T, JsValue> {
    serde_json::from_str(text).map_err(|_| malformed())
}

/// The `data` of an envelope.
pub fn data_of(value: &impl Serialize) -> Result<Box<RawValue>, JsValue> {
    serde_json::value::to_raw_value(value).map_err(|_| malformed())
}

/// serde's own words would quote a prompt into the runtime's log.
pub fn malformed() -> JsValue {
    JsValue::from_str("malformed message")
}

/// A value as an object of the host.
pub fn to_host(value: &impl Serialize) -> Result<JsValue, JsValue> {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).map_err(|_| malformed())
}
