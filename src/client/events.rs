//! What a gateway tells of tasks as it happens: one stream for all that a client waits for.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;

use eventsource_stream::Eventsource;
use futures_channel::{mpsc, oneshot};
use futures_util::lock::Mutex;
use futures_util::stream::{LocalBoxStream, StreamExt};

use super::{BodyStream, Client, Timer, Transport, race};
use crate::core::{Record, decode};

/// Where nothing is heard for so long, the stream is lost: a gateway shows three times as often that it is alive.
const SILENCE_MS: u32 = 45_000;

/// The pause before a lost stream is opened again: at first, and at the most. A part of it is a matter of chance.
const FIRST_PAUSE_MS: u32 = 1_000;
const LONGEST_PAUSE_MS: u32 = 60_000;

/// The most tasks that one stream tells of. For others, looks have to do.
const MOST_TASKS: usize = 100;

/// Who waits for tasks, and the stream that tells of them. Whoever waits drives it, one at a time: a client has no task of
/// its own in the background.
#[derive(Default)]
pub(super) struct Events {
    /// Whether the server has said that it tells of tasks.
    offered: Cell<Option<bool>>,
    watches: RefCell<Vec<Watch>>,
    last_number: Cell<u64>,
    stream: Mutex<Option<EventStream>>,
    /// The tasks that the open stream was asked for.
    told: RefCell<BTreeSet<String>>,
    /// Those that the server doesn't know, or not any more.
    gone: RefCell<BTreeSet<String>>,
    /// Wakes whoever drives the stream: somebody waits for another task.
    more: RefCell<Option<oneshot::Sender<()>>>,
}

struct Watch {
    number: u64,
    task_id: String,
    words: mpsc::UnboundedSender<News>,
}

/// What whoever waits is told.
pub(super) enum News {
    /// Where the task stands now.
    Record(Box<Record>),
    /// Whether the stream tells of the task has changed.
    Changed,
}

struct EventStream {
    events: LocalBoxStream<'static, Option<Told>>,
    /// Counts what was heard, what means nothing included.
    heard: Rc<Cell<u64>>,
}

/// An event that a client knows.
enum Told {
    Task(Box<Record>),
    /// The server doesn't know this task, or not any more.
    Gone(String),
}

impl EventStream {
    fn new(body: BodyStream) -> Self {
        let heard = Rc::new(Cell::new(0));
        let counted = heard.clone();
        let body = body.inspect(move |_| counted.set(counted.get() + 1));
        let told = |event: eventsource_stream::Event| {
            let data = decode::given(&event.data)?;
            match event.event.as_str() {
                "task" => decode::lenient(data).map(Told::Task),
                "removed" | "unknown" => data.field("taskId").cloned()?.into_text().map(Told::Gone),
                _ => None,
            }
        };
        // A broken stream ends; what a later gateway may tell besides is passed over.
        let events = body.eventsource().take_while(|event| std::future::ready(event.is_ok()));
        let events = events.map(move |event| event.ok().and_then(told));
        Self { events: events.boxed_local(), heard }
    }
}

/// Somebody who waits for a task. Dropped, nothing more is told, and the stream of the last one is closed.
pub(super) struct Watching<'a> {
    events: &'a Events,
    number: u64,
    task_id: String,
    words: mpsc::UnboundedReceiver<News>,
}

impl Watching<'_> {
    /// What is told next.
    pub async fn next(&mut self) -> News {
        match self.words.next().await {
            Some(word) => word,
            None => std::future::pending().await,
        }
    }

    /// Whether the task's end is told: nobody has to look.
    pub fn is_told(&self) -> bool {
        let Events { told, gone, .. } = self.events;
        told.borrow().contains(&self.task_id) && !gone.borrow().contains(&self.task_id)
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        let mut watches = self.events.watches.borrow_mut();
        watches.retain(|watch| watch.number != self.number);
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
        let (sender, words) = mpsc::unbounded();
        let number = self.last_number.get() + 1;
        self.last_number.set(number);
        self.watches.borrow_mut().push(Watch { number, task_id: task_id.to_owned(), words: sender });
        if let Some(driver) = self.more.take() {
            let _ = driver.send(());
        }
        Watching { events: self, number, task_id: task_id.to_owned(), words }
    }

    /// Drives the stream for all who wait, as long as it is polled; never ends.
    pub async fn drive<T: Transport, C: Timer>(&self, client: &Client<T, C>) {
        let mut stream = self.stream.lock().await;
        if !self.is_offered(client).await {
            return std::future::pending().await;
        }
        let mut pause_ms = FIRST_PAUSE_MS;
        loop {
            let wanted = self.wanted();
            if stream.is_none() || !wanted.is_subset(&self.told.borrow()) {
                *stream = client.open_events(&wanted).await.map(EventStream::new);
                self.tell_of(if stream.is_some() { wanted } else { BTreeSet::new() });
            }
            if let Some(open) = stream.as_mut() {
                pause_ms = FIRST_PAUSE_MS;
                if self.listen(client, open).await {
                    continue;
                }
                *stream = None;
                self.tell_of(BTreeSet::new());
            }
            let part = 0.5 + client.timer.random() / 2.0;
            client.timer.sleep((f64::from(pause_ms) * part) as u32).await;
            pause_ms = (pause_ms * 2).min(LONGEST_PAUSE_MS);
        }
    }

    /// Passes on what the stream tells, until somebody waits for another task; `false` once the stream is lost.
    async fn listen<T: Transport, C: Timer>(&self, client: &Client<T, C>, open: &mut EventStream) -> bool {
        let (sender, more) = oneshot::channel();
        *self.more.borrow_mut() = Some(sender);
        if !self.wanted().is_subset(&self.told.borrow()) {
            return true;
        }
        let telling = async {
            while let Some(told) = open.events.next().await {
                self.pass_on(told);
            }
        };
        let heard = open.heard.clone();
        let silence = async {
            let mut before = None;
            while before != Some(heard.get()) {
                before = Some(heard.get());
                client.timer.sleep(SILENCE_MS).await;
            }
        };
        let lost = race(telling, silence);
        race(lost, async {
            let _ = more.await;
        })
        .await
        .is_none()
    }

    fn pass_on(&self, told: Option<Told>) {
        match told {
            None => {}
            Some(Told::Task(record)) => {
                for watch in self.watches.borrow().iter().filter(|watch| watch.task_id == record.task_id) {
                    let _ = watch.words.unbounded_send(News::Record(record.clone()));
                }
            }
            Some(Told::Gone(task_id)) => {
                self.gone.borrow_mut().insert(task_id.clone());
                for watch in self.watches.borrow().iter().filter(|watch| watch.task_id == task_id) {
                    let _ = watch.words.unbounded_send(News::Changed);
                }
            }
        }
    }

    /// The tasks that are waited for.
    fn wanted(&self) -> BTreeSet<String> {
        let gone = self.gone.borrow();
        let watches = self.watches.borrow();
        let known = watches.iter().filter(|watch| !gone.contains(&watch.task_id));
        known.map(|watch| watch.task_id.clone()).take(MOST_TASKS).collect()
    }

    /// The open stream tells of these tasks.
    fn tell_of(&self, tasks: BTreeSet<String>) {
        *self.told.borrow_mut() = tasks;
        for watch in self.watches.borrow().iter() {
            let _ = watch.words.unbounded_send(News::Changed);
        }
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
