/// The shortest time between two looks when the server names none.
const FLOOR_MS: i64 = 5_000;
/// The longest, the interval the vendor's quick start uses.
const CEILING_MS: i64 = 30_000;
/// The shortest while nobody can see the page.
const HIDDEN_FLOOR_MS: i64 = 60_000;
/// An end expected later than this isn't believed: a look costs little, a result nobody fetches costs a task.
const FURTHEST_FIRST_LOOK_MS: i64 = 600_000;

/// When to look at a task: near its expected end first, then at growing intervals. A pure state machine: the caller
/// brings the clock, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "gateway", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub struct Schedule {
    next_look_at: i64,
    /// Before this another look would be too soon, even the last one before the deadline.
    earliest: i64,
    /// Before this a page nobody sees doesn't look.
    earliest_hidden: i64,
    interval: i64,
    deadline: i64,
}

impl Schedule {
    /// A schedule that starts now and ends after `timeout_ms`. A task whose expected end isn't known is looked at
    /// at once.
    pub fn new(now: i64, expected_at: Option<i64>, timeout_ms: i64) -> Self {
        let first = expected_at.unwrap_or(now).min(now.saturating_add(FURTHEST_FIRST_LOOK_MS)).max(now);
        let deadline = now.saturating_add(timeout_ms.max(0));
        Self { next_look_at: first, earliest: now, earliest_hidden: now, interval: FLOOR_MS, deadline }
    }

    /// The same for a task whose end the server tells by itself: a look is only for the word that got lost.
    #[cfg(feature = "gateway")]
    pub(crate) fn beside_callbacks(now: i64, expected_at: i64, timeout_ms: i64) -> Self {
        let grace = expected_at.saturating_sub(now).max(FLOOR_MS);
        let schedule = Self::new(now, Some(expected_at.saturating_add(grace)), timeout_ms);
        Self { interval: CEILING_MS, ..schedule }
    }

    /// The time of the next look: at the latest at the deadline, and `None` once there is none left before it.
    pub fn next_look(&self, hidden: bool) -> Option<i64> {
        let at = if hidden { self.next_look_at.max(self.earliest_hidden) } else { self.next_look_at };
        (self.earliest <= self.deadline).then_some(at.min(self.deadline))
    }

    /// The end of the wait.
    pub const fn deadline(&self) -> i64 {
        self.deadline
    }

    /// Takes note that somebody looks at the page again, or that the network is back: the next look is due.
    pub fn woken(&mut self, now: i64) {
        self.next_look_at = self.next_look_at.min(now.max(self.earliest));
        self.earliest_hidden = self.earliest;
    }

    /// Takes note of a look that found nothing final. A server that names a pace, in seconds, is taken at its word.
    pub fn looked(&mut self, now: i64, pace: Option<u32>) {
        let interval = match pace {
            Some(seconds) => i64::from(seconds.clamp(1, 600)) * 1000,
            None => {
                let interval = self.interval;
                self.interval = (interval + interval / 2).min(CEILING_MS);
                interval
            }
        };
        self.next_look_at = now.saturating_add(interval);
        self.earliest = now.saturating_add(interval.min(FLOOR_MS));
        self.earliest_hidden = now.saturating_add(HIDDEN_FLOOR_MS);
    }
}
