use std::pin::pin;

use futures_util::future::{Either, select};

use super::events::Watching;
use super::{BodyStream, CallContext, Client, Method, NoReply, Reply, Request, Timer, Transport, Try, race};
use crate::core::{
    ArchiveState, Billed, Error, Given, Handle, Kind, Operation, Record, Retry, Schedule, State, Submission, Task,
    UnknownSubmit, Word, accepted_task_id, checked_idempotency_key, checked_task_id, decode_data, decode_envelope,
    honours_idempotency_keys, offers_events, retry_after_s, shown,
};

/// The longest a call may take over all its tries. A submit that takes longer has an unknown outcome and is never sent
/// again.
pub const CALL_TIMEOUT_MS: u32 = 60_000;

/// How long a wait lasts unless told: 30 minutes, many times what the slowest recorded task took.
pub const DEFAULT_WAIT_MS: i64 = 30 * 60 * 1000;

/// How long a stream of events may take to begin.
const OPEN_TIMEOUT_MS: u32 = 20_000;

/// A look needs a moment even at the end of a wait.
const SHORTEST_LOOK_MS: i64 = 1_000;

/// The longest single sleep: hosts wake at once from one of over 24 days.
const LONGEST_SLEEP_MS: i64 = 24 * 60 * 60 * 1000;

/// How often a wait looks again at a success whose links can't be read, before it says so.
const LOOKS_AT_UNREADABLE: u32 = 3;

/// For how long after its acceptance a server may not know a task yet.
const ACCEPTED_JUST_NOW_MS: i64 = 60_000;

/// The calls of the API, with a [`CallContext`].
#[derive(Debug)]
pub struct Call<'a, T, C> {
    pub(super) client: &'a Client<T, C>,
    pub(super) context: &'a CallContext<'a>,
    wants_copies: bool,
}

/// One way to send a request.
pub(super) struct Form<'a> {
    method: Method,
    pub url: String,
    /// The route's name, for a log.
    route: &'static str,
    body: Option<&'a str>,
    /// What is kept of it while nobody knows its outcome.
    submit: Option<UnknownSubmit>,
}

impl Form<'_> {
    fn get(url: String, route: &'static str) -> Self {
        Self::of(Method::Get, url, route)
    }

    pub(super) fn of(method: Method, url: String, route: &'static str) -> Self {
        Self { method, url, route, body: None, submit: None }
    }
}

/// What a server has answered.
pub(super) struct Answer {
    /// The envelope's data.
    pub data: Given,
    /// In how many seconds the server thinks another look is worthwhile.
    look_again_after: Option<u32>,
}

/// What a wait goes on with.
enum Find {
    /// Its task was told of.
    Record(Box<Record>),
    /// It is time to look.
    LookDue,
    /// There is no look left before its end.
    Over,
}

/// How often and for how long a request is tried.
pub(super) struct Limits {
    tries: u32,
    ms: i64,
}

impl<'a, T: Transport, C: Timer> Call<'a, T, C> {
    pub(super) fn new(client: &'a Client<T, C>, context: &'a CallContext<'a>) -> Self {
        Self { client, context, wants_copies: false }
    }

    /// The same, whose waits last until a gateway has made its copies of the files, if it makes any: then the links last.
    pub fn archived(self, archived: bool) -> Self {
        Self { wants_copies: archived, ..self }
    }

