use core::cell::Cell;

/// How many tasks an account may submit within [`WINDOW_MS`]; more are refused with 429 and not queued (the vendor's
/// sister site).
pub const SUBMITS_PER_WINDOW: usize = 20;
/// The length of the window. A little longer than the vendor's 10 s: requests don't arrive as evenly as they leave.
pub const WINDOW_MS: i64 = 10_500;

/// Spaces the submits of an account so that the vendor takes them all. Pure: the caller brings the clock, in
/// milliseconds.
#[derive(Debug)]
pub struct Pace {
    /// When the last submits left, as many as a window takes; the oldest at `oldest`.
    left_at: [Cell<i64>; SUBMITS_PER_WINDOW],
    oldest: Cell<usize>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { left_at: [const { Cell::new(i64::MIN) }; SUBMITS_PER_WINDOW], oldest: Cell::new(0) }
    }
}

impl Pace {
    /// The time from which the next submit may leave.
    pub fn next(&self, now: i64) -> i64 {
        let oldest = self.left_at.get(self.oldest.get()).map_or(i64::MIN, Cell::get);
        now.max(oldest.saturating_add(WINDOW_MS))
    }

    /// Takes note of a submit that leaves now.
    pub fn submitted(&self, now: i64) {
        if let Some(oldest) = self.left_at.get(self.oldest.get()) {
            oldest.set(now);
        }
        self.oldest.set((self.oldest.get() + 1) % SUBMITS_PER_WINDOW);
    }
}
