//! A panic ends the instance: the promises of its calls would hang for ever. The hand-written entry catches the trap,
//! rejects them and starts the module anew; from here it gets to know what happened.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::core::text::{concat, decimal};
use crate::core::{Billed, Error, Kind};

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

/// The error of what a crash ended.
pub fn crashed(submits: bool) -> Error {
    let message = "the package crashed; this is a fault of its own, please report it. It was started anew";
    // What was in flight is gone with the instance: nobody knows how far it came.
    let billed = if submits { Billed::Unknown } else { Billed::No };
    Error::new(Kind::Crashed, message).with(|error| error.billed = billed)
}
