//! What a job's caller wants to be told at its end.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::Job;
use crate::core::ArchiveState;

/// In how many milliseconds a callback that wasn't received is posted again: after 1, 5 and 15 minutes, as the vendor does.
const RETRIES_MS: [i64; 3] = [60_000, 5 * 60_000, 15 * 60_000];

/// For how long a callback waits for the copies of the files, whose links last longer.
const WAIT_FOR_COPIES_MS: i64 = 60_000;

/// A callback to the caller.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delivery {
    url: String,
    /// When the job ended.
    ended_at: Option<i64>,
    /// How often it was posted.
    tries: u32,
    /// When it is posted next; none once it was received, or nobody will receive it.
    next_at: Option<i64>,
}

impl Delivery {
    pub(super) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), ended_at: None, tries: 0, next_at: None }
    }
}

impl Job {
    pub(super) fn ended_at(&mut self, now: i64) {
        if let Some(delivery) = &mut self.delivery {
            (delivery.ended_at, delivery.next_at) = (Some(now), Some(now));
        }
    }

    /// When the caller is to be told, if it is.
    pub(super) fn delivery_due(&self) -> Option<i64> {
        let delivery = self.delivery.as_ref()?;
        let next_at = delivery.next_at?;
        match self.archive_state() {
            Some(ArchiveState::Pending) => Some(next_at.max(delivery.ended_at? + WAIT_FOR_COPIES_MS)),
            _ => Some(next_at),
        }
    }

    /// Where the caller is told, and the number of this try, counted from 1.
    pub fn next_delivery(&self) -> Option<(&str, u32)> {
        let delivery = self.delivery.as_ref().filter(|delivery| delivery.next_at.is_some())?;
        Some((&delivery.url, delivery.tries + 1))
    }

    /// Whether the callback was received. Where nobody is to receive it, it isn't tried again.
    pub fn finish_delivery(&mut self, received: bool, now: i64) {
        let Some(delivery) = &mut self.delivery else { return };
        let pause = RETRIES_MS.get(delivery.tries as usize).filter(|_| !received);
        delivery.tries += 1;
        delivery.next_at = pause.map(|pause| now + pause);
    }

    /// Nobody will ever receive the callback.
    pub fn give_up_delivery(&mut self) {
        if let Some(delivery) = &mut self.delivery {
            delivery.next_at = None;
        }
    }
}
