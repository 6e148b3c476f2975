use std::cell::Cell;

use super::{NoReply, Reply, Request, Timer, Transport, boxed, race};
use crate::core::{
    Endpoint, Error, GenerateRequest, Kind, Operation, Record, Secret, State, Task, TaskType, UPSCALE_TYPICAL_MS,
    UpscaleForm, UpscaleRequest, accepted, checked_task_id, open, sentence, typical_ms,
};

/// The longest a single call may take. A submit that takes longer has an unknown outcome and is never sent again.
const CALL_TIMEOUT_MS: u32 = 60_000;

/// The client of one account, or of one gateway.
#[derive(Debug)]
pub struct Client<T, C> {
    transport: T,
    pub(super) timer: C,
    endpoint: Endpoint,
    key: Option<Secret>,
    /// The form of the upscale route this server has, once that is known.
    upscale_form: Cell<UpscaleForm>,
}

impl<T: Transport, C: Timer> Client<T, C> {
    /// A client of the given endpoint; with a key it talks to the vendor, without one to a gateway that holds it.
    pub fn new(transport: T, timer: C, endpoint: Endpoint, key: Option<Secret>) -> Self {
        Self { transport, timer, endpoint, key, upscale_form: Cell::new(UpscaleForm::QuickStart) }
    }

    /// Submits a task and returns it, running. Sent once: after an unclear answer it fails with
    /// [`Billed::Unknown`](crate::core::Billed::Unknown).
    pub async fn generate(&self, request: &GenerateRequest) -> Result<Task, Error> {
        request.check()?;
        let typical_ms = typical_ms(request.task_type, request.speed);
        boxed(self.submit("generate", request.to_json(), Some(request.task_type), typical_ms)).await
    }

    /// Submits the upscale of one image, a task of its own.
    ///
    /// The quick start's route is tried first. A 404 comes before acceptance, so the reference's route can be tried
    /// after it without paying twice; which one this server has is remembered.
    pub async fn upscale(&self, request: &UpscaleRequest) -> Result<Task, Error> {
        request.check()?;
        let submit =
            |form: UpscaleForm| boxed(self.submit(form.route(), request.to_json(form), None, UPSCALE_TYPICAL_MS));
        let is_missing = |outcome: &Result<Task, Error>| matches!(outcome, Err(error) if error.kind == Kind::NotFound);
        let form = self.upscale_form.get();
        let mut outcome = submit(form).await;
        if form == UpscaleForm::QuickStart && is_missing(&outcome) {
            outcome = submit(UpscaleForm::Reference).await;
            if !is_missing(&outcome) {
                self.upscale_form.set(UpscaleForm::Reference);
            }
        }
        outcome
    }

    /// The task as it stands now.
    pub async fn status(&self, task_id: &str) -> Result<Task, Error> {
        let (record, pace) = boxed(self.record(task_id)).await?;
        let mut task = Task::from(record);
        if let (State::Running, Some(seconds)) = (task.state, pace) {
            task.expected_at = Some(self.timer.now() + i64::from(seconds) * 1000);
        }
        Ok(task)
    }

    /// The vendor's own record of the task, and in how many seconds the server thinks another look is worthwhile.
    pub async fn record(&self, task_id: &str) -> Result<(Record, Option<u32>), Error> {
        let route = format!("record-info?taskId={}", checked_task_id(task_id)?);
        let about_task = |error: Error| error.with(|error| error.task_id = Some(task_id.to_owned()));
        let (data, pace) = boxed(self.call(Operation::Read, &route, None)).await.map_err(about_task)?;
        let record = Record::decode(&data).map_err(about_task)?;
        let error_message = record.error_message.and_then(|message| sentence(message, self.key.as_ref()));
        Ok((Record { error_message, ..record }, pace))
    }

    async fn submit(
        &self,
        route: &str,
        body: String,
        task_type: Option<TaskType>,
        typical_ms: i64,
    ) -> Result<Task, Error> {
        let (data, pace) = boxed(self.call(Operation::Submit, route, Some(body))).await?;
        let task_id = accepted(&data)?;
        let now = self.timer.now();
        let expected_in = pace.map_or(typical_ms, |seconds| i64::from(seconds) * 1000);
        Ok(Task::accepted(task_id, task_type, now, now + expected_in))
    }

    async fn call(
        &self,
        operation: Operation,
        route: &str,
        body: Option<String>,
    ) -> Result<(T::Json, Option<u32>), Error> {
        let request = Request { url: self.endpoint.route(route), body, key: self.key.as_ref() };
        let reply = race(self.transport.send(request), self.timer.sleep(CALL_TIMEOUT_MS)).await;
        let Reply { status, retry_after, body } = match reply {
            Some(Ok(reply)) => reply,
            Some(Err(NoReply(source))) => {
                let error = Error::unanswered(operation, Kind::Network, "the server could not be reached or broke off");
                return Err(error.with(|error| error.source = Some(source)));
            }
            None => {
                let seconds = CALL_TIMEOUT_MS / 1000;
                let message = format!("the server did not answer within {seconds} s");
                return Err(Error::unanswered(operation, Kind::Network, &message));
            }
        };
        let data = open(operation, status, body, self.key.as_ref());
        data.map(|data| (data, retry_after)).map_err(|error| error.with(|error| error.retry_after = retry_after))
    }
}
