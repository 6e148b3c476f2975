//! When the vendor is asked about a task, and what it says.

use serde::{Deserialize, Serialize};

use super::{Job, JobState, Stage};
use crate::core::{Billed, CallBackUrl, Error, RETENTION_MS, Record, Schedule, State, Task, typical_ms};

/// The shortest time between two looks at the vendor's record, however many ask.
const LOOK_FLOOR_MS: i64 = 5_000;

/// How long a look may take before another is begun: longer than a call may take.
const LOOK_LEASE_MS: i64 = 65_000;

/// For how long a task is looked at on schedule. After that it is called timed out, and looked at rarely.
const ON_SCHEDULE_MS: i64 = 60 * 60 * 1000;

/// How rarely a task is looked at that has timed out.
const LATE_LOOK_MS: std::ops::RangeInclusive<i64> = 5 * 60 * 1000..=6 * 60 * 60 * 1000;

/// When the vendor is asked though nobody wants to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LookPlan {
    accepted_at: i64,
    schedule: Schedule,
    /// The next look, once the schedule is over; none after the time for which the vendor keeps files.
    late_look_at: Option<i64>,
    /// Whether the vendor is to call back: then a look is only for a callback that got lost.
    expects_callback: bool,
}

impl LookPlan {
    fn new(now: i64, expected_ms: i64, expects_callback: bool) -> Self {
        let expected_at = now.saturating_add(expected_ms);
        let schedule = match expects_callback {
            true => Schedule::beside_callbacks(now, expected_at, ON_SCHEDULE_MS),
            false => Schedule::new(now, Some(expected_at), ON_SCHEDULE_MS),
        };
        Self { accepted_at: now, schedule, late_look_at: None, expects_callback }
    }

    /// Whether the task has timed out.
    pub(super) fn is_over(&self) -> bool {
        self.schedule.next_look(false).is_none()
    }

    pub(super) fn next(&self) -> Option<i64> {
        self.schedule.next_look(false).or(self.late_look_at)
    }

    fn looked(&mut self, now: i64, look_again_after: Option<u32>) {
        // Where the vendor calls back, its pace says when it does so.
        let pace = look_again_after.filter(|_| !self.expects_callback);
        if pace.is_none() && self.next().is_some_and(|next| now < next) {
            // Somebody wanted to know before it was time.
            return;
        }
        self.schedule.looked(now, pace);
        if self.is_over() {
            let age = now.saturating_sub(self.accepted_at);
            let pause = (age / 4).clamp(*LATE_LOOK_MS.start(), *LATE_LOOK_MS.end());
            self.late_look_at = (age < RETENTION_MS).then_some(now.saturating_add(pause));
        }
    }

    /// The next look is due.
    fn wake(&mut self, now: i64) {
        match self.is_over() {
            true => self.late_look_at = Some(now),
            false => self.schedule.woken(now),
        }
    }
}

impl Job {
    /// The vendor has taken the task: when it is looked at. `look_again_after` is the vendor's own word, in seconds.
    pub fn plan_looks(&mut self, now: i64, look_again_after: Option<u32>, expects_callback: bool) {
        let expected_ms = match look_again_after {
            Some(seconds) => i64::from(seconds) * 1000,
            None => typical_ms(self.task_type.as_deref(), self.speed),
        };
        self.plan = Some(LookPlan::new(now, expected_ms, expects_callback));
    }

    /// The path at which the vendor calls back, below the gateway's address.
    pub fn callback_path(&self) -> String {
        ["api/v1/callback/", &self.id, "/", &self.callback_token].concat()
    }

    /// The vendor has called back. Its word is no proof of anything, but a reason to look: at once, if the job has a task;
    /// if nobody knows whether it has one, at the task that the callback names.
    pub fn called_back(&mut self, claimed: Option<String>, now: i64) {
        match self.stage {
            Stage::Accepted { .. } => {
                self.look_at = 0;
                if let Some(plan) = &mut self.plan {
                    plan.wake(now);
                }
            }
            _ => self.claimed = claimed.or(self.claimed.take()),
        }
        self.held_until = 0;
    }

    /// The vendor's id that a callback claims for a job of unknown outcome.
    pub fn claim(&self) -> Option<&str> {
        if matches!(self.stage, Stage::Unknown { .. }) { self.claimed.as_deref() } else { None }
    }

