//! The exports behind the npm package: values in, promises out, and no decision.
//!
//! The classes people use are written by hand in `js/`; they load the module and turn what is thrown here into errors.

mod batch;
mod client;
mod input;
mod kept;
mod panic;
mod questions;

/// The standard allocator makes the module 1.8 KB larger, after brotli.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
