use std::cell::{Cell, RefCell};

use super::events::Events;
use super::log::Log;
use super::{Call, CallContext, CallEvent, Timer, Transport, Try};
use crate::core::{
    ChangeRequest, Endpoint, Error, GenerateRequest, Handle, History, MAX_TRIES, Record, RetryBudget, Secret,
    Submission, SubmitWindow, Task, UnknownSubmit,
};

/// Sees a task when it is accepted, and after every look at it.
pub type OnUpdate<'a> = &'a mut dyn FnMut(&Task);

/// The client of one account, or of one gateway.
#[derive(Debug)]
pub struct Client<T, C> {
    pub(super) transport: T,
    pub(super) timer: C,
    pub(super) endpoint: Endpoint,
    pub(super) key: Option<Secret>,
    pub(super) max_tries: u32,
    /// Whether a gateway of ours may answer, whose own words count.
    pub(super) may_be_gateway: bool,
    pub(super) budget: RetryBudget,
    pub(super) window: SubmitWindow,
    pub(super) history: RefCell<History>,
    /// Whether the server last answered the alternative form of a submit with anything but 404.
    pub(super) prefers_alternative: Cell<bool>,
    /// Tells idempotency keys of the same millisecond apart.
    pub(super) keys: Cell<u32>,
    pub(super) events: Events,
    pub(super) log: Log,
}

impl<T: Transport, C: Timer> Client<T, C> {
    /// A client of the given endpoint; with a key it talks to the vendor, without one to a gateway that holds it.
    ///
    /// # Errors
    /// [`Kind::Misconfigured`](crate::core::Kind::Misconfigured) if the key is a gateway's access token and the endpoint
    /// the vendor's.
    pub fn new(transport: T, timer: C, endpoint: Endpoint, key: Option<Secret>) -> Result<Self, Error> {
        if endpoint.is_vendor() && key.as_ref().is_some_and(Secret::is_gateway_token) {
            let must = "is required: `midapi_…` is an access token of a gateway, and nothing to the vendor";
            return Err(Error::misconfigured("endpoint", must));
        }
        Ok(Self {
            may_be_gateway: !endpoint.is_vendor(),
            transport,
            timer,
            endpoint,
            key,
            max_tries: MAX_TRIES,
            budget: RetryBudget::default(),
            window: SubmitWindow::default(),
            history: RefCell::default(),
            prefers_alternative: Cell::new(false),
            keys: Cell::new(0),
            events: Events::default(),
            log: Log::default(),
        })
    }

    /// The same client, which knows already how long tasks take.
    pub fn with_history(mut self, history: History) -> Self {
        self.history = history.into();
        self
    }

    /// The same client, which tells this function of each try of a call, once it has ended.
    pub fn with_log(mut self, log: impl Fn(&Try) + 'static) -> Self {
        self.log = Log(Some(Box::new(log)));
        self
    }

    /// The same client for a gateway: without retries, as its callers retry themselves, and with no other gateway behind
    /// it whose words it would take.
    pub fn for_a_gateway(self) -> Self {
        Self { max_tries: 1, may_be_gateway: false, ..self }
    }

    /// Where it sends its requests.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// How long this client's tasks took, to keep for the next one.
    pub fn history(&self) -> History {
        self.history.borrow().clone()
    }

