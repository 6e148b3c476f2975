//! A panic ends the instance: the promises of its calls would hang for ever. The hand-written entry catches the trap,
//! rejects them and starts the module anew; from here it gets to know what happened.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::core::text::{concat, decimal};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(message: &str);
}

/// Says where it happened, never with which values: they may hold a key or a prompt.
#[panic_handler]
fn report(info: &core::panic::PanicInfo<'_>) -> ! {
    if let Some(place) = info.location() {
        console_error(&concat(&["midapi crashed at ", place.file(), ":", &decimal(place.line().into())]));
    }
    core::arch::wasm32::unreachable()
}
