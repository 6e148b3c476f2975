use std::cell::Cell;
use std::rc::Rc;

use futures_channel::oneshot;
use gloo_events::EventListener;
use web_sys::EventTarget;

/// Resolves at the next event of one of these names. Dropped, it takes its listeners away again.
pub async fn next_event(targets: &[(&EventTarget, &'static str)]) {
    // No promise: one that never settles would keep everything that waits for it.
    let (sender, event) = oneshot::channel();
    let sender = Rc::new(Cell::new(Some(sender)));
    let listen = |(target, name): &(&EventTarget, &'static str)| {
        let sender = sender.clone();
        EventListener::once(target, *name, move |_| {
            if let Some(sender) = sender.take() {
                let _ = sender.send(());
            }
        })
    };
    let _listeners: Vec<_> = targets.iter().map(listen).collect();
    let _ = event.await;
}
