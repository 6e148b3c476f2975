//! The streams of those who watch tasks: server-sent events.

use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::ReadableStream;

use super::streams::{IdentityTransformStream, StreamWriter, ignore};
use crate::client::Timer;
use crate::core::HEARTBEAT_MS;
use crate::web::HostTimer;

/// The most streams that are open for one caller.
pub const MOST_STREAMS: u32 = 200;

/// How many events a reader may be behind. One that reads more slowly is let go, and resumes where it was.
const MOST_UNREAD: u32 = 64;

/// What a stream begins with: after how many milliseconds whoever loses it connects again, and something to read.
const GREETING: &str = "retry: 2000\n\n: connected\n\n";

/// A piece of a stream.
pub struct Frame(pub String);

impl Frame {
    /// Where a task stands. The text is JSON, and so of one line.
    pub fn task(seq: i64, task: &str) -> Self {
        Self(format!("id: {seq}\nevent: task\ndata: {task}\n\n"))
    }

    /// The caller has no such task: of the others the stream tells all the same.
    pub fn unknown(id: &str) -> Self {
        Self(format!("event: unknown\ndata: {{\"taskId\":\"{id}\"}}\n\n"))
    }

    /// A task was deleted.
    pub fn removed(seq: i64, id: &str) -> Self {
        Self(format!("id: {seq}\nevent: removed\ndata: {{\"taskId\":\"{id}\"}}\n\n"))
    }
}

#[wasm_bindgen]
extern "C" {
    /// Somebody who watches: an object of the host's, so that a crash of the module ends no stream.
    #[derive(Clone, Debug)]
    type Watcher;
    #[wasm_bindgen(method, getter)]
    fn writer(this: &Watcher) -> StreamWriter;
    #[wasm_bindgen(method, getter)]
    fn tasks(this: &Watcher) -> Array;
    #[wasm_bindgen(method, getter)]
    fn unread(this: &Watcher) -> u32;
    #[wasm_bindgen(method, setter)]
    fn set_unread(this: &Watcher, unread: u32);
}

/// All who watch, as the object keeps them.
pub struct Watchers(pub Array);

impl Watchers {
    /// How many there are.
    pub fn count(&self) -> u32 {
        self.0.length()
    }

    /// Adds one who watches these tasks; the stream begins with these frames.
    pub fn add(&self, tasks: &[String], frames: &str) -> Result<ReadableStream, JsValue> {
        let stream = IdentityTransformStream::new()?;
        let watcher = js_sys::Object::new();
        let writer = stream.writable().get_writer()?;
        let closed = JsFuture::from(writer.closed());
        for (name, value) in [
            ("writer", writer.into()),
            ("tasks", tasks.iter().map(|id| JsValue::from(id.as_str())).collect::<Array>().into()),
            ("unread", JsValue::from(0)),
        ] {
            Reflect::set(&watcher, &name.into(), &value)?;
        }
        let watcher: Watcher = watcher.unchecked_into();
        self.0.push(&watcher);
        // However the stream ends, it is over.
        let (others, gone) = (Self(self.0.clone()), watcher.clone());
        spawn_local(async move {
            let _ = closed.await;
            others.remove(&gone);
        });
        self.send(&watcher, &[GREETING, frames].concat());
        spawn_local(beat(Self(self.0.clone()), watcher));
        Ok(stream.readable())
    }

    /// Tells those who watch a task.
    pub fn tell(&self, task: &str, frame: &Frame) {
        let task = JsValue::from(task);
        for watcher in self.all().filter(|watcher| watcher.tasks().includes(&task, 0)) {
            self.send(&watcher, &frame.0);
        }
    }

    fn all(&self) -> impl Iterator<Item = Watcher> {
        // A copy: one who has left is taken out meanwhile.
        self.0.slice(0, self.count()).into_iter().map(JsCast::unchecked_into)
    }

    fn send(&self, watcher: &Watcher, text: &str) {
        let unread = watcher.unread();
        let writing = (unread < MOST_UNREAD).then(|| watcher.writer().write(&Uint8Array::from(text.as_bytes())));
        let Some(Ok(written)) = writing else { return self.let_go(watcher) };
        watcher.set_unread(unread + 1);
        let (others, watcher) = (Self(self.0.clone()), watcher.clone());
        spawn_local(async move {
            match JsFuture::from(written).await {
                Ok(_) => watcher.set_unread(watcher.unread().saturating_sub(1)),
                // The reader has left.
                Err(_) => others.remove(&watcher),
            }
        });
    }

    fn let_go(&self, watcher: &Watcher) {
        self.remove(watcher);
        if let Ok(ended) = watcher.writer().abort(&JsValue::from_str("too slow")) {
            ignore(ended);
        }
    }

    fn has(&self, watcher: &Watcher) -> bool {
        self.0.includes(watcher, 0)
    }

    fn remove(&self, watcher: &Watcher) {
        let at = self.0.index_of(watcher, 0);
        if let Ok(at) = u32::try_from(at) {
            self.0.splice_many(at, 1, &[]);
        }
    }
}

/// Shows on a stream that it is alive, until it is over.
async fn beat(watchers: Watchers, watcher: Watcher) {
    loop {
        HostTimer.sleep(HEARTBEAT_MS).await;
        if !watchers.has(&watcher) {
            return;
        }
        watchers.send(&watcher, ": alive\n\n");
    }
}
