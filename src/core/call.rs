//! One call from its first request to its end: what to send, what to make of the answer, when to try again and when to
//! look again. Pure: a driver brings the network, the clock and the coin, and does what it is told.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::Cell;
use core::fmt;

use super::json::{Json, Object};
use super::text::{concat, decimal};
use super::time::retry_after_s;
use super::{
    Billed, Endpoint, Error, Handle, History, Kind, MAX_TRIES, Operation, Pace, Record, Retry, RetryBudget,
    SUBMIT_ROUTES, Schedule, Secret, Speed, State, Submission, Task, Unresolved, accepted, checked_idempotency_key,
    checked_task_id, credits, open, record, sentence,
};

/// The longest a call may take over all its tries. A submit that takes longer has an unknown outcome and is never sent
/// again.
pub const CALL_TIMEOUT_MS: u32 = 60_000;

/// How long a wait lasts unless told: 30 minutes, many times what the slowest recorded task took.
pub const DEFAULT_WAIT_MS: i64 = 30 * 60 * 1000;

/// A look needs a moment even at the end of a wait.
const SHORTEST_LOOK_MS: i64 = 1_000;

/// What the calls of one client share.
pub struct Account {
    endpoint: Endpoint,
    key: Option<Secret>,
    max_tries: u32,
    /// Whether it is certainly the vendor that answers.
    asks_vendor: bool,
    /// Whether this server has the reference's form of the upscale route alone.
    upscales_by_reference: Cell<bool>,
    budget: RetryBudget,
    pace: Pace,
    /// Taken out and put back: a `RefCell` would bring its panics, and their formatting, into the module.
    history: Cell<History>,
    /// Tells keys of the same millisecond apart.
    keys: Cell<u32>,
}

impl Account {
    /// With a key it is the vendor's, without one a gateway's that holds it.
    pub fn new(endpoint: Endpoint, key: Option<Secret>, history: History) -> Self {
        Self {
            asks_vendor: endpoint.is_vendor(),
            endpoint,
            key,
            max_tries: MAX_TRIES,
            upscales_by_reference: Cell::new(false),
            budget: RetryBudget::default(),
            pace: Pace::default(),
            history: Cell::new(history),
            keys: Cell::new(0),
        }
    }

    /// The same account for a gateway: without retries, as its callers retry themselves, and with no other gateway behind
    /// it whose words it would take.
    pub fn for_a_gateway(self) -> Self {
        Self { max_tries: 1, asks_vendor: true, ..self }
    }

    /// How fast it submits: whatever it sends is taken note of, and a [`Batch`](super::Batch) waits its turn.
    pub const fn pace(&self) -> &Pace {
        &self.pace
    }

    /// How long its tasks took.
    pub fn history(&self) -> History {
        self.with_history(|history| history.clone())
    }

    pub(crate) fn with_history<T>(&self, with: impl FnOnce(&mut History) -> T) -> T {
        let mut history = self.history.take();
        let outcome = with(&mut history);
        self.history.set(history);
        outcome
    }

    /// The key a gateway knows a submit by: the caller's, else one that no other submit has. The vendor knows none.
    fn idempotency_key(&self, given: Option<String>, moment: Moment) -> Option<String> {
        if self.endpoint.is_vendor() {
            return None;
        }
        given.or_else(|| {
            self.keys.set(self.keys.get().wrapping_add(1));
            let coin = (moment.random * (1u64 << 52) as f64) as i64;
            Some(concat(&[&*decimal(moment.now), "-", &decimal(coin), "-", &decimal(self.keys.get().into())]))
        })
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Account").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// What a call is for.
#[derive(Clone, Debug)]
pub enum Goal {
    /// Create a task, under an idempotency key.
    Submit(Submission, Option<String>),
    /// Create a task and wait this many milliseconds for its end.
    Run(Submission, Option<String>, i64),
    /// Wait this many milliseconds for a task's end.
    Wait(Handle, i64),
    /// Look at a task once.
    Status(Handle),
    /// Get a task's record.
    Record(Handle),
    /// Get the account's credits.
    Credits,
    /// Find the task of a submit whose outcome was unknown.
    Reconcile(Unresolved),
}

/// What a call comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A task.
    Task(Task),
    /// A task's record, and in how many seconds the server thinks another look is worthwhile.
    Record(Record, Option<u32>),
    /// A decimal number of credits.
    Credits(String),
}

impl Output {
    /// As JSON.
    pub fn to_json(&self) -> String {
        match self {
            Self::Task(task) => task.to_json(),
            Self::Record(record, _) => record.to_json(),
            Self::Credits(credits) => credits.clone(),
        }
    }
}

/// The time, a coin, and whether anybody is there to see what comes.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Milliseconds since 1970.
    pub now: i64,
    /// In [0, 1).
    pub random: f64,
    /// Whether nobody can see what this program shows, as in a hidden tab: then waits look more rarely.
    pub hidden: bool,
}

