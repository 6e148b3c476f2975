//! The exports behind the npm package: values in, promises out, and no decision.
//!
//! The classes people use are written by hand in `js/`; they load the module and turn the plain objects thrown here
//! into errors.

mod client;
mod error;
mod options;

/// The standard allocator makes the module 1.8 KB larger, after brotli.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