    /// The calls with a context: for who watches a call, or ends it early.
    pub fn call<'a>(&'a self, context: &'a CallContext<'a>) -> Call<'a, T, C> {
        Call::new(self, context)
    }

    /// Whether the vendor takes another submit now.
    pub(super) fn takes_submits(&self) -> bool {
        let now = self.timer.now();
        self.window.next(now) <= now
    }

    /// Waits until the vendor takes another submit.
    pub(super) async fn next_window(&self) {
        while !self.takes_submits() {
            let now = self.timer.now();
            let ms = self.window.next(now).saturating_sub(now);
            self.timer.sleep(u32::try_from(ms).unwrap_or(u32::MAX)).await;
        }
    }

    /// Submits a request to generate, and returns the running task.
    ///
    /// # Errors
    /// Those of [`Client::submit`], and [`Kind::InvalidRequest`](crate::core::Kind::InvalidRequest) naming the first
    /// field that breaks a rule.
    pub async fn generate(&self, request: &GenerateRequest) -> Result<Task, Error> {
        self.submit(request.submission()?, None).await
    }

    /// Submits the upscale, the variation or the extension of an image or video, and returns the running task.
    ///
    /// # Errors
    /// Those of [`Client::generate`].
    pub async fn change(&self, request: &ChangeRequest) -> Result<Task, Error> {
        self.submit(request.submission()?, None).await
    }

    /// Submits a task and returns it, running.
    ///
    /// A gateway gets an idempotency key with it, yours or a fresh one: under one key it creates one task. The vendor
    /// knows no such keys.
    ///
    /// An upscale has two documented routes. A 404 comes before acceptance, so the other can be tried after it without
    /// paying twice; the one that was last there is tried first.
    ///
    /// # Errors
    /// After an unclear answer [`Billed::Unknown`](crate::core::Billed::Unknown), and with a gateway the submit to
    /// [`reconcile`](Client::reconcile): it is not sent again. A refusal that comes before acceptance, such as
    /// [`Kind::RateLimited`](crate::core::Kind::RateLimited), is tried up to three times.
    pub async fn submit(&self, submission: Submission, idempotency_key: Option<String>) -> Result<Task, Error> {
        self.call(&CallContext::new(&|_| ())).submit(&submission, idempotency_key).await
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
        let on_event = updates(on_update);
        self.call(&CallContext::new(&on_event)).run(&request.submission()?, None, timeout_ms).await
    }

    /// Waits until the task ends and returns it with its results. `on_update` sees it after every look.
    ///
    /// ```
    /// # use midapi::client::{Client, Timer, Transport};
    /// use midapi::core::{Error, Handle, Kind};
    ///
    /// # async fn example(client: Client<impl Transport, impl Timer>, stored: &str) -> Result<(), Error> {
    /// // The JSON of a task, in another process or on another day.
    /// let handle = Handle::parse(stored)?;
    /// match client.wait(&handle, 60_000, &mut |_| ()).await {
    ///     Ok(task) => println!("{} images", task.images.len()),
    ///     Err(error) if error.kind == Kind::StillRunning => println!("no failure: wait again, later"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Kind::TaskFailed`](crate::core::Kind::TaskFailed) with the vendor's reason;
    /// [`Kind::StillRunning`](crate::core::Kind::StillRunning) when `timeout_ms` ran out, which is not a failure: wait
    /// again. A look that fails for a passing reason is repeated on schedule, as reads cost nothing.
    pub async fn wait(&self, handle: &Handle, timeout_ms: i64, on_update: OnUpdate<'_>) -> Result<Task, Error> {
        let on_event = updates(on_update);
        self.call(&CallContext::new(&on_event)).wait(handle, timeout_ms).await
    }

    /// The task as it stands now.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::core::Kind::NotFound) for a task the server doesn't know, and what any call can meet.
    pub async fn status(&self, handle: &Handle) -> Result<Task, Error> {
        self.call(&CallContext::new(&|_| ())).status(handle).await
    }

    /// The vendor's own record of the task, and in how many seconds the server thinks another look is worthwhile.
    ///
    /// # Errors
    /// Those of [`Client::status`].
    pub async fn record(&self, handle: &Handle) -> Result<(Record, Option<u32>), Error> {
        self.call(&CallContext::new(&|_| ())).record(handle).await
    }

    /// The credits of the account: the vendor counts in fractions. Two routes are known, one from clients and one from
    /// the vendor's sister site; the second is tried where the first isn't there.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::core::Kind::NotFound) for a server that has neither, such as a gateway that keeps them
    /// to itself.
    pub async fn credits(&self) -> Result<f64, Error> {
        self.call(&CallContext::new(&|_| ())).credits().await
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
    ///     // The submit may be stored as JSON first: it is as good after a restart.
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
    pub async fn reconcile(&self, submit: &UnknownSubmit) -> Result<Task, Error> {
        self.call(&CallContext::new(&|_| ())).reconcile(submit).await
    }
}

/// Passes the updates of a call on, and nothing else.
fn updates(on_update: OnUpdate<'_>) -> impl Fn(CallEvent<'_>) {
    let on_update = RefCell::new(on_update);
    move |event| {
        if let CallEvent::Updated(task) = event {
            on_update.borrow_mut()(task);
        }
    }
}