/// What the driver has to do next.
#[derive(Debug)]
pub enum Action {
    /// Send [`Call::request`], and give up after this many milliseconds.
    Send(u32),
    /// Sleep this many milliseconds. Of a wait's sleep somebody who looks again, or a network that is back, is the end.
    Sleep {
        /// Milliseconds.
        ms: u32,
        /// Whether this is a wait's.
        wakeable: bool,
    },
    /// Nothing: it is done.
    Done(Box<Result<Output, Error>>),
}

/// What became of what the driver did.
#[derive(Debug)]
pub enum Event<'a> {
    /// The server answered.
    Reply {
        /// The HTTP status.
        status: u16,
        /// The `Retry-After` header: a number of seconds, or a date.
        retry_after: Option<&'a str>,
        /// The body.
        body: &'a str,
    },
    /// It didn't.
    NoReply {
        /// Whether it is certain that nothing reached the server.
        unsent: bool,
        /// The host's own reason.
        source: Option<Box<dyn core::error::Error>>,
    },
    /// It took too long.
    TimedOut,
    /// A sleep ended.
    Slept,
    /// A wait's sleep was ended early, as somebody looks again or the network is back.
    Woken,
}

/// What to send.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The absolute URL.
    pub url: &'a str,
    /// The JSON body of a POST; without one it is a GET.
    pub body: Option<&'a str>,
    /// The key for the `Authorization: Bearer` header.
    pub key: Option<&'a Secret>,
    /// The value of the `Idempotency-Key` header.
    pub idempotency_key: Option<&'a str>,
}

/// What is being done right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Health,
    Submit,
    Look,
    Credits,
}

/// A call under way.
///
/// A driver of one's own, for a host where [`Client`](crate::client::Client) doesn't fit, is a loop around this:
///
/// ```
/// use std::rc::Rc;
/// use midapi::core::{Account, Action, Call, Endpoint, Event, Goal, History, Moment, Output};
///
/// let endpoint = Endpoint::new("https://app.example/api/v1/mj", false)?;
/// let account = Rc::new(Account::new(endpoint, None, History::default()));
/// let mut call = Call::new(account, Goal::Credits)?;
/// let moment = || Moment { now: 1_700_000_000_000, random: 0.5, hidden: false };
///
/// let Action::Send(within_ms) = call.start(moment()) else { panic!() };
/// assert_eq!((call.request().url, within_ms), ("https://app.example/api/v1/common/credit", 60_000));
/// let body = r#"{"code": 200, "msg": "success", "data": 5916.25}"#;
/// let Action::Done(outcome) = call.step(Event::Reply { status: 200, retry_after: None, body }, moment()) else {
///     panic!()
/// };
/// assert_eq!((*outcome)?, Output::Credits("5916.25".to_owned()));
/// # Ok::<(), midapi::core::Error>(())
/// ```
#[derive(Debug)]
pub struct Call {
    account: Rc<Account>,
    goal: Goal,
    phase: Phase,
    url: String,
    body: Option<String>,
    /// What to send to a server that answers the first with 404: that comes before acceptance and costs nothing.
    instead: Option<(String, Option<String>)>,
    idempotency_key: Option<String>,
    retry: Retry,
    deadline: i64,
    /// Whether a request is on its way.
    sent: bool,
    /// Whether it sleeps between two tries.
    pauses: bool,
    /// The task, once there is one.
    handle: Option<Handle>,
    schedule: Option<Schedule>,
    last_failure: Option<Error>,
    update: Option<Task>,
}