    /// [`Client::submit`]
    ///
    /// # Errors
    /// Those of [`Client::submit`].
    pub async fn submit(&self, submission: &Submission, idempotency_key: Option<String>) -> Result<Task, Error> {
        let client = self.client;
        idempotency_key.as_deref().map(checked_idempotency_key).transpose()?;
        submission.check_links(client.endpoint.is_loopback())?;
        let key = self.idempotency_key(idempotency_key);
        let mut forms: Vec<_> = [Some(&submission.form), submission.alternative.as_ref()]
            .into_iter()
            .flatten()
            .map(|form| Form {
                method: Method::Post,
                url: client.endpoint.route(form.route.as_str()),
                route: form.route.as_str(),
                body: Some(&form.body),
                submit: key.as_ref().map(|key| UnknownSubmit::of(form, key)),
            })
            .collect();
        let is_swapped = submission.alternative.is_some() && client.prefers_alternative.get();
        if is_swapped {
            forms.reverse();
        }
        let (used, outcome) = self.exchange(&forms, Operation::Submit, self.usual_limits()).await;
        let is_missing = outcome.as_ref().is_err_and(|error| error.code == Some(404));
        if submission.alternative.is_some() && !is_missing {
            client.prefers_alternative.set((used == 0) == is_swapped);
        }
        let answer = outcome.map_err(|error| self.context.annotated(error))?;
        let Answer { data, look_again_after } = answer;
        let mut task = Task::running(self.task_id(data)?);
        let now = client.timer.now();
        task.task_type.clone_from(&submission.task_type);
        task.speed = submission.speed;
        task.created_at = Some(now);
        self.expect(&mut task);
        self.expect_again(&mut task, look_again_after);
        self.context.accepted(&task);
        Ok(task)
    }

    /// [`Client::run`]
    ///
    /// # Errors
    /// Those of [`Client::run`].
    pub async fn run(
        &self,
        submission: &Submission,
        idempotency_key: Option<String>,
        timeout_ms: i64,
    ) -> Result<Task, Error> {
        let task = self.submit(submission, idempotency_key).await?;
        self.wait(&Handle::from(&task), timeout_ms).await
    }

    /// [`Client::wait`]
    ///
    /// # Errors
    /// Those of [`Client::wait`].
    pub fn wait(&self, handle: &Handle, timeout_ms: i64) -> impl Future<Output = Result<Task, Error>> {
        let checked = checked_task_id(&handle.task_id).map(|task_id| self.context.waits_for(task_id));
        async move {
            checked?;
            self.wait_for(handle, timeout_ms).await
        }
    }

