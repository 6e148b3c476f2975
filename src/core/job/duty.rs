//! What is to be done for a job, and when.

use super::{DUTY_RETRY_MS, Job, SUBMIT_LEASE_MS, Stage};

/// Something that is to be done for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Its submit is given up: whoever drove it is gone.
    Abandon,
    /// The ledger is told how the submit ended.
    Settle,
    /// The task that a callback claims is looked into.
    CheckClaim,
    /// The files of a deleted task are deleted.
    Erase,
    /// The caller's list, and those who watch, are told what has changed.
    Announce,
    /// The vendor is asked.
    Look,
    /// A file is copied.
    Copy,
    /// The caller's callback is posted.
    Deliver,
    /// It is deleted.
    Forget,
}

impl Job {
    /// What is to be done next, and when.
    pub fn next_duty(&self) -> (Duty, i64) {
        if matches!(self.stage, Stage::Reserving | Stage::Submitting) {
            return (Duty::Abandon, self.created_at + SUBMIT_LEASE_MS);
        }
        let when = |is_due: bool| is_due.then_some(self.held_until);
        let duties = [
            (Duty::Settle, when(!self.settled)),
            (Duty::CheckClaim, when(self.claim().is_some())),
            (Duty::Erase, when(!self.to_erase.is_empty())),
            (Duty::Announce, when(self.is_unannounced())),
            (Duty::Look, self.look_due()),
            (Duty::Deliver, self.delivery_due()),
            (Duty::Copy, self.copy_due()),
        ];
        let due = duties.into_iter().filter_map(|(duty, at)| Some((duty, at?)));
        // Never before the ledger knows how it ended: what is reserved would stay so.
        let forget_at = if self.settled { self.kept_until() } else { self.kept_until().max(self.held_until + 1) };
        let forget = (Duty::Forget, forget_at);
        due.chain([forget]).min_by_key(|(_, at)| *at).unwrap_or(forget)
    }

    /// A duty failed for a reason that may pass.
    pub fn hold(&mut self, now: i64) {
        self.held_until = now + DUTY_RETRY_MS;
    }

    /// Whether the caller's list is to be told of something. What was refused isn't in it; what was deleted is to leave it.
    pub fn is_unannounced(&self) -> bool {
        let is_listed = matches!(self.stage, Stage::Accepted { .. } | Stage::Unknown { .. } | Stage::Removed);
        self.version != self.announced && is_listed
    }

    /// Which change the list is told of.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The list knows of this change. More may have happened meanwhile.
    pub fn announced(&mut self, version: u32) {
        self.announced = version;
    }
}
