use js_sys::{Array, Date, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::core::Json;

/// A value of the host. A getter that throws reads as an absent field.
impl Json for JsValue {
    fn parse(text: &str) -> Option<Self> {
        JSON::parse(text).ok()
    }

    fn rfc3339_ms(text: &str) -> Option<i64> {
        // `Date.parse` guesses at much else; a date and a time with a zone leave it nothing to guess.
        let zoned = text.ends_with(['Z', 'z']) || text.get(19..).is_some_and(|end| end.contains(['+', '-']));
        let ms = Date::parse(text);
        (text.len() >= 20 && zoned && ms.is_finite()).then_some(ms as i64)
    }

    fn field(&self, name: &str) -> Option<Self> {
        let object = self.dyn_ref::<Object>()?;
        Reflect::get(object, &JsValue::from_str(name)).ok().filter(|value| !value.is_undefined())
    }

    fn names(&self) -> Option<Vec<String>> {
        let object = self.dyn_ref::<Object>().filter(|_| !Array::is_array(self) && !self.is_function())?;
        // A field set to undefined is one JSON.stringify leaves out.
        let given = |name: &String| self.field(name).is_some();
        let names = Reflect::own_keys(object).ok()?;
        Some(names.iter().filter_map(|name| name.as_string()).filter(given).collect())
    }

    fn items(&self) -> Option<Vec<Self>> {
        // One by one, as copying the whole would let a getter throw where nothing catches it.
        let length = self.field("length").filter(|_| Array::is_array(self))?.as_f64()?;
        (0..length as u32).map(|index| Reflect::get_u32(self, index).ok()).collect()
    }

    fn text(&self) -> Option<String> {
        self.as_string()
    }

    fn number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn boolean(&self) -> Option<bool> {
        self.as_bool()
    }

    fn is_null(&self) -> bool {
        JsValue::is_null(self)
    }
}
