//! The exports behind the npm package: values in, promises out, and no decision.
//!
//! The classes people use are written by hand in `js/`; they load the module and turn the plain objects thrown here
//! into errors.

mod client;
mod error;
mod options;

/// A third of the size of the standard allocator in the module, and as fast for small short-lived texts.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