    /// Whoever waits drives the stream of events meanwhile: others wait for it, too.
    async fn wait_for(&self, handle: &Handle, timeout_ms: i64) -> Result<Task, Error> {
        let Client { events, .. } = self.client;
        let watching = events.watch(&handle.task_id);
        let waiting = pin!(self.wait_watching(handle, timeout_ms, &watching));
        let driving = pin!(events.drive(self.client));
        match select(waiting, driving).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right((never, _)) => match never {},
        }
    }

    async fn wait_watching(&self, handle: &Handle, timeout_ms: i64, watching: &Watching<'_>) -> Result<Task, Error> {
        let timer = &self.client.timer;
        let began_at = timer.now();
        let mut schedule = Schedule::new(began_at, handle.expected_by(began_at), timeout_ms);
        let was_accepted_just_now =
            handle.created_at.is_some_and(|created_at| began_at.saturating_sub(created_at) < ACCEPTED_JUST_NOW_MS);
        let mut may_be_unknown_yet = was_accepted_just_now;
        let mut unreadable_looks = 0;
        let mut last_failure = None;
        // What is there while copies are still made.
        let mut succeeded = None;
        loop {
            let trusts_events = unreadable_looks == 0;
            let find = self.next_find(&mut schedule, watching, trusts_events).await;
            let is_event = matches!(find, Find::Record(_));
            let found = match find {
                Find::Over => break,
                Find::Record(record) => Ok((self.shown(*record), None)),
                Find::LookDue => {
                    let ms = (schedule.deadline().saturating_sub(timer.now()))
                        .min(CALL_TIMEOUT_MS.into())
                        .max(SHORTEST_LOOK_MS);
                    self.look(handle, Limits { tries: 1, ms }).await
                }
            };
            match found {
                Ok((record, look_again_after)) => {
                    let unreadable = record.unreadable_success();
                    let task = self.seen(handle, record, look_again_after);
                    last_failure = None;
                    self.context.looked(&task);
                    match task.state {
                        State::Running => schedule.looked(timer.now(), look_again_after),
                        State::Succeeded => {
                            if succeeded.is_none() {
                                self.learn(handle, &task);
                            }
                            let is_pending =
                                task.archive.as_ref().is_some_and(|archive| archive.state == ArchiveState::Pending);
                            if !(self.wants_copies && is_pending) {
                                return Ok(task);
                            }
                            schedule.looked(timer.now(), look_again_after);
                            succeeded = Some(task);
                        }
                        State::Failed => return Err(self.context.annotated(task.to_error())),
                    }
                    if let Some(unreadable) = unreadable {
                        // However often it is told: from then on it is looked at.
                        unreadable_looks = if is_event { unreadable_looks.max(1) } else { unreadable_looks + 1 };
                        if unreadable_looks > LOOKS_AT_UNREADABLE {
                            return Err(self.context.annotated(unreadable).with(|error| error.billed = Billed::Yes));
                        }
                    }
                }
                Err(error) if error.retryable() || error.kind == Kind::NotFound && may_be_unknown_yet => {
                    may_be_unknown_yet &= error.kind != Kind::NotFound;
                    schedule.looked(timer.now(), error.retry_after);
                    last_failure = Some(error);
                }
                Err(_) if succeeded.is_some() => break,
                Err(error) => return Err(self.context.annotated(error)),
            }
        }
        succeeded.ok_or_else(|| self.context.annotated(still_running(last_failure)))
    }

    /// [`Client::status`]
    ///
    /// # Errors
    /// Those of [`Client::status`].
    pub async fn status(&self, handle: &Handle) -> Result<Task, Error> {
        let (record, look_again_after) = self.record(handle).await?;
        Ok(self.seen(handle, record, look_again_after))
    }

    /// [`Client::record`]
    ///
    /// # Errors
    /// Those of [`Client::record`].
    pub async fn record(&self, handle: &Handle) -> Result<(Record, Option<u32>), Error> {
        checked_task_id(&handle.task_id)?;
        self.context.looks_at(&handle.task_id);
        self.look(handle, self.usual_limits()).await.map_err(|error| self.context.annotated(error))
    }

    /// [`Client::credits`]
    ///
    /// # Errors
    /// Those of [`Client::credits`].
    pub async fn credits(&self) -> Result<f64, Error> {
        let forms = ["common/credit", "chat/credit"].map(|route| Form::get(self.client.endpoint.sibling(route), route));
        let answer = self.exchange(&forms, Operation::Read, self.usual_limits()).await.1?;
        decode_data(Operation::Read, answer.data, "is not a number of credits")
    }

    /// [`Client::reconcile`]
    ///
    /// # Errors
    /// Those of [`Client::reconcile`].
    pub fn reconcile(&self, submit: &UnknownSubmit) -> impl Future<Output = Result<Task, Error>> {
        // Before the first poll: whoever ends the call even earlier asks about it, too.
        self.context.asks_about(submit);
        async move { self.resubmit(submit).await.map_err(|error| self.context.annotated(error)) }
    }

    async fn resubmit(&self, submit: &UnknownSubmit) -> Result<Task, Error> {
        let client = self.client;
        let unsure = || {
            let message = "this server doesn't say that it honours idempotency keys, so the submit was not sent again";
            Error::new(Kind::Misconfigured, message)
        };
        if client.endpoint.is_vendor() {
            return Err(unsure());
        }
        let health = [Form::get(client.endpoint.sibling("health"), "health")];
        let health = self.exchange(&health, Operation::Read, self.usual_limits()).await.1;
        match health {
            Ok(health) if honours_idempotency_keys(&health.data) => {}
            Err(error) if error.code != Some(404) => return Err(error),
            _ => return Err(unsure()),
        }
        let url = client.endpoint.route(submit.route());
        let again = [Form {
            method: Method::Post,
            url,
            route: submit.route(),
            body: Some(submit.body()),
            submit: Some(submit.clone()),
        }];
        let answer = self.exchange(&again, Operation::Submit, self.usual_limits()).await.1?;
        // It was created when nobody knew, and may have ended since.
        let Answer { data, look_again_after } = answer;
        let mut task = submit.task(self.task_id(data)?);
        self.expect_again(&mut task, look_again_after);
        self.context.accepted(&task);
        Ok(task)
    }

    /// The key a gateway knows a submit by: the caller's, else one that no other submit has. The vendor knows none.
    fn idempotency_key(&self, given: Option<String>) -> Option<String> {
        let client = self.client;
        if !client.may_be_gateway {
            return None;
        }
        given.or_else(|| {
            client.keys.set(client.keys.get().wrapping_add(1));
            let random = (client.timer.random() * (1_u64 << 52) as f64) as u64;
            Some(format!("{}-{random}-{}", client.timer.now(), client.keys.get()))
        })
    }

    pub(super) fn usual_limits(&self) -> Limits {
        Limits { tries: self.client.max_tries, ms: CALL_TIMEOUT_MS.into() }
    }

    fn task_id(&self, data: Given) -> Result<String, Error> {
        accepted_task_id(data).map_err(|error| self.context.annotated(error))
    }

    /// Says when a task is likely to end, by when it was created.
    pub(super) fn expect(&self, task: &mut Task) {
        let Some(created_at) = task.created_at else { return };
        let history = self.client.history.borrow();
        let task_type = task.task_type.as_deref();
        let elapsed = self.client.timer.now().saturating_sub(created_at);
        task.expected_at = Some(created_at.saturating_add(history.expected_ms(task_type, task.speed)));
        task.time_left = Some(history.time_left(task_type, task.speed, elapsed));
    }

    /// The server's own word for when another look is worthwhile counts more than an estimate.
    fn expect_again(&self, task: &mut Task, look_again_after: Option<u32>) {
        if let Some(seconds) = look_again_after {
            task.expected_at = Some(self.client.timer.now() + i64::from(seconds) * 1000);
        }
    }

    /// Waits until the task's stream tells of it, or the next look is due.
    async fn next_find(&self, schedule: &mut Schedule, watching: &Watching<'_>, trusts_events: bool) -> Find {
        let timer = &self.client.timer;
        // A stream may have died while the program slept, and nobody would know for a while.
        let mut was_woken = false;
        loop {
            let next_look = schedule.next_look(timer.hidden());
            // Where the end is told, a look is for the end of the wait alone.
            let is_told = trusts_events && watching.is_told() && !was_woken;
            let at = next_look.map(|at| if is_told { schedule.deadline() } else { at });
            let Some(at) = at else { return Find::Over };
            let ms = at.saturating_sub(timer.now());
            if ms <= 0 {
                return Find::LookDue;
            }
            let until_look = async {
                let sleep = timer.sleep(ms.min(LONGEST_SLEEP_MS) as u32);
                race(sleep, timer.woken()).await.is_none()
            };
            match select(pin!(watching.next()), pin!(until_look)).await {
                Either::Left((Some(record), _)) => return Find::Record(record),
                Either::Left((None, _)) | Either::Right((false, _)) => {}
                Either::Right((true, _)) => {
                    schedule.woken(timer.now());
                    was_woken = true;
                }
            }
        }
    }

    async fn look(&self, handle: &Handle, limits: Limits) -> Result<(Record, Option<u32>), Error> {
        let url = self.client.endpoint.route(&format!("record-info?taskId={}", handle.task_id));
        let answer = self.exchange(&[Form::get(url, "record-info")], Operation::Read, limits).await.1?;
        let record: Record = decode_data(Operation::Read, answer.data, "is no task record")?;
        // Another task's results would be shown, and stored, as this one's.
        if record.task_id != handle.task_id {
            let message = "the server's answer is about another task";
            return Err(Error::unanswered(Operation::Read, Kind::BadResponse, message));
        }
        Ok((self.shown(record), answer.look_again_after))
    }

    /// The record with the server's own words as they may be shown.
    fn shown(&self, mut record: Record) -> Record {
        record.error_message = record.error_message.and_then(|message| shown(message, self.client.key.as_ref()));
        record
    }

    /// The task of a record, with what the handle knows of it.
    fn seen(&self, handle: &Handle, record: Record, look_again_after: Option<u32>) -> Task {
        let now = self.client.timer.now();
        let mut task = Task::from(record);
        task.speed = handle.speed;
        task.created_at = task.created_at.or(handle.created_at);
        if task.state == State::Running {
            let task_type = handle.task_type.as_deref().or(task.task_type.as_deref());
            let history = self.client.history.borrow();
            let left = |created_at| history.time_left(task_type, task.speed, now.saturating_sub(created_at));
            task.time_left = task.created_at.map(left);
            self.expect_again(&mut task, look_again_after);
        }
        task
    }

    /// Takes note of how long a task took.
    fn learn(&self, handle: &Handle, task: &Task) {
        if let Some((created_at, completed_at)) = task.created_at.zip(task.completed_at) {
            let task_type = handle.task_type.as_deref().or(task.task_type.as_deref());
            let ms = completed_at.saturating_sub(created_at);
            self.client.history.borrow_mut().add(task_type, task.speed, ms);
        }
    }

    /// Sends a request until it is answered, refused for good, or its time is over; says which of its forms that was. A
    /// form that the server doesn't know (404) is followed by the next: that comes before acceptance and costs nothing.
    pub(super) async fn exchange(
        &self,
        forms: &[Form<'_>],
        operation: Operation,
        limits: Limits,
    ) -> (usize, Result<Answer, Error>) {
        let Client { timer, budget, window, log, .. } = self.client;
        let deadline = timer.now().saturating_add(limits.ms);
        let mut retry = Retry::new(limits.tries);
        let (mut used, mut number) = (0, 0);
        budget.called();
        loop {
            let Some(form) = forms.get(used) else { return (used, Err(Error::new(Kind::NotFound, "no such route"))) };
            if operation == Operation::Submit {
                window.submitted(timer.now());
            }
            self.context.sending(operation, form.submit.clone());
            number += 1;
            let began_at = timer.now();
            let (status, outcome) = self.send(form, operation, deadline).await;
            let log = |error: Option<&Error>, again_in| {
                if let Some(log) = &log.0 {
                    let billed = error.map_or(operation.billed_with_answer(), |error| error.billed);
                    let (ms, kind) = (timer.now().saturating_sub(began_at), error.map(|error| error.kind));
                    log(&Try { operation, route: form.route, number, status, ms, billed, kind, again_in });
                }
            };
            let error = match outcome {
                Ok(answer) => {
                    log(None, None);
                    return (used, Ok(answer));
                }
                Err(error) => error,
            };
            if error.code == Some(404) && used + 1 < forms.len() {
                log(Some(&error), Some(0));
                used += 1;
                continue;
            }
            let pause = retry.pause_after(&error, budget, timer.random());
            let pause = pause.filter(|ms| timer.now().saturating_add(i64::from(*ms)) < deadline);
            log(Some(&error), pause);
            let Some(ms) = pause else { return (used, Err(error)) };
            self.context.pausing();
            timer.sleep(ms).await;
            // What is tried again counts as what is submitted: it leaves no sooner than the vendor takes it.
            if operation == Operation::Submit && !self.window_opens(deadline).await {
                return (used, Err(error));
            }
        }
    }

    /// Waits until the vendor takes another submit; `false` if that is too late.
    async fn window_opens(&self, deadline: i64) -> bool {
        let Client { timer, window, .. } = self.client;
        if window.next(timer.now()) < deadline {
            self.client.next_window().await;
        }
        timer.now() < deadline && self.client.takes_submits()
    }

    /// Sends a request once; returns the HTTP status, too, if there was an answer.
    async fn send(&self, form: &Form<'_>, operation: Operation, deadline: i64) -> (Option<u16>, Result<Answer, Error>) {
        let Client { transport, timer, key, .. } = self.client;
        let request = Request {
            method: form.method,
            url: &form.url,
            body: form.body,
            key: key.as_ref(),
            idempotency_key: form.submit.as_ref().map(UnknownSubmit::idempotency_key),
        };
        let ms = deadline.saturating_sub(timer.now()).clamp(1, CALL_TIMEOUT_MS.into()) as u32;
        let Some(outcome) = race(transport.send(request), timer.sleep(ms)).await else {
            let message = "the server did not answer in the time a call may take, 60 s at the most";
            return (None, Err(Error::unanswered(operation, Kind::Network, message)));
        };
        let reply = match outcome {
            Ok(reply) => reply,
            Err(no_reply) => return (None, Err(unreached(operation, no_reply, transport.foreign_origin(&form.url)))),
        };
        (Some(reply.status), self.answer(operation, &reply))
    }

    /// What a reply says.
    pub(super) fn answer(&self, operation: Operation, reply: &Reply) -> Result<Answer, Error> {
        let Client { timer, key, may_be_gateway, .. } = self.client;
        let retry_after = reply.retry_after.as_deref().and_then(|header| retry_after_s(header, timer.now()));
        let data = decode_envelope(operation, reply.status, &reply.body, key.as_ref(), *may_be_gateway);
        let data = data.map_err(|error| error.with(|error| error.retry_after = retry_after));
        data.map(|data| Answer { data, look_again_after: retry_after })
    }
}

