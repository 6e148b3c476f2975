//! What a gateway tells of tasks as it happens: one stream for all that a client waits for.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::fmt;
use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::lock::Mutex;
use futures_util::stream::StreamExt;
use sse_core::{SseDecoder, SseEvent};

use super::{BodyStream, Client, Timer, Transport, race};
use crate::core::{Given, MAX_STREAM_TASKS, Record, SILENCE_MS, decode};

/// How long a stream may take to begin: a gateway says something at once.
const FIRST_SILENCE_MS: u32 = 10_000;

/// The pause before a lost stream is opened again: at first, and at the most. A part of it is a matter of chance.
const FIRST_PAUSE_MS: u32 = 1_000;
const LONGEST_PAUSE_MS: u32 = 60_000;

/// Who waits for tasks, and the stream that tells of them. Whoever waits drives it, one at a time: a client has no task of
/// its own in the background.
///
/// The lists are short, and searched from the front: ordered sets of texts are 4.7 KB of the package's module.
#[derive(Default)]
pub(super) struct Events {
    /// Whether the server has said that it tells of tasks.
    offered: Cell<Option<bool>>,
    watches: RefCell<Vec<Rc<Watch>>>,
    stream: Mutex<Option<EventStream>>,
    /// Whether the open stream has said anything: one that a proxy on the way holds back tells nobody anything.
    is_heard: Cell<bool>,
    /// The tasks that the open stream was asked for.
    told: RefCell<Vec<String>>,
    /// Those that the server doesn't know, or not any more.
    gone: RefCell<Vec<String>>,
    /// Wakes whoever drives the stream: somebody waits for another task.
    more: RefCell<Option<oneshot::Sender<()>>>,
}

/// Somebody who waits for a task.
struct Watch {
    task_id: String,
    /// The last that was told of it.
    record: RefCell<Option<Box<Record>>>,
    /// Wakes whoever waits: something is told, or whether the stream tells of the task has changed.
    news: RefCell<Option<oneshot::Sender<()>>>,
}

impl Watch {
    fn wake(&self) {
        if let Some(waiting) = self.news.take() {
            let _ = waiting.send(());
        }
    }
}

struct EventStream {
    body: BodyStream,
    decoder: SseDecoder,
}

/// A watch. Dropped, nothing more is told, and the stream of the last one is closed.
pub(super) struct Watching<'a> {
    events: &'a Events,
    watch: Rc<Watch>,
}

impl Watching<'_> {
    /// Where the task stands now, if that is what is told next; otherwise whether it is told has changed.
    pub async fn next(&self) -> Option<Box<Record>> {
        if self.watch.record.borrow().is_none() {
            let (sender, news) = oneshot::channel();
            *self.watch.news.borrow_mut() = Some(sender);
            let _ = news.await;
        }
        self.watch.record.take()
    }

    /// Whether the task's end is told: nobody has to look.
    pub fn is_told(&self) -> bool {
        let Events { told, gone, is_heard, .. } = self.events;
        is_heard.get() && told.borrow().contains(&self.watch.task_id) && !gone.borrow().contains(&self.watch.task_id)
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        let mut watches = self.events.watches.borrow_mut();
        watches.retain(|watch| !Rc::ptr_eq(watch, &self.watch));
        if watches.is_empty() {
            self.events.told.borrow_mut().clear();
            self.events.gone.borrow_mut().clear();
            if let Some(mut stream) = self.events.stream.try_lock() {
                *stream = None;
            }
        }
    }
}

