use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::client::thrown;
use super::input::Items;
use crate::core::{self, BatchStep, Billed, Kind};

/// The order of a batch's items, behind the package's `Batch`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Order {
    batch: core::Batch,
    value: u32,
}

#[wasm_bindgen]
impl Order {
    /// The order of the items of this input, all of which are checked.
    #[wasm_bindgen(constructor)]
    pub fn new(input: &str) -> Result<Order, JsValue> {
        let Items { submits, concurrency } = Items::parse(input).map_err(thrown)?;
        Ok(Self { batch: core::Batch::new(submits, concurrency), value: 0 })
    }

    /// What to do next: `begin`, `refuse`, `sleep`, `wait` or `drained`. Of the first three [`Order::value`] is the
    /// item's number or the milliseconds.
    pub fn next(&mut self, now: f64) -> String {
        let (word, value) = match self.batch.next(now as i64) {
            BatchStep::Begin(number) => ("begin", number as u32),
            BatchStep::Refuse(number) => ("refuse", number as u32),
            BatchStep::Sleep(ms) => ("sleep", ms),
            BatchStep::Wait => ("wait", 0),
            BatchStep::Drained => ("drained", 0),
        };
        self.value = value;
        word.to_owned()
    }

    /// The number that belongs to the last step.
    #[wasm_bindgen(getter)]
    pub fn value(&self) -> u32 {
        self.value
    }

    /// An item has settled; with an error of this kind, if it failed.
    pub fn settled(&mut self, kind: Option<String>, billed: Option<String>, message: Option<String>) {
        let kind = kind.and_then(|kind| Kind::from_word(&kind));
        let billed = billed.and_then(|billed| Billed::from_word(&billed));
        let error = kind.zip(billed).map(|(kind, billed)| (kind, billed, message.as_deref().unwrap_or_default()));
        self.batch.settled(error);
    }

    /// Nothing more is to be begun.
    pub fn stop(&mut self) {
        self.batch.stop();
    }

    /// The error of an item that is not begun.
    pub fn refusal(&self) -> String {
        self.batch.refusal().to_json()
    }
}