impl<T: Transport, C: Timer> Client<T, C> {
    /// Whether the server says that it tells of tasks as they change; `None` if it can't be asked right now.
    pub(super) async fn offers_events(&self) -> Option<bool> {
        let context = CallContext::new(&|_| ());
        let call = self.call(&context);
        let form = [Form::get(self.endpoint.sibling("health"), "health")];
        let health = call.exchange(&form, Operation::Read, Limits { tries: 1, ms: CALL_TIMEOUT_MS.into() }).await.1;
        match health {
            Ok(health) => Some(offers_events(&health.data)),
            Err(error) if error.retryable() => None,
            Err(_) => Some(false),
        }
    }

    /// The stream of what happens to these tasks, if the server opens it.
    pub(super) async fn open_events(&self, tasks: &[String]) -> Option<BodyStream> {
        let url = self.endpoint.route(&format!("events?taskId={}", tasks.join(",")));
        let request =
            Request { method: Method::Get, url: &url, body: None, key: self.key.as_ref(), idempotency_key: None };
        let opened = race(self.transport.open(request), self.timer.sleep(OPEN_TIMEOUT_MS)).await;
        opened?.ok().filter(|reply| reply.status == 200).map(|reply| reply.body)
    }
}

fn still_running(last_failure: Option<Error>) -> Error {
    let Some(failure) = last_failure else {
        let message = "the task is still running; that is no failure: wait for it again";
        return Error::new(Kind::StillRunning, message).with(|error| error.billed = Billed::Yes);
    };
    let message = format!("nobody could look at the task: {}; wait for it again", failure.message);
    Error::new(Kind::StillRunning, message).with(|error| {
        error.billed = Billed::Unknown;
        error.source = Some(Box::new(failure));
    })
}

#[cold]
pub(super) fn unreached(operation: Operation, no_reply: NoReply, foreign_origin: Option<String>) -> Error {
    let unanswered = |message: &str| Error::unanswered(operation, Kind::Network, message);
    let error = match (no_reply.unsent, foreign_origin) {
        (true, _) => Error::new(Kind::Network, "the server could not be reached, so nothing was sent"),
        (false, None) => unanswered("the server could not be reached or broke off"),
        // A browser tells a page nothing else (CORS).
        (false, Some(origin)) => unanswered(&format!(
            "the server could not be reached, broke off, or doesn't allow pages of the origin {origin} (CORS)"
        )),
    };
    error.with(|error| error.source = Some(no_reply.source))
}
