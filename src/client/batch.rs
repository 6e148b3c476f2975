use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::pin::Pin;
use core::task::Poll;

use super::{Client, Timer, Transport};
use crate::core::{Batch, BatchStep, DEFAULT_WAIT_MS, Error, Goal, Handle, Kind, Submission, Task};

/// What a batch does with one item.
#[derive(Clone, Debug)]
pub enum BatchItem {
    /// Submits it and waits for it.
    Submit(Submission),
    /// Waits for it: it was submitted before.
    Wait(Handle),
}

/// How a batch runs.
#[derive(Clone, Copy, Debug)]
pub struct BatchOptions {
    /// How many items are in flight at once, at least 1.
    pub concurrency: usize,
    /// How long each item is waited for, in milliseconds.
    pub timeout_ms: i64,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self { concurrency: 4, timeout_ms: DEFAULT_WAIT_MS }
    }
}

/// What happened to an item.
#[derive(Debug)]
pub enum BatchEvent {
    /// It was accepted, or looked at: what to keep, so that nothing is lost.
    Updated(Task),
    /// It is done, one way or the other. Comes once for every item.
    Settled(Result<Task, Error>),
}

type Work<'a> = Pin<Box<dyn Future<Output = Result<Task, Error>> + 'a>>;

/// An item in flight. A submit is never dropped before it ends: the task it may be creating would be paid for and lost.
struct InFlight<'a> {
    number: usize,
    work: Work<'a>,
    /// The task it waits for, once it is accepted.
    accepted: Option<String>,
}

impl<T: Transport, C: Timer> Client<T, C> {
    /// Runs a batch. `on_event` sees every item's number, counted from 0, with what happened to it; every item settles
    /// exactly once.
    ///
    /// When `stop` resolves nothing more is submitted; submits on their way are let finish, so that their tasks are
    /// known; the items settle as [`Kind::Aborted`] with what was billed. When the account is out of credits, or the
    /// key or the set-up is refused, the rest is not submitted and settles with that error.
    ///
    /// ```
    /// # use midapi::client::{Client, Timer, Transport};
    /// use midapi::client::{BatchEvent, BatchItem, BatchOptions};
    /// use midapi::core::{Error, GenerateRequest, TaskType};
    ///
    /// # async fn example(client: Client<impl Transport, impl Timer>) -> Result<(), Error> {
    /// let mut items = Vec::new();
    /// for prompt in ["a lighthouse", "a harbour"] {
    ///     items.push(BatchItem::Submit(GenerateRequest::new(TaskType::TextToImage, prompt).submission()?));
    /// }
    /// let never = std::future::pending();
    /// client
    ///     .batch(items, BatchOptions::default(), never, &mut |number, event| match event {
    ///         BatchEvent::Updated(task) => println!("{number}: keep {}", task.to_json()),
    ///         BatchEvent::Settled(Ok(task)) => println!("{number}: {} images", task.images.len()),
    ///         BatchEvent::Settled(Err(error)) => println!("{number}: {error}"),
    ///     })
    ///     .await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn batch(
        &self,
        items: Vec<BatchItem>,
        options: BatchOptions,
        stop: impl Future<Output = ()>,
        on_event: &mut dyn FnMut(usize, BatchEvent),
    ) {
        let events = RefCell::new(Vec::new());
        let stopped = Cell::new(false);
        let mut stop = Box::pin(stop);
        let mut batch = Batch::new(
            items.iter().map(|item| matches!(item, BatchItem::Submit(_))),
            options.concurrency,
            self.account.clone(),
        );
        let mut in_flight: Vec<InFlight<'_>> = Vec::new();
        let mut pause: Option<Pin<Box<dyn Future<Output = ()> + '_>>> = None;
        poll_fn(|context| {
            if pause.as_mut().is_some_and(|pause| pause.as_mut().poll(context).is_ready()) {
                pause = None;
            }
            loop {
                // Asked again after each round: what has just settled may have been the reason to stop.
                if !stopped.get() && stop.as_mut().poll(context).is_ready() {
                    stopped.set(true);
                    batch.stop();
                }
                let mut moved = false;
                let drained = loop {
                    match batch.next(self.timer.now()) {
                        BatchStep::Begin(number) => {
                            let item = items.get(number).cloned();
                            let begun =
                                item.map(|item| self.begin(number, item, options.timeout_ms, &events, &stopped));
                            in_flight.extend(begun);
                            // It has to leave before there is a next.
                            moved = true;
                            break false;
                        }
                        BatchStep::Refuse(number) => {
                            let refusal = batch.refusal();
                            let refusal = match items.get(number) {
                                Some(BatchItem::Wait(handle)) => refusal.after_acceptance(&handle.task_id),
                                _ => refusal,
                            };
                            on_event(number, BatchEvent::Settled(Err(refusal)));
                        }
                        BatchStep::Sleep(ms) => {
                            let sleep = pause.get_or_insert_with(|| Box::pin(self.timer.sleep(ms)));
                            if sleep.as_mut().poll(context).is_pending() {
                                break false;
                            }
                            pause = None;
                        }
                        BatchStep::Wait => break false,
                        BatchStep::Drained => break true,
                    }
                };
                in_flight.retain_mut(|item| {
                    let outcome = match (&item.accepted, item.work.as_mut().poll(context)) {
                        (_, Poll::Ready(outcome)) => Some(outcome),
                        (Some(task_id), Poll::Pending) if stopped.get() => {
                            Some(Err(Error::new(Kind::Aborted, "aborted; the task goes on").after_acceptance(task_id)))
                        }
                        _ => None,
                    };
                    for (number, task) in events.take() {
                        let task: Task = task;
                        item.accepted = Some(task.task_id.clone());
                        on_event(number, BatchEvent::Updated(task));
                        // What was accepted after the stop is not waited for.
                        moved |= stopped.get();
                    }
                    let Some(outcome) = outcome else { return true };
                    batch.settled(outcome.as_ref().err().map(|error| error.kind));
                    on_event(item.number, BatchEvent::Settled(outcome));
                    moved = true;
                    false
                });
                if !moved {
                    return if drained && in_flight.is_empty() { Poll::Ready(()) } else { Poll::Pending };
                }
            }
        })
        .await;
    }

    fn begin<'a>(
        &'a self,
        number: usize,
        item: BatchItem,
        timeout_ms: i64,
        events: &'a RefCell<Vec<(usize, Task)>>,
        stopped: &'a Cell<bool>,
    ) -> InFlight<'a> {
        let (goal, accepted) = match item {
            BatchItem::Submit(submission) => (Goal::Run(submission, None, timeout_ms), None),
            BatchItem::Wait(handle) => {
                let task_id = handle.task_id.clone();
                (Goal::Wait(handle, timeout_ms), Some(task_id))
            }
        };
        let work = async move {
            let on_update = &mut |task: &Task| events.borrow_mut().push((number, task.clone()));
            self.task_until(goal, on_update, stopped).await
        };
        InFlight { number, work: Box::pin(work), accepted }
    }
}
