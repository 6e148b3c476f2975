use std::cell::Cell;
use std::rc::Rc;

use futures_channel::oneshot;
use gloo_events::{EventListener, EventListenerOptions};
use web_sys::EventTarget;

/// Resolves at the next event of one of these names. Dropped, it takes its listeners away again.
pub async fn next_event(targets: &[(&EventTarget, &'static str)]) {
    // No promise: one that never settles would keep everything that waits for it.
    let (sender, event) = oneshot::channel();
    let sender = Rc::new(Cell::new(Some(sender)));
    // Workers take no passive listeners, which are the default.
    let options = EventListenerOptions::enable_prevent_default();
    let listen = |(target, name): &(&EventTarget, &'static str)| {
        let sender = sender.clone();
        EventListener::once_with_options(target, *name, options, move |_| {
            if let Some(sender) = sender.take() {
                let _ = sender.send(());
            }
        })
    };
    let _listeners: Vec<_> = targets.iter().map(listen).collect();
    let _ = event.await;
}
