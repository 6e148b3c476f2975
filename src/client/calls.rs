use alloc::rc::Rc;
use alloc::string::String;
use core::cell::Cell;
use core::future::poll_fn;
use core::task::Poll;

use super::{NoReply, Timer, Transport, race};
use crate::core::{
    Account, Action, Call, ChangeRequest, Endpoint, Error, Event, GenerateRequest, Goal, Handle, History, Kind, Moment,
    Output, Record, Secret, Submission, Task, Unresolved,
};

/// Sees a task after every look at it.
pub type OnUpdate<'a> = &'a mut dyn FnMut(&Task);

/// The client of one account, or of one gateway.
#[derive(Debug)]
pub struct Client<T, C> {
    transport: T,
    pub(super) timer: C,
    pub(super) account: Rc<Account>,
}

impl<T: Transport, C: Timer> Client<T, C> {
    /// A client of the given endpoint; with a key it talks to the vendor, without one to a gateway that holds it.
    pub fn new(transport: T, timer: C, endpoint: Endpoint, key: Option<Secret>) -> Self {
        Self::of(transport, timer, Account::new(endpoint, key, History::default()))
    }

    /// A client of an account that is set up otherwise.
    pub fn of(transport: T, timer: C, account: Account) -> Self {
        Self { transport, timer, account: Rc::new(account) }
    }

    /// How long this client's tasks took, to keep for the next one.
    pub fn history(&self) -> History {
        self.account.history()
    }

    /// Submits a request to generate, and returns the running task.
    ///
    /// # Errors
    /// Those of [`Client::submit`], and [`Kind::InvalidRequest`] naming the first field that breaks a rule.
    pub async fn generate(&self, request: &GenerateRequest) -> Result<Task, Error> {
        self.submit(request.submission()?, None).await
    }

    /// Submits the upscale, the variation or the extension of an image or video, and returns the running task.
    ///
    /// # Errors
    /// Those of [`Client::submit`], and [`Kind::InvalidRequest`] naming the first field that breaks a rule.
    pub async fn change(&self, request: &ChangeRequest) -> Result<Task, Error> {
        self.submit(request.submission()?, None).await
    }

    /// Submits a task and returns it, running.
    ///
    /// A gateway gets an idempotency key with it, yours or a fresh one: under one key it creates one task. The vendor
    /// knows no such keys.
    ///
    /// An upscale has two documented routes. The quick start's is tried first. A 404 comes before acceptance, so the
    /// reference's can be tried after it without paying twice; which one this server has is remembered.
    ///
    /// # Errors
    /// After an unclear answer [`Billed::Unknown`](crate::core::Billed::Unknown), and with a gateway the submit to
    /// [`reconcile`](Client::reconcile): it is not sent again. A refusal that comes before acceptance, such as
    /// [`Kind::RateLimited`], is tried up to three times.
    pub async fn submit(&self, submission: Submission, idempotency_key: Option<String>) -> Result<Task, Error> {
        self.task(Goal::Submit(submission, idempotency_key), &mut |_| ()).await
    }

    /// Submits a request to generate, and waits for the task's end. `on_update` sees it when it is accepted and after
    /// every look.
    ///
    /// # Errors
    /// Those of [`Client::generate`], and after acceptance those of [`Client::wait`] with the task's id and
    /// [`Billed::Yes`](crate::core::Billed::Yes): the task is there and paid for.
    pub async fn run(
        &self,
        request: &GenerateRequest,
        timeout_ms: i64,
        on_update: OnUpdate<'_>,
    ) -> Result<Task, Error> {
        self.task(Goal::Run(request.submission()?, None, timeout_ms), on_update).await
    }

    /// Waits until the task ends and returns it with its results. `on_update` sees it after every look.
    ///
    /// ```
    /// # use midapi::client::{Client, Timer, Transport};
    /// use midapi::core::{Error, Handle, Kind};
    ///
    /// # async fn example(client: Client<impl Transport, impl Timer>, stored: &str) -> Result<(), Error> {
    /// // What `task.to_json()` gave, in another process or on another day.
    /// let handle = Handle::parse(stored)?;
    /// match client.wait(&handle, 60_000, &mut |_| ()).await {
    ///     Ok(task) => println!("{}", task.to_json()),
    ///     Err(error) if error.kind == Kind::StillRunning => println!("no failure: wait again, later"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Kind::TaskFailed`] with the vendor's reason; [`Kind::StillRunning`] when `timeout_ms` ran out, which is not a
    /// failure: wait again. A look that fails for a passing reason is repeated on schedule, as reads cost nothing.
    pub async fn wait(&self, handle: &Handle, timeout_ms: i64, on_update: OnUpdate<'_>) -> Result<Task, Error> {
        self.task(Goal::Wait(handle.clone(), timeout_ms), on_update).await
    }

