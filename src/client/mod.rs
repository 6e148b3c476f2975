//! The calls of the API, over any [`Transport`] and [`Timer`]: a driver of the core's [`Call`](crate::core::Call).

mod batch;
mod calls;
mod race;
mod transport;

pub use batch::{BatchEvent, BatchItem, BatchOptions};
pub use calls::{Client, OnUpdate};
pub use race::race;
pub use transport::{NoReply, Reply, Request, Timer, Transport};
