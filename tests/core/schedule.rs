//! When a task is looked at.

use midapi::core::{Batch, BatchStep, Kind, SUBMITS_PER_WINDOW, Schedule, Speed, WINDOW_MS, typical_ms};
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
            let Some(at) = schedule.next_look(false) else { break };
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
        while let Some(at) = schedule.next_look(false) {
            prop_assert!(at - last <= 30_000, "a gap of {} ms", at - last);
            schedule.looked(at, None);
            last = at;
        }
        prop_assert!(timeout - last < FLOOR_MS);
    }
}

#[test]
fn typical_durations_are_those_of_recorded_traffic() {
    assert_eq!(typical_ms(Some("mj_txt2img"), Some(Speed::Relaxed)), 214_000);
    assert_eq!(typical_ms(Some("mj_txt2img"), Some(Speed::Fast)), 60_000);
    assert_eq!(typical_ms(Some("mj_omni_reference"), Some(Speed::Turbo)), 250_000);
}

#[test]
fn a_page_nobody_sees_looks_once_a_minute_and_at_once_when_somebody_does() {
    let mut schedule = Schedule::new(0, None, 1_000_000);
    assert_eq!(schedule.next_look(true), Some(0));
    schedule.looked(0, None);
    assert_eq!((schedule.next_look(true), schedule.next_look(false)), (Some(60_000), Some(5_000)));
    schedule.looked(5_000, Some(600));
    schedule.woken(20_000);
    assert_eq!((schedule.next_look(false), schedule.next_look(true)), (Some(20_000), Some(20_000)));
    schedule.looked(20_000, None);
    schedule.woken(21_000);
    assert_eq!(schedule.next_look(false), Some(25_000), "not before the floor");
}

proptest! {
    #[test]
    fn a_batch_keeps_its_bounds_and_begins_or_refuses_everything_once(
        submits in prop::collection::vec(any::<bool>(), 0..80),
        concurrency in 1usize..40,
        durations in prop::collection::vec(1i64..4_000, 80),
        stop_at in proptest::option::of(0i64..60_000),
        broke in proptest::option::of(0usize..80),
    ) {
        let mut batch = Batch::new(submits.iter().copied(), concurrency);
        let (mut now, mut running, mut left) = (0i64, Vec::<(i64, usize)>::new(), Vec::new());
        let mut seen = vec![0; submits.len()];
        let (mut stopped, mut refused) = (false, false);
        loop {
            if !stopped && stop_at.is_some_and(|at| now >= at) {
                batch.stop();
                stopped = true;
            }
            let mut sleep = i64::MAX;
            let drained = loop {
                match batch.next(now) {
                    BatchStep::Begin(number) => {
                        prop_assert!(!(stopped || refused && submits[number]));
                        seen[number] += 1;
                        running.push((now + durations[number], number));
                        prop_assert!(running.len() <= concurrency);
                        if submits[number] {
                            left.push(now);
                            let recent = left.iter().filter(|at| **at > now - WINDOW_MS).count();
                            prop_assert!(recent <= SUBMITS_PER_WINDOW);
                        }
                    }
                    BatchStep::Refuse(number) => {
                        prop_assert!(stopped || refused);
                        seen[number] += 1;
                    }
                    BatchStep::Sleep(ms) => {
                        sleep = now + i64::from(ms);
                        break false;
                    }
                    BatchStep::Wait => break false,
                    BatchStep::Drained => break true,
                }
            };
            if drained && running.is_empty() {
                break;
            }
            running.sort_unstable();
            let next = running.first().map_or(i64::MAX, |(at, _)| *at).min(sleep);
            prop_assert!(next > now && next < i64::MAX, "it goes on");
            now = next;
            while let Some((at, number)) = running.first().copied().filter(|(at, _)| *at <= now) {
                let _ = at;
                running.remove(0);
                let fails = broke == Some(number) && submits[number];
                refused |= fails;
                batch.settled(fails.then_some(Kind::InsufficientCredits));
            }
        }
        prop_assert!(seen.iter().all(|times| *times == 1), "{:?}", seen);
    }
}