impl Events {
    /// Waits for a task.
    pub fn watch(&self, task_id: &str) -> Watching<'_> {
        let watch =
            Rc::new(Watch { task_id: task_id.to_owned(), record: RefCell::default(), news: RefCell::default() });
        self.watches.borrow_mut().push(watch.clone());
        if let Some(driver) = self.more.take() {
            let _ = driver.send(());
        }
        Watching { events: self, watch }
    }

    /// Drives the stream for all who wait, as long as it is polled; never ends.
    pub async fn drive<T: Transport, C: Timer>(&self, client: &Client<T, C>) -> Infallible {
        let mut stream = self.stream.lock().await;
        if !self.is_offered(client).await {
            return std::future::pending().await;
        }
        let mut pause_ms = FIRST_PAUSE_MS;
        loop {
            let (sender, more) = oneshot::channel();
            *self.more.borrow_mut() = Some(sender);
            let wanted = self.wanted();
            let is_missing = |id| !self.told.borrow().contains(id);
            if stream.is_none() || wanted.iter().any(is_missing) {
                self.is_heard.set(false);
                *stream =
                    client.open_events(&wanted).await.map(|body| EventStream { body, decoder: SseDecoder::new() });
                self.tell_of(if stream.is_some() { wanted } else { Vec::new() });
            }
            if let Some(EventStream { body, decoder }) = stream.as_mut() {
                let silence_ms = if self.is_heard.get() { SILENCE_MS } else { FIRST_SILENCE_MS };
                let piece = race(body.next(), client.timer.sleep(silence_ms));
                let until_more = async {
                    let _ = more.await;
                };
                let Some(piece) = race(piece, until_more).await else { continue };
                if let Some(piece) = piece.flatten() {
                    pause_ms = FIRST_PAUSE_MS;
                    if !self.is_heard.replace(true) {
                        self.wake_all();
                    }
                    let mut rest = piece.as_slice();
                    while let Some(event) = decoder.next(&mut rest) {
                        // What is too long to be a task's is passed over, like what a later gateway may tell besides.
                        if let Ok(SseEvent::Message(event)) = event {
                            self.pass_on(&event.event, &event.data);
                        }
                    }
                    continue;
                }
                *stream = None;
                self.tell_of(Vec::new());
            }
            let part = 0.5 + client.timer.random() / 2.0;
            client.timer.sleep((f64::from(pause_ms) * part) as u32).await;
            pause_ms = (pause_ms * 2).min(LONGEST_PAUSE_MS);
        }
    }

    /// Passes an event on to those whom it is about.
    fn pass_on(&self, event: &str, data: &str) {
        let Some(data) = decode::given(data) else { return };
        if event == "task" {
            let Some(record) = decode::lenient::<Record>(data) else { return };
            for watch in self.watches.borrow().iter().filter(|watch| watch.task_id == record.task_id) {
                *watch.record.borrow_mut() = Some(Box::new(record.clone()));
                watch.wake();
            }
        } else if event == "removed" || event == "unknown" {
            let Some(id) = data.field("taskId").and_then(Given::text) else { return };
            self.gone.borrow_mut().push(id.to_owned());
            self.wake_all();
        }
    }

    fn wake_all(&self) {
        self.watches.borrow().iter().for_each(|watch| watch.wake());
    }

    /// The tasks that are waited for, as far as a stream tells of so many. For the others, looks have to do.
    fn wanted(&self) -> Vec<String> {
        let mut wanted = Vec::new();
        for watch in self.watches.borrow().iter() {
            let Watch { task_id, .. } = &**watch;
            if wanted.len() < MAX_STREAM_TASKS && !wanted.contains(task_id) && !self.gone.borrow().contains(task_id) {
                wanted.push(task_id.clone());
            }
        }
        wanted
    }

    /// The open stream tells of these tasks.
    fn tell_of(&self, tasks: Vec<String>) {
        *self.told.borrow_mut() = tasks;
        self.wake_all();
    }

    async fn is_offered<T: Transport, C: Timer>(&self, client: &Client<T, C>) -> bool {
        if !(client.may_be_gateway && client.transport.can_open()) {
            return false;
        }
        if self.offered.get().is_none() {
            self.offered.set(client.offers_events().await);
        }
        self.offered.get() == Some(true)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Events").field("offered", &self.offered).finish_non_exhaustive()
    }
}
