//! A panic ends the instance: the promises of its calls would hang for ever. The hand-written entry catches the trap,
//! rejects them and starts the module anew; from here it gets to know what happened.

use std::panic::PanicHookInfo;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::core::text::{concat, decimal};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(message: &str);
}

/// Runs when the module is instantiated.
#[wasm_bindgen(start)]
pub fn install() {
    std::panic::set_hook(Box::new(report));
}

/// Where it happened, never with which values: they may hold a key or a prompt.
fn report(info: &PanicHookInfo<'_>) {
    if let Some(place) = info.location() {
        console_error(&concat(&["midapi crashed at ", place.file(), ":", &decimal(place.line().into())]));
    }
}
