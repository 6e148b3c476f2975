//! The life of a job of a gateway's: from the order to the record of its end, the copies of its files, and what its caller is told.
//! Pure: whoever drives it brings the clock and the storage.

mod archive;
mod delivery;
mod duty;
mod look;
mod stage;
mod submit;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use self::archive::Archive;
pub use self::archive::{ArchivedFile, CopyOutcome, FileToCopy};
use self::delivery::Delivery;
pub use self::duty::Duty;
use self::look::LookPlan;
pub use self::stage::{JobState, Stage, StoredError};
pub use self::submit::{ParentTask, Resubmission, SUBMIT_LEASE_MS};
use super::de::lenient_word;
use super::{Error, Parent, Record, Speed, Submission, TaskType, public_param_json};

/// How long a job is kept at least: longer than the vendor keeps the files.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How long a job is kept that was refused: until whoever ordered it has tried it again.
const REFUSED_KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// For how long a duty that failed isn't tried again.
const DUTY_RETRY_MS: i64 = 60_000;

/// A job that is to be made.
#[derive(Debug)]
pub struct NewJob<'a> {
    /// Its id.
    pub id: &'a str,
    /// Whose it is.
    pub caller: &'a str,
    /// The hash of what is ordered.
    pub digest: String,
    /// Whether the caller can order it again.
    pub has_key: bool,
    /// What is ordered.
    pub submission: &'a Submission,
    /// The prompt: its own, or that of the task it starts from.
    pub prompt: Option<&'a str>,
    /// The task it starts from, as the caller knows it.
    pub parent: Option<&'a Parent>,
    /// Where the caller wants to be told of its end.
    pub call_back_url: Option<&'a str>,
    /// What the vendor shows to call back.
    pub callback_token: String,
    /// What signs the links to its files.
    pub link_secret: String,
}

/// A job, as it is stored. Names and values of fields stay as they are: jobs live longer than versions of the gateway.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its id, the one callers know.
    pub id: String,
    /// Whose it is: nobody else gets to know of it.
    #[serde(rename = "subject")]
    pub caller: String,
    /// The hash of what was ordered.
    pub digest: String,
    /// Whether the caller can order it again, as it has an idempotency key. What an older gateway stored may.
    #[serde(default = "yes")]
    pub has_key: bool,
    /// The vendor's word for what it does.
    pub task_type: Option<String>,
    /// The type whose prices count, for it and for what is made of it.
    #[serde(default, deserialize_with = "lenient_word")]
    price_type: Option<TaskType>,
    /// How fast it was asked to be.
    #[serde(default, deserialize_with = "lenient_word")]
    speed: Option<Speed>,
    /// The prompt, if it is known.
    pub prompt: Option<String>,
    /// The request as callers may see it, for where the vendor's record doesn't have it.
    param_json: Option<String>,
    /// What it starts from, if it starts from a task.
    pub parent: Option<Parent>,
    /// When it was ordered, in milliseconds since 1970.
    pub created_at: i64,
    /// The number of the current try, as each has a reservation of its own. The first has that of the time: a job that
    /// begins anew under its old id must not find the reservations of its earlier life.
    pub attempt: i64,
    /// Where it stands.
    #[serde(flatten)]
    pub stage: Stage,
    /// Whether the ledger knows how the try ended.
    pub settled: bool,
    /// The vendor's record as it was last seen, as callers get it but for the links to copies.
    record: Option<Record>,
    /// Whether that is the last one.
    pub ended: bool,
    /// Before this the vendor isn't asked again, whoever wants to know.
    look_at: i64,
    /// When the vendor is asked though nobody wants to know.
    plan: Option<LookPlan>,
    /// What the vendor shows to call back: known to nobody else.
    pub callback_token: String,
    /// The vendor's id that a callback claimed for this job, until it was looked into.
    claimed: Option<String>,
    /// In how many seconds the vendor thinks another look is worthwhile, if it says so.
    #[serde(rename = "pace")]
    look_again_after: Option<u32>,
    /// What signs the links to its files. A job of an older gateway has none, and no copies.
    pub link_secret: Option<String>,
    /// The copies of its files.
    archive: Option<Archive>,
    /// The files that are to be deleted, as its caller has deleted it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    to_erase: Vec<usize>,
    /// What its caller wants to be told, and where.
    delivery: Option<Delivery>,
    /// Counts the changes that its caller may see, and up to which of them the caller's list knows.
    #[serde(default)]
    version: u32,
    #[serde(default)]
    announced: u32,
    /// Before this no duty is tried again that failed.
    #[serde(default)]
    held_until: i64,
}

