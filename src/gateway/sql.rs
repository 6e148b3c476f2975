//! The database of a Durable Object.

use js_sys::Array;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    pub type Sql;
    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &Sql, statement: &str, bindings: &Array) -> Result<Rows, JsValue>;

    type Rows;
    #[wasm_bindgen(method, js_name = toArray)]
    fn to_array(this: &Rows) -> Array;
}

impl Sql {
    /// The rows of a statement, as objects of the host.
    pub fn run(&self, statement: &str, bindings: &[JsValue]) -> Result<Array, JsValue> {
        Ok(self.exec(statement, &bindings.iter().cloned().collect::<Array>())?.to_array())
    }

    /// The rows of a statement.
    pub fn rows<T: DeserializeOwned>(&self, statement: &str, bindings: &[JsValue]) -> Result<Vec<T>, JsValue> {
        let rows = self.run(statement, bindings)?;
        rows.iter().map(|row| serde_wasm_bindgen::from_value(row).map_err(JsValue::from)).collect()
    }
}

/// A whole number, as a binding.
pub fn number(whole: i64) -> JsValue {
    JsValue::from_f64(whole as f64)
}
