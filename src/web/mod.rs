//! `fetch`, timers, events and `AbortSignal` of a JavaScript host: what the inner rings ask for, and no decision.

mod abort;
mod event;
mod fetch;
mod text;
mod timer;
mod value;

pub use abort::aborted;
pub use fetch::{Fetch, HostError};
pub use text::{Unreadable, read_text};
pub use timer::HostTimer;
pub use value::given;
