use alloc::boxed::Box;
use alloc::string::String;

use super::client::client;
use super::input::Items;
use super::kept::{Kept, keep, take};
use crate::core::json::list;
use crate::core::text::decimal;
use crate::core::{Batch, BatchStep, Error, Kind};

/// Makes the order of the items of this input, all of which are checked.
pub fn order(number: u32, input: &str) -> Result<(), Error> {
    let Items { client: of, submits, concurrency } = Items::parse(input)?;
    keep(number, Kept::Order(Box::new(Batch::new(submits, concurrency, client(of)?))));
    Ok(())
}

/// What to do next: 0 begin, 1 refuse, 2 sleep, 3 wait, 4 nothing more; and of the first three the item's number or the
/// milliseconds.
pub fn next(order: u32, now: i64) -> String {
    let mut step = BatchStep::Drained;
    with(order, &mut |batch| step = batch.next(now));
    let (step, value) = match step {
        BatchStep::Begin(number) => (0, number as i64),
        BatchStep::Refuse(number) => (1, number as i64),
        BatchStep::Sleep(ms) => (2, ms.into()),
        BatchStep::Wait => (3, 0),
        BatchStep::Drained => (4, 0),
    };
    list(&mut [step, value].into_iter().map(decimal))
}

/// An item has settled; with an error of this kind, if it failed.
pub fn settled(order: u32, kind: &str) {
    with(order, &mut |batch| batch.settled(Kind::from_word(kind)));
}

/// Nothing more is to be begun.
pub fn stop(order: u32) {
    with(order, &mut Batch::stop);
}

/// The error of an item that is not begun.
pub fn refusal(order: u32) -> String {
    let mut error = String::new();
    with(order, &mut |batch| error = batch.refusal().to_json());
    error
}

fn with(order: u32, what: &mut dyn FnMut(&mut Batch)) {
    if let Some(Kept::Order(mut batch)) = take(order) {
        what(&mut batch);
        keep(order, Kept::Order(batch));
    }
}
