//! The Midjourney API of midapi.ai, from the browser and the edge.
//!
//! The crate is built in rings, and arrows point inwards:
//!
//! | ring | knows | never |
//! |---|---|---|
//! | [`core`] | the wire: requests, records, errors, the schedule of looks | I/O, a clock, JavaScript |
//! | [`client`] | the calls, over a [`client::Transport`] and a [`client::Timer`] | JavaScript |
//! | `web` (feature `web`) | `fetch`, timers and values of a JavaScript host | any decision |
//! | `js` (feature `js`) | the exports of the npm package | any decision |
//! | `policy` (feature `policy`) | what an owner may write in a gateway's variables and secrets | I/O, JavaScript |
//! | `gateway` (feature `gateway`) | the Cloudflare Worker that holds the key | the page |
//!
//! A Rust program uses [`client::Client`]; without features it brings its own transport.

pub mod client;
pub mod core;
#[cfg(feature = "crash")]
mod crash;

#[cfg(feature = "gateway")]
mod gateway;
#[cfg(feature = "js")]
mod js;
#[cfg(feature = "policy")]
pub mod policy;
mod url;
#[cfg(feature = "web")]
pub mod web;
