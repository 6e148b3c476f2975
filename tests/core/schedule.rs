//! When a task is looked at.

use midapi::core::{Schedule, Speed, TaskType, typical_ms};
use proptest::prelude::*;

const FLOOR_MS: i64 = 5_000;

proptest! {
    #[test]
    fn never_before_its_time_never_past_the_deadline_never_too_often(
        start in 0i64..2_000_000_000_000,
        expected_in in proptest::option::of(-100_000i64..2_000_000),
        timeout in 0i64..4_000_000,
        looks in prop::collection::vec((0i64..70_000, proptest::option::of(0u32..2_000)), 1..60),
    ) {
        let expected_at = expected_in.map(|ms| start + ms);
        let mut schedule = Schedule::new(start, expected_at, timeout);
        let deadline = start + timeout;
        let mut now = start;
        let mut last: Option<(i64, Option<u32>)> = None;
        for (latency, pace) in looks {
            let Some(at) = schedule.next_look() else { break };
            prop_assert!(at <= deadline, "past the deadline");
            prop_assert!(at >= start);
            match last {
                // An expected end in the past or over ten minutes ahead is not believed.
                None => prop_assert_eq!(at, expected_at.unwrap_or(start).clamp(start, start + 600_000).min(deadline)),
                Some((ended, pace)) => {
                    let floor = pace.map_or(FLOOR_MS, |seconds| i64::from(seconds.max(1)) * 1000).min(FLOOR_MS);
                    prop_assert!(at - ended >= floor, "{} ms after the last", at - ended);
                }
            }
            now = at.max(now) + latency;
            schedule.looked(now, pace);
            last = Some((now, pace));
        }
    }

    #[test]
    fn a_patient_wait_goes_on_until_its_deadline(timeout in 60_000i64..10_000_000) {
        let mut schedule = Schedule::new(0, None, timeout);
        let mut last = 0;
        while let Some(at) = schedule.next_look() {
            prop_assert!(at - last <= 30_000, "a gap of {} ms", at - last);
            schedule.looked(at, None);
            last = at;
        }
        prop_assert!(timeout - last < FLOOR_MS);
    }
}

#[test]
fn typical_durations_are_those_of_recorded_traffic() {
    assert_eq!(typical_ms(TaskType::TextToImage, Some(Speed::Relaxed)), 214_000);
    assert_eq!(typical_ms(TaskType::TextToImage, Some(Speed::Fast)), 60_000);
    assert_eq!(typical_ms(TaskType::OmniReference, Some(Speed::Turbo)), 250_000);
}