    /// What the record of the claimed task says. It is this job's if it repeats the request with the address to call back
    /// at, which is in no other.
    pub fn verify_claim(&mut self, record: Option<&Record>, now: i64) {
        let Some(claimed) = self.claimed.take() else { return };
        let request = record.filter(|record| record.task_id == claimed).and_then(|record| record.param_json.as_deref());
        let url = request.and_then(CallBackUrl::of);
        let is_ours = url.is_some_and(|url| url.ends_with(&["/", &*self.callback_path()].concat()));
        if is_ours && matches!(self.stage, Stage::Unknown { .. }) {
            self.stage = Stage::Accepted { vendor_id: claimed };
            self.plan_looks(now, Some(0), true);
            self.changed();
        }
    }

    /// Whether the vendor is to be asked now, and its id of the task. Then the time of the next look is far away: those
    /// who ask meanwhile get what is known.
    pub fn start_look(&mut self, now: i64) -> Option<String> {
        let Stage::Accepted { vendor_id } = &self.stage else { return None };
        if self.ended || now < self.look_at {
            return None;
        }
        let vendor_id = vendor_id.clone();
        if self.plan.is_none() {
            // An older gateway looked only when somebody asked.
            self.plan_looks(now, Some(0), false);
        }
        self.look_at = now + LOOK_LEASE_MS;
        Some(vendor_id)
    }

    /// What a look has found. An ended job stays as it is, whichever look comes back last.
    pub fn finish_look(&mut self, record: Record, look_again_after: Option<u32>, now: i64) {
        if self.ended || !matches!(self.stage, Stage::Accepted { .. }) {
            return;
        }
        self.look_again(look_again_after, now);
        self.ended = Task::from(record.clone()).state != State::Running;
        if self.record.as_ref() != Some(&record) {
            self.changed();
        }
        if self.ended {
            self.ended_at(now);
        }
        self.record = Some(record);
    }

    /// A look that failed is no reason to ask at once. A server may say when it can be asked again, in seconds.
    pub fn fail_look(&mut self, retry_after: Option<u32>, now: i64) {
        if !self.ended {
            self.look_again(retry_after, now);
            self.look_again_after = None;
        }
    }

    fn look_again(&mut self, after: Option<u32>, now: i64) {
        let after_ms = after.map_or(LOOK_FLOOR_MS, |seconds| (i64::from(seconds) * 1000).clamp(1_000, LOOK_FLOOR_MS));
        self.look_at = now + after_ms;
        self.look_again_after = after;
        let had_timed_out = self.state() == JobState::TimedOut;
        if let Some(plan) = &mut self.plan {
            plan.looked(now, after);
            // Whoever waits for a callback gets one: their questions needn't reach the vendor.
            if let Some(next) = plan.next().filter(|_| plan.expects_callback) {
                self.look_at = self.look_at.max(next);
            }
        }
        if self.state() == JobState::TimedOut && !had_timed_out {
            self.changed();
        }
    }

    /// When the vendor is asked next, if it is.
    pub(super) fn look_due(&self) -> Option<i64> {
        let goes_on = matches!(self.stage, Stage::Accepted { .. }) && !self.ended;
        Some(self.plan.as_ref().filter(|_| goes_on)?.next()?.max(self.look_at))
    }

    /// The vendor's record as a caller gets it: as it was last seen, else what is known without a look. Of a submit without
    /// a clear answer nobody knows whether there is one.
    pub fn record(&self) -> Result<Record, Error> {
        if let Stage::Unknown { failure } = &self.stage {
            return Err(failure.to_error(Billed::Unknown));
        }
        if let Some(record) = &self.record {
            let mut record = record.clone();
            if record.param_json.is_none() {
                record.param_json.clone_from(&self.param_json);
            }
            return Ok(record);
        }
        let failure = match &self.stage {
            Stage::Refused { failure } => Some(failure),
            _ => None,
        };
        Ok(Record {
            task_id: self.id.clone(),
            task_type: self.task_type.clone(),
            param_json: self.param_json.clone(),
            create_time: Some(self.created_at),
            success_flag: if failure.is_some() { 3 } else { 0 },
            error_message: failure.map(|failure| failure.message.clone()),
            ..Record::default()
        })
    }

    /// In how many seconds another look is worthwhile.
    pub fn look_again_after(&self, now: i64) -> Option<u32> {
        let after = self.look_again_after.filter(|_| !self.ended)?;
        // Of a look under way nobody knows; the vendor's own word is as good as any.
        let left = (self.look_at - now + 999).div_euclid(1000);
        let left = u32::try_from(left).ok().filter(|left| *left <= after);
        Some(left.map_or(after, |left| left.max(1)))
    }
}