const fn yes() -> bool {
    true
}

impl Job {
    /// A job that was just ordered.
    pub fn new(order: NewJob<'_>, now: i64) -> Self {
        let submission = order.submission;
        Self {
            id: order.id.to_owned(),
            caller: order.caller.to_owned(),
            digest: order.digest,
            has_key: order.has_key,
            task_type: submission.task_type.clone(),
            price_type: submission.price_type,
            speed: submission.speed,
            prompt: order.prompt.map(str::to_owned),
            param_json: public_param_json(submission.body()),
            parent: order.parent.cloned(),
            created_at: now,
            attempt: now,
            stage: Stage::Reserving,
            settled: false,
            record: None,
            ended: false,
            look_at: 0,
            plan: None,
            callback_token: order.callback_token,
            claimed: None,
            look_again_after: None,
            link_secret: Some(order.link_secret),
            archive: None,
            to_erase: Vec::new(),
            delivery: order.call_back_url.map(Delivery::new),
            version: 0,
            announced: 0,
            held_until: 0,
        }
    }

    /// Where it stands, in one word.
    pub fn state(&self) -> JobState {
        match &self.stage {
            Stage::Reserving => JobState::Reserving,
            Stage::Submitting => JobState::Submitting,
            Stage::Refused { .. } => JobState::Refused,
            Stage::Unknown { .. } => JobState::Unknown,
            Stage::Removed => JobState::Removed,
            Stage::Accepted { .. } if self.ended => {
                let succeeded = self.record.as_ref().is_some_and(|record| record.success_flag == 1);
                if succeeded { JobState::Done } else { JobState::Failed }
            }
            Stage::Accepted { .. } if self.plan.as_ref().is_some_and(LookPlan::is_over) => JobState::TimedOut,
            Stage::Accepted { .. } => JobState::Running,
        }
    }

    /// How fast it was asked to be.
    pub const fn speed(&self) -> Option<Speed> {
        self.speed
    }

    /// How many bytes of copies it has.
    pub fn archived_bytes(&self) -> u64 {
        let bytes = |file: &ArchivedFile| if let ArchivedFile::Stored { bytes, .. } = file { *bytes } else { 0 };
        self.archived_files().iter().map(bytes).sum()
    }

    /// Until when it is kept.
    pub fn kept_until(&self) -> i64 {
        match self.spent() {
            Some(false) if !self.has_key => self.created_at,
            Some(false) => self.created_at + REFUSED_KEPT_MS,
            _ => (self.created_at + KEPT_MS).max(self.archive.as_ref().map_or(0, Archive::kept_until)),
        }
    }

    /// Its caller has deleted it. What is left keeps the same order from being paid for again under the same key, and says which
    /// files are still to be deleted. A submit that is under way can't be deleted.
    pub fn remove(&mut self) -> Result<(), Error> {
        match self.stage {
            Stage::Reserving | Stage::Submitting => {
                let must = "is being submitted; it can be deleted once that is answered";
                Err(Error::invalid("taskId", must).with(|error| error.code = Some(409)))
            }
            _ => {
                self.to_erase = self.files_to_erase();
                self.stage = Stage::Removed;
                (self.record, self.plan, self.archive, self.delivery) = (None, None, None, None);
                (self.prompt, self.parent, self.claimed, self.link_secret) = (None, None, None, None);
                self.param_json = None;
                self.changed();
                Ok(())
            }
        }
    }

    /// Takes note of something that its caller may see.
    fn changed(&mut self) {
        self.version = self.version.wrapping_add(1);
        self.held_until = 0;
    }
}
