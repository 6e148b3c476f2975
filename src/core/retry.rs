//! Whether and when a failed call is sent again. Pure: the caller brings the clock and the coin.

use std::cell::Cell;

use super::{Error, Kind};

/// How often one call is sent at the most.
pub const MAX_TRIES: u32 = 3;

/// The longest pause a server can ask for; one that asks for more gets no second try, and the caller is told.
const MAX_RETRY_AFTER_MS: i64 = 60_000;
const FIRST_BACKOFF_MS: i64 = 500;
const MAX_BACKOFF_MS: i64 = 8_000;

/// What all calls of a client may spend on retries together, so that a server in trouble isn't buried: a token bucket
/// that holds ten retries and gains one with every ten calls. Counted in tenths of a retry.
#[derive(Clone, Debug)]
pub struct RetryBudget(Cell<u32>);

impl RetryBudget {
    const FULL: u32 = 100;
    const RETRY: u32 = 10;

    /// A full bucket.
    pub const fn new() -> Self {
        Self(Cell::new(Self::FULL))
    }

    /// Takes note of a call.
    pub fn called(&self) {
        self.0.set((self.0.get() + 1).min(Self::FULL));
    }

    fn take(&self) -> bool {
        let left = self.0.get().checked_sub(Self::RETRY);
        self.0.set(left.unwrap_or(self.0.get()));
        left.is_some()
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new()
    }
}

/// The tries of one call.
#[derive(Clone, Debug)]
pub struct Retry {
    tries: u32,
    max_tries: u32,
}

impl Retry {
    /// A call that is sent once, and at most `max_tries` times in all.
    pub const fn new(max_tries: u32) -> Self {
        Self { tries: 1, max_tries }
    }

    /// The pause before the next try, in milliseconds; `None` if there is none. `random` is in [0, 1).
    ///
    /// An error is worth a second try if the same call may succeed later and can't pay twice: a submit that may have
    /// been accepted never is. The pause is the server's `Retry-After`, else exponential with full jitter.
    pub fn pause_after(&mut self, error: &Error, budget: &RetryBudget, random: f64) -> Option<u32> {
        // A task's own end isn't the call's failure, and an answer that makes no sense will make none again.
        if !error.retryable() || error.kind == Kind::BadResponse {
            return None;
        }
        self.next_pause(error, budget, random)
    }

    /// The same of a file: its host is at times slow to have it.
    pub fn pause_for_file(&mut self, error: &Error, budget: &RetryBudget, random: f64) -> Option<u32> {
        if error.kind == Kind::NotFound {
            return self.next_pause(error, budget, random);
        }
        self.pause_after(error, budget, random)
    }

    fn next_pause(&mut self, error: &Error, budget: &RetryBudget, random: f64) -> Option<u32> {
        if self.tries >= self.max_tries {
            return None;
        }
        let pause = match error.retry_after {
            Some(seconds) => Some(i64::from(seconds) * 1000).filter(|ms| *ms <= MAX_RETRY_AFTER_MS)?,
            None => {
                let longest = (FIRST_BACKOFF_MS << (self.tries - 1).min(10)).min(MAX_BACKOFF_MS);
                (longest as f64 * random) as i64
            }
        };
        if !budget.take() {
            return None;
        }
        self.tries += 1;
        u32::try_from(pause).ok()
    }
}
