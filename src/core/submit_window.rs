use std::cell::RefCell;
use std::collections::VecDeque;

/// How many tasks an account may submit within [`WINDOW_MS`]; more are refused with 429 and not queued (the vendor's
/// sister site).
pub const SUBMITS_PER_WINDOW: usize = 20;
/// The length of the window. A little longer than the vendor's 10 s: requests don't arrive as evenly as they leave.
pub const WINDOW_MS: i64 = 10_500;

/// Spaces the submits of an account so that the vendor takes them all. Pure: the caller brings the clock, in
/// milliseconds.
#[derive(Debug, Default)]
pub struct SubmitWindow {
    /// When the last submits left, as many as a window takes, from the oldest.
    left_at: RefCell<VecDeque<i64>>,
}

impl SubmitWindow {
    /// The time from which the next submit may leave.
    pub fn next(&self, now: i64) -> i64 {
        let left_at = self.left_at.borrow();
        let oldest = left_at.front().filter(|_| left_at.len() == SUBMITS_PER_WINDOW);
        oldest.map_or(now, |oldest| now.max(oldest.saturating_add(WINDOW_MS)))
    }

    /// Takes note of a submit that leaves now.
    pub fn submitted(&self, now: i64) {
        let mut left_at = self.left_at.borrow_mut();
        if left_at.len() == SUBMITS_PER_WINDOW {
            left_at.pop_front();
        }
        left_at.push_back(now);
    }
}
