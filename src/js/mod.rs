//! The exports behind the npm package: values in, promises out, and no decision.
//!
//! The classes people use are written by hand in `js/`; they load the module and turn what is thrown here into errors.

#[cfg(feature = "calls")]
mod asked;
#[cfg(feature = "calls")]
mod batch;
#[cfg(feature = "calls")]
mod client;
#[cfg(feature = "calls")]
mod input;
#[cfg(feature = "calls")]
mod kept;
mod panic;
#[cfg(feature = "questions")]
mod questions;

/// The standard allocator makes the module 1.8 KB larger, after brotli.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
