//! The core and the client, natively: what is read, what is refused, what is sent and when.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod client;
mod endpoint;
mod fake;
mod fixtures;
mod page;
mod requests;
mod robustness;
mod schedule;
