//! How long tasks take: as recorded traffic has it, and better, as the caller's own past tasks had it.

use std::collections::BinaryHeap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::given::Given;
use super::terms::{Speed, TaskType, Word};

/// How many of the last durations are kept for each kind of task.
const MAX_SAMPLES: usize = 20;
/// With fewer own durations than this, those of recorded traffic count.
const ENOUGH_SAMPLES: usize = 3;

/// How long such a task usually takes, in milliseconds. Relaxed, fast and omni are recorded traffic (*T*: 214 s, 60 s
/// and 250 s); the rest are guesses, and only decide when the first look happens.
pub fn typical_ms(task_type: Option<&str>, speed: Option<Speed>) -> i64 {
    let Some(word) = task_type else { return 30_000 };
    match (TaskType::from_word(word), speed) {
        (Some(TaskType::OmniReference), _) => 250_000,
        (Some(TaskType::Video | TaskType::VideoHd), _) => 120_000,
        (Some(_), Some(Speed::Relaxed)) => 214_000,
        (Some(_), Some(Speed::Turbo)) => 30_000,
        (Some(_), Some(Speed::Fast) | None) => 60_000,
        // The extension of a video has a type of its own; upscales and variations are submitted without any.
        (None, _) => 120_000,
    }
}

/// How long a task is likely to take from now: an estimate, never a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLeft {
    /// Milliseconds, if it is quick.
    pub min_ms: i64,
    /// Milliseconds, if it is slow.
    pub max_ms: i64,
    /// How many of the caller's own tasks this comes from; 0 if from typical durations.
    pub samples: usize,
}

/// `{"min", "max", "samples", "estimate": true}`
impl Serialize for TimeLeft {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Marked {
            min: i64,
            max: i64,
            samples: usize,
            estimate: bool,
        }
        Marked { min: self.min_ms, max: self.max_ms, samples: self.samples, estimate: true }.serialize(serializer)
    }
}

/// The durations of a caller's own past tasks, by kind. As JSON an object of lists, in milliseconds, to keep for the next
/// client. What isn't that is left out when it is read: an estimate is no reason to fail.
///
/// ```
/// use midapi::core::{History, Speed};
///
/// let mut history: History = serde_json::from_str(r#"{"mj_txt2img/fast": [41000, 52000]}"#)?;
/// history.add(Some("mj_txt2img"), Some(Speed::Fast), 47_000);
/// let left = history.time_left(Some("mj_txt2img"), Some(Speed::Fast), 40_000);
/// assert_eq!((left.min_ms, left.max_ms, left.samples), (1_000, 12_000, 3));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History(Vec<(String, Vec<i64>)>);

impl History {
    /// Takes note of a task that took this long.
    pub fn add(&mut self, task_type: Option<&str>, speed: Option<Speed>, ms: i64) {
        self.add_to(kind(task_type, speed), ms);
    }

    fn add_to(&mut self, kind: String, ms: i64) {
        if ms <= 0 {
            return;
        }
        let at = self.0.iter().position(|(known, _)| *known == kind).unwrap_or_else(|| {
            self.0.push((kind, Vec::new()));
            self.0.len() - 1
        });
        let Some((_, durations)) = self.0.get_mut(at) else { return };
        durations.push(ms);
        if durations.len() > MAX_SAMPLES {
            durations.remove(0);
        }
    }

    /// How long such a task is likely to take in all, in milliseconds: the middle of what is known.
    pub fn expected_ms(&self, task_type: Option<&str>, speed: Option<Speed>) -> i64 {
        let known = self.sorted(task_type, speed);
        known.get(known.len() / 2).copied().unwrap_or_else(|| typical_ms(task_type, speed))
    }

    /// How long a task that began `elapsed_ms` ago is likely to take from now. Of the caller's own tasks the middle
    /// eight of ten count; typical durations are halved and doubled.
    pub fn time_left(&self, task_type: Option<&str>, speed: Option<Speed>, elapsed_ms: i64) -> TimeLeft {
        let known = self.sorted(task_type, speed);
        let typical = typical_ms(task_type, speed);
        let tail = known.len() / 10;
        let min = known.get(tail).copied().unwrap_or(typical / 2);
        let max = known.iter().rev().nth(tail).copied().unwrap_or(typical * 2);
        let left = |ms: i64| (ms - elapsed_ms.max(0)).max(0);
        TimeLeft { min_ms: left(min), max_ms: left(max), samples: known.len() }
    }

    /// The caller's own durations, if there are enough, from the shortest.
    fn sorted(&self, task_type: Option<&str>, speed: Option<Speed>) -> Vec<i64> {
        let kind = kind(task_type, speed);
        let known = self.0.iter().find(|(known, durations)| *known == kind && durations.len() >= ENOUGH_SAMPLES);
        let known = known.map(|(_, durations)| durations.clone()).unwrap_or_default();
        // A heap's sort is a tenth of the code of a slice's, for twenty numbers.
        BinaryHeap::from(known).into_sorted_vec()
    }
}

impl Serialize for History {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(kind, durations)| (kind, durations)))
    }
}

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut history = Self::default();
        if let Given::Object(kinds) = Given::deserialize(from)? {
            for (kind, durations) in kinds {
                let Given::List(durations) = durations else { continue };
                for ms in durations {
                    history.add_to(kind.clone(), ms.whole().unwrap_or_default());
                }
            }
        }
        Ok(history)
    }
}

fn kind(task_type: Option<&str>, speed: Option<Speed>) -> String {
    format!("{}/{}", task_type.unwrap_or_default(), speed.map_or("", Speed::as_str))
}
