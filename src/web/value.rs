use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// The field of a host's object, with `null` and `undefined` read as absent, and a getter that throws, too.
pub fn given(object: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(object, &name.into()).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}
