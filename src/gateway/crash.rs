//! A panic ends the module's instance, and what it was doing never ends by itself: the entry gets to know, and fails it.

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static CRASHED: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Calls this function with the place when the module panics: never with the values, which may hold a key or a prompt.
#[wasm_bindgen]
pub fn on_crash(crashed: Function) {
    CRASHED.set(Some(crashed));
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
        CRASHED.with_borrow(|crashed| {
            if let Some(crashed) = crashed {
                let _ = crashed.call1(&JsValue::NULL, &place.into());
            }
        });
    }));
}
