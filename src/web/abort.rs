use js_sys::{Function, Promise};
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

/// Resolves when the signal fires, at once if it has. Dropped, it takes its listener away again.
pub async fn aborted(signal: &AbortSignal) {
    if signal.aborted() {
        return;
    }
    let mut listener = None;
    let event = Promise::new(&mut |resolve, _| {
        // Without its listener the future never ends, and the call it would end goes on: what a host that refuses
        // listeners on a signal can expect.
        let _ = signal.add_event_listener_with_callback("abort", &resolve);
        listener = Some(Listener { signal: signal.clone(), resolve });
    });
    let _ = JsFuture::from(event).await;
    drop(listener);
}

struct Listener {
    signal: AbortSignal,
    resolve: Function,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.signal.remove_event_listener_with_callback("abort", &self.resolve);
    }
}
