//! The core and the client, natively: what is read, what is refused, what is sent and when.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod batches;
mod callbacks;
mod changes;
mod credits;
mod downloads;
mod endpoint;
mod errors;
mod events;
mod fake;
mod files;
mod fixtures;
mod history;
mod learning;
mod links;
mod lint;
mod looks;
mod page;
mod prices;
mod reconcile;
mod requests;
mod retries;
mod robustness;
mod schedule;
mod submits;
mod waits;
