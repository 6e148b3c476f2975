//! How long tasks take: as recorded traffic has it, and better, as the caller's own past tasks had it.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::json::{Json, Object, Writer, list};
use super::text::{concat, decimal};
use super::{Speed, TaskType};

/// How many of the last durations are kept for each kind of task.
const KEPT: usize = 20;
/// With fewer own durations than this, those of recorded traffic count.
const ENOUGH: usize = 3;

/// How long such a task usually takes, in milliseconds. Relaxed, fast and omni are recorded traffic (*T*: 214 s, 60 s
/// and 250 s); the rest are guesses, and only decide when the first look happens.
pub fn typical_ms(task_type: Option<&str>, speed: Option<Speed>) -> i64 {
    match (task_type.map(TaskType::from_word), speed) {
        (Some(Some(TaskType::OmniReference)), _) => 250_000,
        (Some(Some(TaskType::Video | TaskType::VideoHd)), _) => 120_000,
        (Some(Some(_)), Some(Speed::Relaxed)) => 214_000,
        (Some(Some(_)), Some(Speed::Turbo)) => 30_000,
        (Some(Some(_)), Some(Speed::Fast) | None) => 60_000,
        // The extension of a video has a type of its own; upscales and variations are submitted without any.
        (Some(None), _) => 120_000,
        (None, _) => 30_000,
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

impl TimeLeft {
    pub(super) fn to_json(self) -> String {
        Writer::new()
            .whole("min", Some(self.min_ms))
            .whole("max", Some(self.max_ms))
            .whole("samples", Some(self.samples as i64))
            .boolean("estimate", Some(true))
            .end()
    }
}

/// The durations of a caller's own past tasks, by kind.
///
/// ```
/// use midapi::core::{History, Speed};
///
/// let mut history = History::parse(r#"{"mj_txt2img/fast": [41000, 52000]}"#);
/// history.add(Some("mj_txt2img"), Some(Speed::Fast), 47_000);
/// let left = history.time_left(Some("mj_txt2img"), Some(Speed::Fast), 40_000);
/// assert_eq!((left.min_ms, left.max_ms, left.samples), (1_000, 12_000, 3));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History(Vec<(String, Vec<i64>)>);

impl History {
    /// Takes note of a task that took this long.
    pub fn add(&mut self, task_type: Option<&str>, speed: Option<Speed>, ms: i64) {
        self.add_to(&kind(task_type, speed), ms);
    }

    fn add_to(&mut self, kind: &str, ms: i64) {
        if ms <= 0 {
            return;
        }
        if !self.0.iter().any(|(known, _)| known == kind) {
            self.0.push((kind.to_owned(), Vec::new()));
        }
        for (_, durations) in self.0.iter_mut().filter(|(known, _)| known == kind) {
            let mut oldest = durations.len() == KEPT;
            durations.retain(|_| !core::mem::take(&mut oldest));
            durations.push(ms);
        }
    }

    /// How long such a task is likely to take in all, in milliseconds: the middle of what is known.
    pub fn expected_ms(&self, task_type: Option<&str>, speed: Option<Speed>) -> i64 {
        let known = self.known(task_type, speed);
        ranked(known, known.len() / 2).unwrap_or_else(|| typical_ms(task_type, speed))
    }

    /// How long a task that began `elapsed_ms` ago is likely to take from now. Of the caller's own tasks the middle
    /// eight of ten count; typical durations are halved and doubled.
    pub fn time_left(&self, task_type: Option<&str>, speed: Option<Speed>, elapsed_ms: i64) -> TimeLeft {
        let known = self.known(task_type, speed);
        let typical = typical_ms(task_type, speed);
        let tail = known.len() / 10;
        let min = ranked(known, tail).unwrap_or(typical / 2);
        let max = ranked(known, known.len().saturating_sub(tail + 1)).unwrap_or(typical * 2);
        let left = |ms: i64| (ms - elapsed_ms.max(0)).max(0);
        TimeLeft { min_ms: left(min), max_ms: left(max), samples: known.len() }
    }

    /// As JSON, to keep: an object of durations in milliseconds, by kind of task.
    pub fn to_json(&self) -> String {
        let durations = |durations: &[i64]| list(&mut durations.iter().copied().map(decimal));
        self.0.iter().fold(Writer::new(), |out, (kind, known)| out.raw(kind, &durations(known))).end()
    }

    /// Reads what [`History::to_json`] gave. What isn't that is left out: an estimate is no reason to fail.
    pub fn parse(json: &str) -> Self {
        let mut history = Self::default();
        if let Some(kinds) = Object::parse(json) {
            for kind in kinds.names() {
                for ms in kinds.given(kind).and_then(Json::items).unwrap_or_default() {
                    history.add_to(kind, ms.whole().unwrap_or_default());
                }
            }
        }
        history
    }

    /// The caller's own durations, if there are enough.
    fn known(&self, task_type: Option<&str>, speed: Option<Speed>) -> &[i64] {
        let kind = kind(task_type, speed);
        let known = self.0.iter().find(|(known, durations)| *known == kind && durations.len() >= ENOUGH);
        known.map_or(&[], |(_, durations)| durations)
    }
}

/// The number of this rank, from the smallest at 0. By counting: the standard sort is 3 KB of the module, for twenty
/// numbers.
fn ranked(numbers: &[i64], rank: usize) -> Option<i64> {
    let smaller = |number: i64| numbers.iter().filter(|other| **other < number).count();
    let not_larger = |number: i64| numbers.iter().filter(|other| **other <= number).count();
    numbers.iter().copied().find(|number| (smaller(*number)..not_larger(*number)).contains(&rank))
}

fn kind(task_type: Option<&str>, speed: Option<Speed>) -> String {
    concat(&[task_type.unwrap_or_default(), "/", speed.map_or("", Speed::as_str)])
}
