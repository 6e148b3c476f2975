use web_sys::AbortSignal;

use super::event::next_event;

/// Resolves when the signal fires, at once if it has. Dropped, it takes its listener away again.
pub async fn aborted(signal: &AbortSignal) {
    if !signal.aborted() {
        next_event(&[(signal, "abort")]).await;
    }
}
