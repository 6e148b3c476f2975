//! `fetch`, timers, events and `AbortSignal` of a JavaScript host: what the inner rings ask for, and no decision.

mod abort;
mod body;
mod download;
mod event;
mod fetch;
mod timer;
mod value;

pub use abort::aborted;
pub use body::{Unreadable, read_bytes};
#[cfg(any(feature = "gateway", feature = "js"))]
pub use body::{next_chunk, reader_of};
pub use fetch::{Fetch, HostError};
pub use timer::HostTimer;
pub use value::given;
