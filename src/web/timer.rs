use gloo_timers::future::TimeoutFuture;
use js_sys::global;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::EventTarget;

use super::event::next_event;
use super::value::given;
use crate::client::Timer;

/// The host's `Date.now`, `setTimeout` and `Math.random`; in a page also whether it can be seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostTimer;

impl Timer for HostTimer {
    fn now(&self) -> i64 {
        js_sys::Date::now() as i64
    }

    fn sleep(&self, ms: u32) -> impl Future<Output = ()> {
        TimeoutFuture::new(ms)
    }

    fn random(&self) -> f64 {
        js_sys::Math::random()
    }

    fn hidden(&self) -> bool {
        document().is_some_and(|document| is_hidden(&document))
    }

    async fn woken(&self) {
        let Some(document) = document() else { return std::future::pending().await };
        let window: EventTarget = global().unchecked_into();
        loop {
            let was_hidden = is_hidden(&document);
            next_event(&[(&document, "visibilitychange"), (&window, "online")]).await;
            // A page that was just hidden is no reason to look.
            if was_hidden || !is_hidden(&document) {
                return;
            }
        }
    }
}

/// The page's document; workers and servers have none.
fn document() -> Option<EventTarget> {
    given(&global(), "document").map(JsCast::unchecked_into)
}

fn is_hidden(document: &JsValue) -> bool {
    given(document, "visibilityState").is_some_and(|state| state.as_string().as_deref() == Some("hidden"))
}