    /// The task as it stands now.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for a task the server doesn't know, and what any call can meet.
    pub async fn status(&self, handle: &Handle) -> Result<Task, Error> {
        self.task(Goal::Status(handle.clone()), &mut |_| ()).await
    }

    /// The vendor's own record of the task, and in how many seconds the server thinks another look is worthwhile.
    ///
    /// # Errors
    /// Those of [`Client::status`].
    pub async fn record(&self, handle: &Handle) -> Result<(Record, Option<u32>), Error> {
        match self.perform(Goal::Record(handle.clone()), &mut |_| ()).await? {
            Output::Record(record, pace) => Ok((record, pace)),
            _ => Err(unexpected()),
        }
    }

    /// The credits of the account, a decimal number: the vendor counts in fractions. Two routes are known, one from
    /// clients and one from the vendor's sister site; the second is tried where the first isn't there.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for a server that has neither, such as a gateway that keeps them to itself.
    pub async fn credits(&self) -> Result<String, Error> {
        match self.perform(Goal::Credits, &mut |_| ()).await? {
            Output::Credits(credits) => Ok(credits),
            _ => Err(unexpected()),
        }
    }

    /// The task of a submit whose outcome was unknown: the same submit under the same key, to a gateway that has said
    /// that it creates one task for one key.
    ///
    /// ```
    /// # use midapi::client::{Client, Timer, Transport};
    /// # use midapi::core::{Error, GenerateRequest, TaskType};
    /// # async fn example(client: Client<impl Transport, impl Timer>) -> Result<(), Error> {
    /// # let request = GenerateRequest::new(TaskType::TextToImage, "a lighthouse");
    /// let task = match client.generate(&request).await {
    ///     // `submit.to_json()` may be kept first: it is as good after a restart.
    ///     Err(error) => match &error.submit {
    ///         Some(submit) => client.reconcile(submit).await?,
    ///         None => return Err(error),
    ///     },
    ///     Ok(task) => task,
    /// };
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Billed::Unknown`](crate::core::Billed::Unknown) and nothing sent if the server doesn't say so, as the vendor
    /// itself: then only the account's own list of tasks knows.
    pub async fn reconcile(&self, unresolved: &Unresolved) -> Result<Task, Error> {
        self.task(Goal::Reconcile(unresolved.clone()), &mut |_| ()).await
    }

    async fn task(&self, goal: Goal, on_update: OnUpdate<'_>) -> Result<Task, Error> {
        self.task_until(goal, on_update, &Cell::new(false)).await
    }

    /// The same, and no other try once `stopped` is set. Who sets it polls this future then.
    pub(super) async fn task_until(
        &self,
        goal: Goal,
        on_update: OnUpdate<'_>,
        stopped: &Cell<bool>,
    ) -> Result<Task, Error> {
        match self.perform_until(goal, on_update, stopped).await? {
            Output::Task(task) => Ok(task),
            _ => Err(unexpected()),
        }
    }

    async fn perform(&self, goal: Goal, on_update: OnUpdate<'_>) -> Result<Output, Error> {
        self.perform_until(goal, on_update, &Cell::new(false)).await
    }

    /// Does what a call says, until it is done.
    async fn perform_until(&self, goal: Goal, on_update: OnUpdate<'_>, stopped: &Cell<bool>) -> Result<Output, Error> {
        let mut call = Call::new(self.account.clone(), goal)?;
        let mut action = call.start(self.moment());
        loop {
            if let Some(task) = call.take_update() {
                on_update(&task);
            }
            let reply;
            let event = match action {
                Action::Done(outcome) => return *outcome,
                Action::Sleep { ms, wakeable: false } => {
                    let stop = poll_fn(|_| if stopped.get() { Poll::Ready(()) } else { Poll::Pending });
                    match race(stop, self.timer.sleep(ms)).await {
                        Some(()) => return Err(call.aborted()),
                        None => Event::Slept,
                    }
                }
                Action::Sleep { ms, wakeable: true } => match race(self.timer.sleep(ms), self.timer.woken()).await {
                    Some(()) => Event::Slept,
                    None => Event::Woken,
                },
                Action::Send(ms) => match race(self.transport.send(call.request()), self.timer.sleep(ms)).await {
                    None => Event::TimedOut,
                    Some(Err(NoReply { unsent, source })) => Event::NoReply { unsent, source: Some(source) },
                    Some(Ok(answer)) => {
                        reply = answer;
                        Event::Reply {
                            status: reply.status,
                            retry_after: reply.retry_after.as_deref(),
                            body: &reply.body,
                        }
                    }
                },
            };
            action = call.step(event, self.moment());
        }
    }

    fn moment(&self) -> Moment {
        Moment { now: self.timer.now(), random: self.timer.random(), hidden: self.timer.hidden() }
    }
}

/// A call comes to what its goal asks for.
fn unexpected() -> Error {
    Error::new(Kind::Crashed, "the call came to something else than it was for")
}
