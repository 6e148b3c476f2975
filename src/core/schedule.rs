use super::{Speed, TaskType};

/// The shortest time between two looks when the server names none.
const FLOOR_MS: i64 = 5_000;
/// The longest, the interval the vendor's quick start uses.
const CEILING_MS: i64 = 30_000;

/// How long an upscale usually takes, in milliseconds; a guess.
pub const UPSCALE_TYPICAL_MS: i64 = 30_000;

/// How long such a task usually takes, in milliseconds. Relaxed, fast and omni are recorded traffic (*T*: 214 s, 60 s
/// and 250 s); turbo and video are guesses, and only decide when the first look happens.
pub const fn typical_ms(task_type: TaskType, speed: Option<Speed>) -> i64 {
    match (task_type, speed) {
        (TaskType::OmniReference, _) => 250_000,
        (TaskType::Video | TaskType::VideoHd, _) => 120_000,
        (_, Some(Speed::Relaxed)) => 214_000,
        (_, Some(Speed::Turbo)) => 30_000,
        (_, Some(Speed::Fast) | None) => 60_000,
    }
}

/// When to look at a task: near its expected end first, then at growing intervals. A pure state machine: the caller
/// brings the clock, in milliseconds.
#[derive(Clone, Debug)]
pub struct Schedule {
    next_look_at: i64,
    /// Before this another look would be too soon, even the last one before the deadline.
    earliest: i64,
    interval: i64,
    deadline: i64,
}

impl Schedule {
    /// A schedule that starts now and ends after `timeout_ms`. A task whose expected end isn't known is looked at
    /// at once.
    pub fn new(now: i64, expected_at: Option<i64>, timeout_ms: i64) -> Self {
        let first = expected_at.unwrap_or(now).clamp(now, now.saturating_add(CEILING_MS * 20));
        let deadline = now.saturating_add(timeout_ms.max(0));
        Self { next_look_at: first, earliest: now, interval: FLOOR_MS, deadline }
    }

    /// The time of the next look: at the latest at the deadline, and `None` once there is none left before it.
    pub fn next_look(&self) -> Option<i64> {
        (self.earliest <= self.deadline).then_some(self.next_look_at.min(self.deadline))
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
    }
}
