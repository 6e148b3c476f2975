use js_sys::{Function, Promise};
use wasm_bindgen_futures::JsFuture;
use web_sys::EventTarget;

/// Resolves at the next event of one of these names. Dropped, it takes its listeners away again.
pub async fn next_event(targets: &[(&EventTarget, &str)]) {
    let mut listening = None;
    let event = Promise::new(&mut |resolve, _| {
        for (target, name) in targets {
            // Without its listener the future never ends, and the call it would end goes on: what a host that refuses
            // listeners can expect.
            let _ = target.add_event_listener_with_callback(name, &resolve);
        }
        listening = Some(Listening { targets, resolve });
    });
    let _ = JsFuture::from(event).await;
    drop(listening);
}

struct Listening<'a> {
    targets: &'a [(&'a EventTarget, &'a str)],
    resolve: Function,
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        for (target, name) in self.targets {
            let _ = target.remove_event_listener_with_callback(name, &self.resolve);
        }
    }
}
