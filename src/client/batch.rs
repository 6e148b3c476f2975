use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use futures_channel::mpsc::unbounded;
use futures_util::future::{FusedFuture, FutureExt, Shared};
use futures_util::stream::{self, Stream, StreamExt};

use super::{CallContext, CallEvent, Client, DEFAULT_WAIT_MS, Timer, Transport, race};
use crate::core::{Billed, Error, Handle, Kind, Submission, Task, UnknownSubmit, WINDOW_MS};

/// For how many of the vendor's windows an item that was refused with 429 is held back: somebody else may use the
/// account, and a refusal costs nothing. A server that asks for a longer pause is not waited for: the caller is told.
const WINDOWS_HELD_BACK: i64 = 6;

/// What a batch does with one item.
#[derive(Debug)]
pub enum BatchItem {
    /// Submits it and waits for it.
    Submit(Submission),
    /// Waits for it: it was submitted before.
    Wait(Handle),
    /// Nothing: it was submitted before, and nobody knows whether it was accepted. It has this error again.
    Unknown(Error),
}

/// How a batch runs.
#[derive(Clone, Copy, Debug)]
pub struct BatchOptions {
    /// How many items are in flight at once, at least 1.
    pub concurrency: usize,
    /// How long each item is waited for, in milliseconds.
    pub timeout_ms: i64,
    /// Whether each is waited for until a gateway has made its copies of the files.
    pub archived: bool,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self { concurrency: 4, timeout_ms: DEFAULT_WAIT_MS, archived: false }
    }
}

/// What happened to an item.
#[derive(Debug)]
pub enum BatchEvent {
    /// Its submit leaves: until there is another event nobody knows whether it is accepted. To a gateway it has what
    /// [`Client::reconcile`] takes.
    Submitting(Option<UnknownSubmit>),
    /// Its submit was refused before acceptance, and waits for another try: nothing was spent.
    Pausing,
    /// It was accepted, or looked at: what to keep, so that nothing is lost.
    Updated(Task),
    /// It is done, one way or the other. Comes once for every item.
    Settled(Result<Task, Error>),
}

impl<T: Transport + 'static, C: Timer + 'static> Client<T, C> {
    /// Runs many tasks at once: as many in flight as told, submitted no faster than the vendor takes them. The stream
    /// yields each event with its item's number, counted from 0, and works while it is polled; every item settles once.
    ///
    /// When `stop` resolves nothing more is submitted; submits on their way are let finish, so that their tasks are
    /// known; the items settle as [`Kind::Aborted`] with what was billed. When the account is out of credits, or the
    /// key or the set-up is refused, the rest is not submitted and settles with that error.
    ///
    /// ```
    /// # use std::rc::Rc;
    /// # use midapi::client::{Client, Timer, Transport};
    /// use futures_util::StreamExt;
    /// use midapi::client::{BatchEvent, BatchItem, BatchOptions};
    /// use midapi::core::{Error, GenerateRequest, TaskType};
    ///
    /// # async fn example(client: Rc<Client<impl Transport + 'static, impl Timer + 'static>>) -> Result<(), Error> {
    /// let mut items = Vec::new();
    /// for prompt in ["a lighthouse", "a harbour"] {
    ///     items.push(BatchItem::Submit(GenerateRequest::new(TaskType::TextToImage, prompt).submission()?));
    /// }
    /// let mut events = client.batch(items, BatchOptions::default(), std::future::pending());
    /// while let Some((number, event)) = events.next().await {
    ///     match event {
    ///         BatchEvent::Updated(task) => println!("{number}: keep {}", task.task_id),
    ///         BatchEvent::Settled(Ok(task)) => println!("{number}: {} images", task.images.len()),
    ///         BatchEvent::Settled(Err(error)) => println!("{number}: {error}"),
    ///         BatchEvent::Submitting(_) | BatchEvent::Pausing => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn batch(
        self: Rc<Self>,
        items: Vec<BatchItem>,
        options: BatchOptions,
        stop: impl Future<Output = ()> + 'static,
    ) -> impl Stream<Item = (usize, BatchEvent)> + Unpin + 'static {
        let (sender, events) = unbounded();
        let waiting = Rc::new(Cell::new(0));
        let is_out = waiting.clone();
        let events = events.inspect(move |_| is_out.set(is_out.get() - 1));
        let work = async move {
            let on_event = |number, event| {
                waiting.set(waiting.get() + 1);
                drop(sender.unbounded_send((number, event)));
            };
            run_batch(&self, items, options, stop, &on_event, &waiting).await;
        };
        // The events first: of what has happened nothing may be told late.
        let work = stream::once(work).filter_map(async |()| None);
        Box::pin(stream::select_with_strategy(events, work, |_: &mut ()| stream::PollNext::Left))
    }
}

