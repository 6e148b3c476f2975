//! The runner cargo hands a test module to: wasm-bindgen's own, compiled here so that Cargo.lock pins its version.

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os())
}
