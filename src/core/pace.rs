use std::collections::VecDeque;

/// How many tasks an account may submit within [`WINDOW_MS`]; more are refused with 429 and not queued (the vendor's
/// sister site).
pub const SUBMITS_PER_WINDOW: usize = 20;
/// The length of the window. A little longer than the vendor's 10 s: requests don't arrive as evenly as they leave.
pub const WINDOW_MS: i64 = 10_500;

/// Spaces submits so that the vendor takes them all. Pure: the caller brings the clock, in milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Pace(VecDeque<i64>);

impl Pace {
    /// The time from which the next submit may leave.
    pub fn next(&self, now: i64) -> i64 {
        match self.0.len().checked_sub(SUBMITS_PER_WINDOW).and_then(|at| self.0.get(at)) {
            Some(oldest) => now.max(oldest.saturating_add(WINDOW_MS)),
            None => now,
        }
    }

    /// Takes note of a submit that leaves now.
    pub fn submitted(&mut self, now: i64) {
        self.0.push_back(now);
        while self.0.len() > SUBMITS_PER_WINDOW {
            self.0.pop_front();
        }
    }
}
