/// How many tasks an account may submit within [`WINDOW_MS`]; more are refused with 429 and not queued (the vendor's
/// sister site).
pub const SUBMITS_PER_WINDOW: usize = 20;
/// The length of the window. A little longer than the vendor's 10 s: requests don't arrive as evenly as they leave.
pub const WINDOW_MS: i64 = 10_500;

/// Spaces submits so that the vendor takes them all. Pure: the caller brings the clock, in milliseconds.
#[derive(Clone, Debug)]
pub struct Pace {
    /// When the last submits left, as many as a window takes; the oldest at `oldest`.
    left_at: [i64; SUBMITS_PER_WINDOW],
    oldest: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { left_at: [i64::MIN; SUBMITS_PER_WINDOW], oldest: 0 }
    }
}

impl Pace {
    /// The time from which the next submit may leave.
    pub fn next(&self, now: i64) -> i64 {
        let oldest = self.left_at.get(self.oldest).copied().unwrap_or(i64::MIN);
        now.max(oldest.saturating_add(WINDOW_MS))
    }

    /// Takes note of a submit that leaves now.
    pub fn submitted(&mut self, now: i64) {
        if let Some(oldest) = self.left_at.get_mut(self.oldest) {
            *oldest = now;
        }
        self.oldest = (self.oldest + 1) % SUBMITS_PER_WINDOW;
    }
}
