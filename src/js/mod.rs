//! The exports behind the npm package: values in, promises out, and no decision.
//!
//! The class people use is a thin one in `js/`: it is there before the module is loaded.

mod batch;
mod call;
mod client;
mod download;
mod flight;
mod log;
mod options;
mod panic;
mod value;
mod webhooks;

/// The standard allocator makes the module 1.8 KB larger, after brotli.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
