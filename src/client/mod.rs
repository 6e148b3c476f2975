//! The calls of the API, over any [`Transport`] and [`Timer`].

mod boxed;
mod calls;
mod race;
mod transport;
mod wait;

pub use boxed::boxed;
pub use calls::Client;
pub use race::race;
pub use transport::{NoReply, Reply, Request, Timer, Transport};
pub use wait::{DEFAULT_WAIT_MS, Handle};
