//! `fetch`, timers, values and `AbortSignal` of a JavaScript host: what the inner rings ask for, and no decision.

mod abort;
mod fetch;
mod json;
mod text;
mod timer;

pub use abort::aborted;
pub use fetch::{Fetch, HostError};
pub use text::{Unreadable, read_text};
pub use timer::HostTimer;
