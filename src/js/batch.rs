use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::client::thrown;
use super::input::Items;
use crate::core::{self, BatchStep, Kind};

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

    /// What to do next: 0 begin, 1 refuse, 2 sleep, 3 wait, 4 nothing more. Of the first three [`Order::value`] is the
    /// item's number or the milliseconds.
    pub fn next(&mut self, now: f64) -> u32 {
        let (step, value) = match self.batch.next(now as i64) {
            BatchStep::Begin(number) => (0, number as u32),
            BatchStep::Refuse(number) => (1, number as u32),
            BatchStep::Sleep(ms) => (2, ms),
            BatchStep::Wait => (3, 0),
            BatchStep::Drained => (4, 0),
        };
        self.value = value;
        step
    }

    /// The number that belongs to the last step.
    pub fn value(&self) -> u32 {
        self.value
    }

    /// An item has settled; with an error of this kind, if it failed.
    pub fn settled(&mut self, kind: &str) {
        self.batch.settled(Kind::from_word(kind));
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