/// A batch that tells a function of its events: begins one item after the other, and waits for all. `waiting` counts the
/// events that nobody has seen yet.
pub(crate) async fn run_batch<T: Transport, C: Timer>(
    client: &Client<T, C>,
    items: Vec<BatchItem>,
    options: BatchOptions,
    stop: impl Future<Output = ()>,
    on_event: &dyn Fn(usize, BatchEvent),
    waiting: &Cell<usize>,
) {
    let stop = &stop.shared();
    // Why the rest isn't submitted.
    let refused = &Cell::new(None);
    let admitted = stream::iter(items).enumerate().then(async |(number, item)| {
        let submits = matches!(item, BatchItem::Submit(_));
        let refusal = loop {
            let_events_out(waiting).await;
            if stop.clone().now_or_never().is_some() {
                break Some(Error::new(Kind::Aborted, "aborted before it was submitted"));
            }
            if let Some(kind) = refused.get().filter(|_| submits) {
                break Some(Error::new(kind, "not submitted, as an earlier item was refused so"));
            }
            if !submits || client.takes_submits() {
                break None;
            }
            // Polled whenever an item settles, so it needs no waker.
            let refused = poll_fn(|_| if refused.get().is_some() { Poll::Ready(()) } else { Poll::Pending });
            let ended = race(stop.clone(), refused).map(drop);
            race(client.next_window(), ended).await;
        };
        (number, item, refusal)
    });
    let settled = admitted.for_each_concurrent(options.concurrency.max(1), async |(number, item, refusal)| {
        let outcome = match (refusal, item) {
            (Some(refusal), BatchItem::Wait(handle)) => Err(refusal.after_acceptance(&handle.task_id)),
            (Some(refusal), BatchItem::Submit(_)) => Err(refusal),
            (_, item) => run_item(client, number, item, options, stop.clone(), on_event).await,
        };
        let kind = outcome.as_ref().err().map(|error| error.kind);
        if let Some(Kind::InsufficientCredits | Kind::Unauthorized | Kind::Misconfigured) = kind {
            // What is submitted after this would be refused alike.
            refused.set(refused.get().or(kind));
        }
        on_event(number, BatchEvent::Settled(outcome));
    });
    settled.await;
}

/// Lets the stream yield what has happened: whoever learns of it may stop the batch before anything more is submitted.
async fn let_events_out(waiting: &Cell<usize>) {
    let mut has_yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_yielded, true) && waiting.get() == 0 {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

async fn run_item<T: Transport, C: Timer>(
    client: &Client<T, C>,
    number: usize,
    item: BatchItem,
    options: BatchOptions,
    stop: Shared<impl Future<Output = ()>>,
    on_batch_event: &dyn Fn(usize, BatchEvent),
) -> Result<Task, Error> {
    let on_event = |event: CallEvent<'_>| {
        let event = match event {
            CallEvent::Submitting(submit) => BatchEvent::Submitting(submit.cloned()),
            CallEvent::Pausing => BatchEvent::Pausing,
            CallEvent::Updated(task) => BatchEvent::Updated(task.clone()),
        };
        on_batch_event(number, event);
    };
    let context = CallContext::new(&on_event);
    let call = client.call(&context).archived(options.archived);
    let handle = match item {
        BatchItem::Submit(submission) => {
            let mut windows = 0;
            let task = loop {
                let submit = until_stopped(call.submit(&submission, None), &context, stop.clone()).await;
                let Err(error) = submit else { break submit? };
                let is_held = error.kind == Kind::RateLimited && error.billed == Billed::No;
                let ms = error.retry_after.map_or(WINDOW_MS, |seconds| i64::from(seconds).saturating_mul(1000));
                windows += 1;
                if !is_held || windows > WINDOWS_HELD_BACK || ms > WINDOWS_HELD_BACK * WINDOW_MS {
                    return Err(error);
                }
                context.pausing();
                let pause = async {
                    client.timer.sleep(ms as u32).await;
                    client.next_window().await;
                };
                race(pause, stop.clone()).await.ok_or_else(|| context.aborted())?;
            };
            Handle::from(&task)
        }
        BatchItem::Wait(handle) => handle,
        BatchItem::Unknown(error) => return Err(error),
    };
    // What was accepted after the stop is not waited for.
    context.waits_for(&handle.task_id);
    if stop.peek().is_some() {
        return Err(context.aborted());
    }
    race(call.wait(&handle, options.timeout_ms), stop).await.unwrap_or_else(|| Err(context.aborted()))
}

/// A submit, ended by the stop unless it is on its way: the task it may be creating would be paid for and lost.
async fn until_stopped(
    submit: impl Future<Output = Result<Task, Error>>,
    context: &CallContext<'_>,
    stop: Shared<impl Future<Output = ()>>,
) -> Result<Task, Error> {
    let (mut submit, mut stop) = (pin!(submit), stop.fuse());
    poll_fn(|poll| {
        // Before the submit and after it: one that is due at this moment doesn't leave, nor is one tried again.
        let is_stopped = stop.is_terminated() || stop.poll_unpin(poll).is_ready();
        let aborted = || Poll::Ready(Err(context.aborted()));
        if is_stopped && !context.is_submitting() {
            return aborted();
        }
        match submit.as_mut().poll(poll) {
            Poll::Pending if is_stopped && !context.is_submitting() => aborted(),
            outcome => outcome,
        }
    })
    .await
}
