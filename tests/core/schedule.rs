//! When a task is looked at.

use midapi::core::{Schedule, Speed, typical_ms};
use proptest::prelude::*;

const FLOOR_MS: i64 = 5_000;

#[derive(Clone, Copy, Debug)]
struct Look {
    latency: i64,
    pace: Option<u32>,
    hidden: bool,
    /// Somebody looks again this many milliseconds after the look.
    woken_after: Option<i64>,
}

fn look() -> impl Strategy<Value = Look> {
    let pace = proptest::option::of(0u32..2_000);
    (0i64..70_000, pace, any::<bool>(), proptest::option::of(0i64..90_000))
        .prop_map(|(latency, pace, hidden, woken_after)| Look { latency, pace, hidden, woken_after })
}

proptest! {
    #[test]
    fn a_look_is_never_early_never_past_the_deadline_and_never_too_soon_after_another(
        start in 0i64..2_000_000_000_000,
        expected_in in proptest::option::of(-100_000i64..2_000_000),
        timeout in 0i64..4_000_000,
        looks in prop::collection::vec(look(), 1..60),
    ) {
        let expected_at = expected_in.map(|ms| start + ms);
        let mut schedule = Schedule::new(start, expected_at, timeout);
        let deadline = start + timeout;
        prop_assert_eq!(schedule.deadline(), deadline);
        let mut now = start;
        let mut last: Option<(i64, Option<u32>)> = None;
        for Look { latency, pace, hidden, woken_after } in looks {
            let Some(mut at) = schedule.next_look(hidden) else { break };
            prop_assert!(at <= deadline, "past the deadline");
            prop_assert!(at >= start);
            let floor = last.map_or(start, |(ended, pace)| {
                ended + pace.map_or(FLOOR_MS, |seconds| i64::from(seconds.max(1)) * 1000).min(FLOOR_MS)
            });
            match last {
                // An expected end in the past or over ten minutes ahead is not believed.
                None => prop_assert_eq!(at, expected_at.unwrap_or(start).clamp(start, start + 600_000).min(deadline)),
                Some((ended, _)) => {
                    prop_assert!(at >= floor, "{} ms after the last", at - ended);
                    prop_assert!(!hidden || at == deadline || at - ended >= 60_000, "hidden, {} ms after", at - ended);
                }
            }
            if let Some(woken_at) = woken_after.map(|ms| now + ms).filter(|woken_at| *woken_at < at) {
                schedule.woken(woken_at);
                at = schedule.next_look(hidden).unwrap();
                prop_assert!(at >= floor, "woken, {} ms before the floor", floor - at);
                at = at.max(woken_at);
                prop_assert_eq!(at, woken_at.max(floor), "woken, it is due at once");
            }
            now = at.max(now) + latency;
            schedule.looked(now, pace);
            last = Some((now, pace));
        }
    }

    #[test]
    fn a_visible_page_looks_at_least_every_30_seconds_until_its_deadline(timeout in 60_000i64..10_000_000) {
        let mut schedule = Schedule::new(0, None, timeout);
        let mut last = 0;
        while let Some(at) = schedule.next_look(false) {
            prop_assert!(at - last <= 30_000, "a gap of {} ms", at - last);
            schedule.looked(at, None);
            last = at;
        }
        prop_assert!(timeout - last < FLOOR_MS);
    }

    #[test]
    fn a_hidden_page_looks_at_least_once_a_minute_until_its_deadline(timeout in 60_000i64..10_000_000) {
        let mut schedule = Schedule::new(0, None, timeout);
        let mut last = 0;
        while let Some(at) = schedule.next_look(true) {
            prop_assert!(at - last <= 60_000, "a gap of {} ms", at - last);
            schedule.looked(at, None);
            last = at;
        }
        prop_assert!(timeout - last < FLOOR_MS);
    }
}

#[test]
fn extreme_times_do_not_overflow() {
    for (now, expected_at, timeout) in [
        (i64::MAX, Some(i64::MAX), i64::MAX),
        (0, Some(i64::MIN), i64::MAX),
        (i64::MAX - 1, None, 10),
        (0, Some(i64::MAX), i64::MIN),
    ] {
        let mut schedule = Schedule::new(now, expected_at, timeout);
        let first = schedule.next_look(true).unwrap();
        assert!(first >= now && first <= schedule.deadline());
        schedule.looked(first, Some(u32::MAX));
        schedule.woken(first);
        assert!(schedule.next_look(false).is_none_or(|at| at <= schedule.deadline()));
    }
}

#[test]
fn typical_durations_are_those_of_recorded_traffic() {
    assert_eq!(typical_ms(Some("mj_txt2img"), Some(Speed::Relaxed)), 214_000);
    assert_eq!(typical_ms(Some("mj_txt2img"), Some(Speed::Fast)), 60_000);
    assert_eq!(typical_ms(Some("mj_omni_reference"), Some(Speed::Turbo)), 250_000);
}