impl Call {
    /// A call that has not begun.
    pub fn new(account: Rc<Account>, goal: Goal) -> Result<Self, Error> {
        let (phase, handle) = match &goal {
            Goal::Submit(_, key) | Goal::Run(_, key, _) => {
                key.as_deref().map(checked_idempotency_key).transpose()?;
                (Phase::Submit, None)
            }
            Goal::Reconcile(_) => (Phase::Health, None),
            Goal::Credits => (Phase::Credits, None),
            Goal::Status(handle) | Goal::Record(handle) | Goal::Wait(handle, _) => {
                checked_task_id(&handle.task_id)?;
                (Phase::Look, Some(handle.clone()))
            }
        };
        Ok(Self {
            account,
            goal,
            phase,
            url: String::new(),
            body: None,
            instead: None,
            idempotency_key: None,
            retry: Retry::new(1),
            deadline: 0,
            sent: false,
            pauses: false,
            handle,
            schedule: None,
            last_failure: None,
            update: None,
        })
    }

    /// What to do first.
    pub fn start(&mut self, moment: Moment) -> Action {
        match &mut self.goal {
            Goal::Submit(submission, key) | Goal::Run(submission, key, _) => {
                // What is sent is kept by the call; of the submission it needs what it was.
                let body = core::mem::take(&mut submission.body);
                let (route, instead, key) = (submission.route, submission.instead.clone(), key.take());
                self.submit(route, body, instead, key, moment)
            }
            Goal::Wait(_, timeout_ms) => {
                let timeout_ms = *timeout_ms;
                self.wait(timeout_ms, moment)
            }
            Goal::Status(_) | Goal::Record(_) => self.look(moment),
            Goal::Credits => {
                self.url = self.account.endpoint.sibling("common/credit");
                self.instead = Some((self.account.endpoint.sibling("chat/credit"), None));
                self.first(moment)
            }
            Goal::Reconcile(_) if self.account.endpoint.is_vendor() => self.unreconciled(),
            Goal::Reconcile(_) => {
                self.url = self.account.endpoint.sibling("health");
                self.first(moment)
            }
        }
    }

    /// What to do after this has happened.
    pub fn step(&mut self, event: Event<'_>, moment: Moment) -> Action {
        self.sent = false;
        let outcome = match event {
            Event::Slept if self.pauses => return self.try_again(moment),
            Event::Woken | Event::Slept => {
                if let (Event::Woken, Some(schedule)) = (&event, &mut self.schedule) {
                    schedule.woken(moment.now);
                }
                return self.next_look(moment);
            }
            Event::Reply { status, retry_after, body } => {
                let retry_after = retry_after.and_then(|header| retry_after_s(header, moment.now));
                let key = self.account.key.clone();
                let data = open(self.operation(), status, body, key.as_ref(), !self.account.asks_vendor);
                data.and_then(|data| self.read(data, retry_after, moment))
                    .map_err(|error| error.with(|error| error.retry_after = retry_after))
            }
            Event::NoReply { unsent, source } => Err(unreached(self.operation(), unsent, source)),
            Event::TimedOut => Err(Error::unanswered(
                self.operation(),
                Kind::Network,
                "the server did not answer in the time a call may take, 60 s at the most",
            )),
        };
        match outcome {
            Ok(action) => action,
            Err(error) => self.failed(error, moment),
        }
    }

