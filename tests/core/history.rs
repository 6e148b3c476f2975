//! How long tasks take: the caller's own, or typical ones.

use midapi::core::{History, Speed, TimeLeft, Word, typical_ms};
use proptest::prelude::*;

const KIND: (Option<&str>, Option<Speed>) = (Some("mj_txt2img"), Some(Speed::Fast));

fn history(durations: impl IntoIterator<Item = i64>) -> History {
    let mut history = History::default();
    for ms in durations {
        history.add(KIND.0, KIND.1, ms);
    }
    history
}

fn read(json: &str) -> serde_json::Result<History> {
    serde_json::from_str(json)
}

fn left(history: &History, elapsed: i64) -> (i64, i64, usize) {
    let TimeLeft { min_ms, max_ms, samples } = history.time_left(KIND.0, KIND.1, elapsed);
    (min_ms, max_ms, samples)
}

#[test]
fn with_fewer_than_three_own_durations_the_range_is_half_to_double_the_typical_one() {
    for own in [vec![], vec![1_000], vec![1_000, 2_000]] {
        let history = history(own);
        assert_eq!(history.expected_ms(KIND.0, KIND.1), 60_000);
        assert_eq!(left(&history, 0), (30_000, 120_000, 0));
        assert_eq!(left(&history, 40_000), (0, 80_000, 0));
        assert_eq!(left(&history, 500_000), (0, 0, 0));
    }
}

#[test]
fn with_three_durations_the_median_is_expected_and_the_extremes_are_the_range() {
    let history = history([50_000, 10_000, 30_000]);
    assert_eq!(history.expected_ms(KIND.0, KIND.1), 30_000);
    assert_eq!(left(&history, 0), (10_000, 50_000, 3));
    assert_eq!(left(&history, 20_000), (0, 30_000, 3));
    // A clock that went back is no reason for more.
    assert_eq!(left(&history, -1), (10_000, 50_000, 3));
}

#[test]
fn with_many_durations_the_range_is_the_middle_80_percent() {
    assert_eq!(left(&history((1..=9).map(|n| n * 1_000)), 0), (1_000, 9_000, 9));
    assert_eq!(left(&history((1..=10).map(|n| n * 1_000)), 0), (2_000, 9_000, 10));
    assert_eq!(left(&history((1..=20).rev().map(|n| n * 1_000)), 0), (3_000, 18_000, 20));
}

#[test]
fn only_the_last_twenty_durations_are_kept() {
    let long_ago = (1..=30).map(|n| n * 1_000_000);
    let kept = history(long_ago.chain((1..=20).map(|n| n * 1_000)));
    assert_eq!(kept, history((1..=20).map(|n| n * 1_000)));
    assert_eq!(left(&kept, 0).2, 20);
}

#[test]
fn durations_of_each_task_type_and_speed_are_kept_apart() {
    let history = history([1_000, 1_000, 1_000]);
    for (task_type, speed) in [
        (Some("mj_txt2img"), Some(Speed::Relaxed)),
        (Some("mj_txt2img"), None),
        (Some("mj_img2img"), Some(Speed::Fast)),
        (None, None),
        (Some("mj_video_extend_auto"), None),
    ] {
        assert_eq!(history.expected_ms(task_type, speed), typical_ms(task_type, speed));
        assert_eq!(history.time_left(task_type, speed, 0).samples, 0);
    }
}

#[test]
fn durations_of_zero_or_less_are_ignored() {
    assert_eq!(history([0, -1, i64::MIN]), History::default());
}

#[test]
fn invalid_entries_of_a_stored_history_are_ignored() {
    for junk in ["null", "[]", "7", "\"x\"", "{\"mj_txt2img/fast\":7}", "{\"a\":{\"b\":[1]}}"] {
        assert_eq!(read(junk).unwrap(), History::default(), "{junk}");
    }
    for no_json in ["", "{", "{\"a\"}"] {
        assert!(read(no_json).is_err(), "{no_json}");
    }
    let mixed = r#"{"mj_txt2img/fast":[1000,"2000",-5,0,1.5,null,[],3000,1000.0],"x":"y"}"#;
    assert_eq!(read(mixed).unwrap(), history([1_000, 3_000, 1_000]));
}

proptest! {
    #[test]
    fn a_history_survives_json(kinds in prop::collection::vec(("[a-z_/\"\\\\é]{0,12}", prop::sample::select(Speed::all()), 1i64..1 << 53), 0..80)) {
        let mut history = History::default();
        for (task_type, speed, ms) in &kinds {
            history.add(Some(task_type), Some(*speed), *ms);
        }
        let json = serde_json::to_string(&history).unwrap();
        prop_assert_eq!(read(&json).unwrap(), history);
    }

    #[test]
    fn an_estimate_is_a_range_around_what_is_expected(
        durations in prop::collection::vec(1i64..10_000_000, 0..60),
        elapsed in -1_000i64..20_000_000,
    ) {
        let history = history(durations.iter().copied());
        let (min, max, samples) = left(&history, 0);
        let expected = history.expected_ms(KIND.0, KIND.1);
        prop_assert!(0 < min && min <= expected && expected <= max);
        prop_assert_eq!(samples, if durations.len() < 3 { 0 } else { durations.len().min(20) });
        let gone = elapsed.max(0);
        prop_assert_eq!(left(&history, elapsed), ((min - gone).max(0), (max - gone).max(0), samples));
        if samples > 0 {
            let own = |ms: &i64| durations[durations.len() - samples..].contains(ms);
            prop_assert!(own(&min) && own(&max) && own(&expected));
        }
    }
}
