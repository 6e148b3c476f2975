use super::{Client, Timer, Transport, boxed};
use crate::core::{Billed, Error, GenerateRequest, Kind, Schedule, State, Task};

/// How long [`Client::wait`] waits unless told: 30 minutes, many times what the slowest recorded task took.
pub const DEFAULT_WAIT_MS: i64 = 30 * 60 * 1000;

/// What is needed to wait for a task: its id, and when it is likely to end if that is known.
#[derive(Clone, Debug)]
pub struct Handle {
    /// The task.
    pub task_id: String,
    /// Milliseconds since 1970; the first look happens then.
    pub expected_at: Option<i64>,
}

impl From<&Task> for Handle {
    fn from(task: &Task) -> Self {
        Self { task_id: task.task_id.clone(), expected_at: task.expected_at }
    }
}

impl<T: Transport, C: Timer> Client<T, C> {
    /// Waits until the task ends and returns it with its results. `on_update` sees it after every look.
    ///
    /// # Errors
    /// [`Kind::TaskFailed`] with the vendor's reason; [`Kind::StillRunning`] when `timeout_ms` ran out, which is not a
    /// failure: wait again. A look that fails for a passing reason is repeated on schedule, as reads cost nothing.
    pub async fn wait(&self, handle: Handle, timeout_ms: i64, on_update: &mut dyn FnMut(&Task)) -> Result<Task, Error> {
        let mut schedule = Schedule::new(self.timer.now(), handle.expected_at, timeout_ms);
        let mut last_failure = None;
        while let Some(look_at) = schedule.next_look() {
            self.sleep_until(look_at).await;
            let pace = match boxed(self.status(&handle.task_id)).await {
                Ok(task) => {
                    last_failure = None;
                    on_update(&task);
                    match task.state {
                        State::Succeeded => return Ok(task),
                        State::Failed => return task.to_error().map_or(Ok(task), Err),
                        State::Running => task.expected_at.map(|at| seconds_until(at, self.timer.now())),
                    }
                }
                Err(error) if error.retryable() => {
                    let pace = error.retry_after;
                    last_failure = Some(error);
                    pace
                }
                Err(error) => return Err(error),
            };
            schedule.looked(self.timer.now(), pace);
        }
        let (message, billed) = match &last_failure {
            None => ("the task is still running; that is no failure: wait for it again".to_owned(), Billed::Yes),
            Some(failure) => (format!("nobody could look at the task: {failure}; wait for it again"), Billed::Unknown),
        };
        Err(Error::new(Kind::StillRunning, message).with(|error| {
            error.task_id = Some(handle.task_id);
            error.billed = billed;
            error.source = last_failure.map(|failure| failure.into());
        }))
    }

    /// Submits a task and waits for its end. `on_update` sees it when it is accepted and after every look.
    ///
    /// # Errors
    /// Those of [`Client::generate`], and after acceptance those of [`Client::wait`] with the task's id and
    /// [`Billed::Yes`]: the task is there and paid for.
    pub async fn run(
        &self,
        request: &GenerateRequest,
        timeout_ms: i64,
        on_update: &mut dyn FnMut(&Task),
    ) -> Result<Task, Error> {
        let task = boxed(self.generate(request)).await?;
        on_update(&task);
        let outcome = boxed(self.wait(Handle::from(&task), timeout_ms, on_update)).await;
        outcome.map_err(|error| error.after_acceptance(&task.task_id))
    }

    async fn sleep_until(&self, at: i64) {
        // Again until it is time: hosts wake a little early, and at once from a sleep of over 24 days.
        loop {
            let ms = at.saturating_sub(self.timer.now());
            if ms <= 0 {
                return;
            }
            self.timer.sleep(ms.min(24 * 60 * 60 * 1000) as u32).await;
        }
    }
}

fn seconds_until(at: i64, now: i64) -> u32 {
    u32::try_from((at - now).max(0).unsigned_abs().div_ceil(1000)).unwrap_or(u32::MAX)
}
