use std::cell::RefCell;
use std::fmt;

use crate::core::{Billed, Error, Kind, Operation, Task, UnknownSubmit};

/// What a call reports while it goes on.
#[derive(Clone, Copy, Debug)]
pub enum CallEvent<'a> {
    /// A submit leaves: until its answer is read nobody knows whether it is accepted. To a gateway it has a key that it
    /// can be asked about by.
    Submitting(Option<&'a UnknownSubmit>),
    /// The submit was refused before acceptance, and waits for another try.
    Pausing,
    /// The task was accepted, or looked at.
    Updated(&'a Task),
}

/// What is known of one call while it goes on: for whoever watches it, and for whoever ends it early.
pub struct CallContext<'a> {
    on_event: &'a dyn Fn(CallEvent<'_>),
    known: RefCell<Known>,
}

#[derive(Debug, Default)]
struct Known {
    stage: Stage,
    /// The task it is about.
    task_id: Option<String>,
    /// Whether that task is there and goes on whatever becomes of this call.
    task_goes_on: bool,
    /// Whether it is paid for: by this call, or before.
    paid: bool,
    /// The submit that is asked about, or that is on its way.
    submit: Option<UnknownSubmit>,
    /// Whether the submit was unknown before this call began, and stays so.
    was_unknown: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    NotSent,
    OnItsWay(Operation),
    Pausing,
}

impl<'a> CallContext<'a> {
    /// The context of a call that has not begun.
    pub fn new(on_event: &'a dyn Fn(CallEvent<'_>)) -> Self {
        Self { on_event, known: RefCell::default() }
    }

    /// Whether a submit is on its way: nobody should end the call now, as the task may be paid for and lost.
    pub fn is_submitting(&self) -> bool {
        self.known.borrow().stage == Stage::OnItsWay(Operation::Submit)
    }

    /// The error of a caller who ends the call now.
    pub fn aborted(&self) -> Error {
        let known = self.known.borrow();
        if let Some(task_id) = known.task_id.as_deref().filter(|_| known.task_goes_on) {
            return Error::new(Kind::Aborted, "aborted; the task goes on").after_acceptance(task_id);
        }
        let error = match known.stage {
            Stage::Pausing => Error::new(Kind::Aborted, "aborted before another try"),
            Stage::NotSent => Error::new(Kind::Aborted, "aborted before anything was sent"),
            Stage::OnItsWay(operation) => Error::unanswered(operation, Kind::Aborted, "aborted by the caller"),
        };
        known.annotated(error)
    }

    /// The error with what this call knows of the task, and of the submit.
    pub(super) fn annotated(&self, error: Error) -> Error {
        self.known.borrow().annotated(error)
    }

    pub(crate) fn looks_at(&self, task_id: &str) {
        self.known.borrow_mut().task_id = Some(task_id.to_owned());
    }

    pub(crate) fn waits_for(&self, task_id: &str) {
        let mut known = self.known.borrow_mut();
        known.task_id = Some(task_id.to_owned());
        known.task_goes_on = true;
    }

    pub(crate) fn downloads(&self, task_id: &str) {
        let mut known = self.known.borrow_mut();
        known.task_id = Some(task_id.to_owned());
        known.paid = true;
    }

    pub(crate) fn asks_about(&self, submit: &UnknownSubmit) {
        let mut known = self.known.borrow_mut();
        known.submit = Some(submit.clone());
        known.was_unknown = true;
    }

    pub(super) fn sending(&self, operation: Operation, submit: Option<UnknownSubmit>) {
        let mut known = self.known.borrow_mut();
        known.stage = Stage::OnItsWay(operation);
        if operation == Operation::Submit {
            if !known.was_unknown {
                known.submit.clone_from(&submit);
            }
            drop(known);
            (self.on_event)(CallEvent::Submitting(submit.as_ref()));
        }
    }

    pub(super) fn pausing(&self) {
        let before = std::mem::replace(&mut self.known.borrow_mut().stage, Stage::Pausing);
        if before == Stage::OnItsWay(Operation::Submit) {
            (self.on_event)(CallEvent::Pausing);
        }
    }

    pub(super) fn accepted(&self, task: &Task) {
        {
            let mut known = self.known.borrow_mut();
            (known.stage, known.paid) = (Stage::NotSent, true);
            known.task_id = Some(task.task_id.clone());
        }
        (self.on_event)(CallEvent::Updated(task));
    }

    pub(super) fn looked(&self, task: &Task) {
        (self.on_event)(CallEvent::Updated(task));
    }
}

impl Known {
    fn annotated(&self, error: Error) -> Error {
        if self.was_unknown {
            // Whatever becomes of the question, the submit it is about may have been accepted.
            return error.with(|error| {
                error.billed = Billed::Unknown;
                error.submit.clone_from(&self.submit);
            });
        }
        match &self.task_id {
            Some(task_id) if self.paid => error.after_acceptance(task_id),
            Some(task_id) => error.with(|error| error.task_id = Some(task_id.clone())),
            None if error.billed == Billed::Unknown => error.with(|error| error.submit.clone_from(&self.submit)),
            None => error,
        }
    }
}

impl fmt::Debug for CallContext<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CallContext").field("known", &self.known).finish_non_exhaustive()
    }
}