    /// What to send, once told to.
    pub fn request(&self) -> Request<'_> {
        Request {
            url: &self.url,
            body: self.body.as_deref(),
            key: self.account.key.as_ref(),
            idempotency_key: self.idempotency_key.as_deref(),
        }
    }

    /// The task as it was last seen, once.
    pub fn take_update(&mut self) -> Option<Task> {
        self.update.take()
    }

    /// The error of a caller who ends it now.
    pub fn aborted(&self) -> Error {
        let error = match &self.handle {
            Some(handle) if !matches!(self.goal, Goal::Status(_) | Goal::Record(_)) => {
                return Error::new(Kind::Aborted, "aborted; the task goes on").after_acceptance(&handle.task_id);
            }
            _ if self.pauses => Error::new(Kind::Aborted, "aborted before another try"),
            _ if !self.sent => Error::new(Kind::Aborted, "aborted before anything was sent"),
            _ => Error::unanswered(self.operation(), Kind::Aborted, "aborted by the caller"),
        };
        self.placed(error)
    }

    fn operation(&self) -> Operation {
        if self.phase == Phase::Submit { Operation::Submit } else { Operation::Read }
    }

    fn submit(
        &mut self,
        route: &str,
        body: String,
        instead: Option<(&'static str, String)>,
        key: Option<String>,
        moment: Moment,
    ) -> Action {
        self.phase = Phase::Submit;
        self.url = self.account.endpoint.route(route);
        self.instead = instead.map(|(route, body)| (self.account.endpoint.route(route), Some(body)));
        self.body = Some(body);
        self.idempotency_key = self.account.idempotency_key(key, moment);
        if self.account.upscales_by_reference.get() {
            self.take_other_form();
        }
        self.first(moment)
    }

    /// Begins to wait for the task.
    fn wait(&mut self, timeout_ms: i64, moment: Moment) -> Action {
        let expected_at = self.handle.as_ref().and_then(|handle| handle.expected_at);
        self.schedule = Some(Schedule::new(moment.now, expected_at, timeout_ms));
        self.next_look(moment)
    }

    fn next_look(&mut self, moment: Moment) -> Action {
        match self.schedule.as_ref().and_then(|schedule| schedule.next_look(moment.hidden)) {
            None => self.still_running(),
            Some(at) if at <= moment.now => self.look(moment),
            // Hosts wake a little early, and at once from a sleep of over 24 days: then this is asked again.
            Some(at) => Action::Sleep { ms: (at - moment.now).min(24 * 60 * 60 * 1000) as u32, wakeable: true },
        }
    }

    fn look(&mut self, moment: Moment) -> Action {
        let task_id = self.handle.as_ref().map(|handle| handle.task_id.as_str()).unwrap_or_default();
        self.phase = Phase::Look;
        self.url = self.account.endpoint.route(&concat(&["record-info?taskId=", task_id]));
        self.body = None;
        self.idempotency_key = None;
        self.first(moment)
    }

    /// The first try of a request.
    fn first(&mut self, moment: Moment) -> Action {
        let longest = i64::from(CALL_TIMEOUT_MS);
        // A wait's looks are repeated on schedule; their time is what is left of the wait's.
        let (tries, ms) = match &self.schedule {
            Some(schedule) => (1, (schedule.deadline() - moment.now).min(longest).max(SHORTEST_LOOK_MS)),
            None => (self.account.max_tries, longest),
        };
        self.retry = Retry::new(tries);
        self.deadline = moment.now + ms;
        self.account.budget.called();
        self.send(moment)
    }

    /// Sends it again after a pause; a submit no sooner than it is taken, unless that were never.
    fn try_again(&mut self, moment: Moment) -> Action {
        let at = if self.phase == Phase::Submit { self.account.pace.next(moment.now) } else { moment.now };
        if moment.now < at && at < self.deadline {
            return Action::Sleep { ms: (at - moment.now) as u32, wakeable: false };
        }
        self.send(moment)
    }

    fn send(&mut self, moment: Moment) -> Action {
        (self.sent, self.pauses) = (true, false);
        if self.phase == Phase::Submit {
            self.account.pace.submitted(moment.now);
        }
        Action::Send((self.deadline - moment.now).max(1) as u32)
    }

    fn take_other_form(&mut self) -> bool {
        let Some((url, body)) = self.instead.take() else { return false };
        (self.url, self.body) = (url, body);
        true
    }

    /// Reads what this phase asked for.
    fn read(&mut self, data: Json<'_>, pace: Option<u32>, moment: Moment) -> Result<Action, Error> {
        let output = match self.phase {
            Phase::Credits => Output::Credits(credits(data)?),
            Phase::Health => {
                let honoured = data.object().and_then(|data| data.given("idempotencyKeys")?.boolean());
                return Ok(match &self.goal {
                    Goal::Reconcile(unresolved) if honoured == Some(true) => {
                        let (body, key) = (unresolved.body.clone(), unresolved.idempotency_key.clone());
                        self.submit(unresolved.route, body, None, Some(key), moment)
                    }
                    _ => self.unreconciled(),
                });
            }
            Phase::Submit => {
                let task = self.accepted(accepted(data)?, pace, moment);
                if let Goal::Run(_, _, timeout_ms) = self.goal {
                    self.update = Some(task);
                    return Ok(self.wait(timeout_ms, moment));
                }
                Output::Task(task)
            }
            Phase::Look => {
                let mut found = record(data)?;
                // Another task's results would be shown, and stored, as this one's.
                if self.handle.as_ref().is_some_and(|handle| handle.task_id != found.task_id) {
                    let message = "the server's answer is about another task";
                    return Err(Error::unanswered(Operation::Read, Kind::BadResponse, message));
                }
                found.error_message =
                    found.error_message.and_then(|message| sentence(message, self.account.key.as_ref()));
                match self.goal {
                    Goal::Record(_) => Output::Record(found, pace),
                    _ => return self.seen(found, pace, moment),
                }
            }
        };
        Ok(Action::Done(Box::new(Ok(output))))
    }

    /// The task a submit has created.
    fn accepted(&mut self, task_id: String, pace: Option<u32>, moment: Moment) -> Task {
        self.remember_form();
        let mut task = Task::running(task_id);
        match &self.goal {
            Goal::Submit(submission, _) | Goal::Run(submission, ..) => {
                task.task_type.clone_from(&submission.task_type);
                task.speed = submission.speed;
                let task_type = task.task_type.as_deref();
                let (ms, left) = self.account.with_history(|history| {
                    (history.expected_ms(task_type, task.speed), history.time_left(task_type, task.speed, 0))
                });
                task.created_at = Some(moment.now);
                task.expected_at = Some(moment.now + ms);
                task.time_left = Some(left);
            }
            // It was created when nobody knew, and may have ended since.
            Goal::Reconcile(unresolved) => {
                let body = Object::parse(&unresolved.body).unwrap_or_default();
                task.task_type = body.text("taskType");
                task.speed = body.text("speed").and_then(|word| Speed::from_word(&word));
            }
            _ => {}
        }
        if let Some(seconds) = pace {
            task.expected_at = Some(moment.now + i64::from(seconds) * 1000);
        }
        self.handle = Some(Handle::from(&task));
        task
    }

    /// Which form of the upscale route this server has, once it has answered one with anything but 404.
    fn remember_form(&self) {
        let has_two = |submission: &Submission| submission.instead.is_some();
        if matches!(&self.goal, Goal::Submit(submission, _) | Goal::Run(submission, ..) if has_two(submission)) {
            self.account.upscales_by_reference.set(self.instead.is_none());
        }
    }

    /// The task was looked at.
    fn seen(&mut self, record: Record, pace: Option<u32>, moment: Moment) -> Result<Action, Error> {
        let now = moment.now;
        let mut task = Task::from(record);
        if let Some(handle) = &self.handle {
            task.speed = handle.speed;
            task.created_at = task.created_at.or(handle.created_at);
        }
        let known = self.handle.as_ref().and_then(|handle| handle.task_type.clone());
        let task_type = known.or_else(|| task.task_type.clone());
        if task.state == State::Running {
            let account = &self.account;
            let left = |created_at| {
                account.with_history(|history| history.time_left(task_type.as_deref(), task.speed, now - created_at))
            };
            task.expected_at = pace.map(|seconds| now + i64::from(seconds) * 1000);
            task.time_left = task.created_at.map(left);
        }
        let Some(schedule) = &mut self.schedule else { return Ok(done(task)) };
        self.last_failure = None;
        self.update = Some(task.clone());
        match task.state {
            State::Running => {
                schedule.looked(now, pace);
                Ok(self.next_look(moment))
            }
            State::Succeeded => {
                if let Some((created_at, completed_at)) = task.created_at.zip(task.completed_at) {
                    let ms = completed_at - created_at;
                    self.account.with_history(|history| history.add(task_type.as_deref(), task.speed, ms));
                }
                Ok(done(task))
            }
            State::Failed => Err(task.to_error()),
        }
    }

    /// The request has failed: another try, another look, or the end.
    fn failed(&mut self, error: Error, moment: Moment) -> Action {
        if error.kind == Kind::NotFound && self.take_other_form() {
            return self.send(moment);
        }
        if self.phase == Phase::Health && error.kind == Kind::NotFound {
            return self.unreconciled();
        }
        if self.phase == Phase::Submit && error.kind != Kind::NotFound {
            self.remember_form();
        }
        let pause = self.retry.pause_after(&error, &self.account.budget, moment.random);
        if let Some(ms) = pause.filter(|ms| moment.now + i64::from(*ms) < self.deadline) {
            self.pauses = true;
            return Action::Sleep { ms, wakeable: false };
        }
        if let Some(schedule) = self.schedule.as_mut().filter(|_| error.retryable()) {
            schedule.looked(moment.now, error.retry_after);
            self.last_failure = Some(error);
            return self.next_look(moment);
        }
        Action::Done(Box::new(Err(self.placed(error))))
    }

    /// The error with what this call knows of the task, and of the submit.
    fn placed(&self, error: Error) -> Error {
        match (&self.handle, &self.goal) {
            (Some(handle), Goal::Run(..)) => error.after_acceptance(&handle.task_id),
            (Some(handle), _) => error.with(|error| error.task_id = Some(handle.task_id.clone())),
            // Whatever becomes of the question, the submit it is about may have been accepted.
            (None, Goal::Reconcile(unresolved)) => error.with(|error| {
                error.billed = Billed::Unknown;
                error.submit = Some(unresolved.clone());
            }),
            _ => match self.idempotency_key.clone() {
                Some(idempotency_key) if error.billed == Billed::Unknown => error.with(|error| {
                    let route = SUBMIT_ROUTES.into_iter().find(|route| self.url == self.account.endpoint.route(route));
                    let route = route.unwrap_or_default();
                    let body = self.body.clone().unwrap_or_default();
                    error.submit = Some(Unresolved { route, body, idempotency_key });
                }),
                _ => error,
            },
        }
    }

    fn unreconciled(&self) -> Action {
        let message = "this server doesn't say that it honours idempotency keys, so the submit was not sent again";
        Action::Done(Box::new(Err(self.placed(Error::new(Kind::Misconfigured, message)))))
    }

    fn still_running(&mut self) -> Action {
        let (message, billed) = match &self.last_failure {
            None => ("the task is still running; that is no failure: wait for it again".to_owned(), Billed::Yes),
            Some(failure) => {
                (concat(&["nobody could look at the task: ", &failure.message, "; wait for it again"]), Billed::Unknown)
            }
        };
        let error = Error::new(Kind::StillRunning, message).with(|error| {
            error.billed = billed;
            error.earlier = self.last_failure.take();
        });
        Action::Done(Box::new(Err(self.placed(error))))
    }
}

fn done(task: Task) -> Action {
    Action::Done(Box::new(Ok(Output::Task(task))))
}

#[cold]
fn unreached(operation: Operation, unsent: bool, source: Option<Box<dyn core::error::Error>>) -> Error {
    let error = match unsent {
        true => Error::new(Kind::Network, "the server could not be reached, so nothing was sent"),
        false => Error::unanswered(operation, Kind::Network, "the server could not be reached or broke off"),
    };
    error.with(|error| error.source = source)
}

/// Whether a host's error code says that no connection came about, so that nothing can have been received: Node's words
/// and Bun's. Browsers never say.
pub fn never_connected(code: &str) -> bool {
    matches!(code, "ECONNREFUSED" | "ENOTFOUND" | "EAI_AGAIN" | "UND_ERR_CONNECT_TIMEOUT" | "ConnectionRefused")
}
