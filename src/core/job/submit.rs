//! The order of a job, from the reservation to the vendor's answer.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{Job, Stage, StoredError};
use crate::core::de::lenient_word;
use crate::core::{Billed, Error, Operation, TaskType, Word};

/// How long a submit may take before it is called lost: longer than reserving, sending and waiting may take together.
pub const SUBMIT_LEASE_MS: i64 = 120_000;

/// What the submit of an order comes to whose job is there already.
#[derive(Debug, PartialEq, Eq)]
pub enum Resubmission {
    /// It may be tried again: it was refused before it cost anything.
    Retry,
    /// The vendor has it.
    SameTask,
}

/// What a change of a task has to know of it.
#[skip_serializing_none]
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParentTask {
    /// The vendor's id.
    pub vendor_id: String,
    /// The type whose prices count.
    #[serde(default, deserialize_with = "lenient_word")]
    pub price_type: Option<TaskType>,
    /// The prompt it was made from.
    pub prompt: Option<String>,
}

impl Job {
    /// Decides about an order of this job that comes again.
    pub fn resubmitted(&self, digest: &str) -> Result<Resubmission, Error> {
        if self.digest != digest {
            return Err(Error::invalid("idempotencyKey", "was used for another request; each request needs its own"));
        }
        match &self.stage {
            Stage::Refused { .. } => Ok(Resubmission::Retry),
            Stage::Unknown { failure } => Err(failure.to_error(Billed::Unknown)),
            Stage::Accepted { .. } => Ok(Resubmission::SameTask),
            Stage::Removed => Err(Error::invalid("idempotencyKey", "was used for a task that has been deleted")),
            // A job's orders come one after the other: whoever drove this one is gone.
            Stage::Reserving | Stage::Submitting => Err(broken_off(self.stage == Stage::Submitting)),
        }
    }

    /// Another try of a job that was refused.
    pub fn retried(self, now: i64) -> Self {
        Self { attempt: self.attempt + 1, stage: Stage::Reserving, settled: false, created_at: now, ..self }
    }

    /// The name of the current try's reservation.
    pub fn reservation(&self) -> String {
        format!("{}/{}", self.id, self.attempt)
    }

    /// How the submit ended. A driver that was given up meanwhile may still bring the vendor's answer, and that counts;
    /// but of a task that was found meanwhile nobody has to say any more that it may not be there.
    pub fn finish_submit(&mut self, outcome: &Result<String, Error>) {
        self.stage = match (outcome, &self.stage) {
            (_, Stage::Removed) => return,
            (Ok(vendor_id), Stage::Accepted { vendor_id: known }) if vendor_id == known => return,
            (Ok(vendor_id), _) => Stage::Accepted { vendor_id: vendor_id.clone() },
            (Err(_), Stage::Accepted { .. }) => return,
            (Err(error), _) if error.billed == Billed::No => Stage::Refused { failure: StoredError::of(error) },
            (Err(error), _) => Stage::Unknown { failure: StoredError::of(error) },
        };
        self.settled = false;
        self.changed();
    }

    /// What is true of a try whose driver is gone: killed before it sent anything, or after.
    pub fn abandon(&mut self) {
        let sent = match self.stage {
            Stage::Reserving => false,
            Stage::Submitting => true,
            _ => return,
        };
        let failure = StoredError::of(&broken_off(sent));
        self.stage = if sent { Stage::Unknown { failure } } else { Stage::Refused { failure } };
        self.changed();
    }

    /// Whether the credits of the current try count as spent; `None` while it is under way.
    pub const fn spent(&self) -> Option<bool> {
        match self.stage {
            Stage::Reserving | Stage::Submitting => None,
            Stage::Accepted { .. } | Stage::Unknown { .. } | Stage::Removed => Some(true),
            Stage::Refused { .. } => Some(false),
        }
    }

    /// Whether it is of no use to anybody: it cost nothing, the ledger knows that, and nobody can order it again.
    pub fn is_forgettable(&self) -> bool {
        self.spent() == Some(false) && self.settled && !self.has_key
    }

    /// What a change of its task has to know, once there is one.
    pub fn into_parent(self) -> Option<ParentTask> {
        let Stage::Accepted { vendor_id } = self.stage else { return None };
        // An older gateway stored no price type, but the vendor's word for what it does.
        let price_type = self.price_type.or_else(|| TaskType::from_word(&self.task_type?));
        Some(ParentTask { vendor_id, price_type, prompt: self.prompt })
    }
}

/// The error of a try whose driver is gone.
fn broken_off(sent: bool) -> Error {
    let (code, message) = match sent {
        true => (500, "the gateway broke off while the vendor was asked"),
        false => (455, "the gateway broke off before anything was sent"),
    };
    Error::refused(Operation::Submit, code, message.to_owned())
}
