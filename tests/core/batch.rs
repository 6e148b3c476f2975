//! The order of a batch, as a machine.

use std::rc::Rc;

use midapi::core::{Account, Batch, BatchStep, Billed, Endpoint, History, Kind, SUBMITS_PER_WINDOW, WINDOW_MS};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum End {
    Success,
    Failed(Kind),
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        12 => Just(End::Success),
        4 => Just(End::Failed(Kind::TaskFailed)),
        2 => Just(End::Failed(Kind::RateLimited)),
        1 => Just(End::Failed(Kind::InsufficientCredits)),
    ]
}

fn account() -> Rc<Account> {
    let endpoint = Endpoint::new("https://app.example/api/v1/mj", false).unwrap();
    Rc::new(Account::new(endpoint, None, History::default()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_batch_keeps_its_concurrency_and_rate_and_begins_each_item_once(
        items in prop::collection::vec((any::<bool>(), 0i64..3_000, end()), 0..90),
        concurrency in 0usize..40,
        stop_at in proptest::option::of(0i64..60_000),
        start in 0i64..1_000_000,
        early in 0i64..3,
    ) {
        let account = account();
        let mut batch = Batch::new(items.iter().map(|(submits, ..)| *submits), concurrency, account.clone());
        let mut now = start;
        let mut in_flight: Vec<(i64, usize)> = Vec::new();
        let mut seen = vec![0; items.len()];
        let mut submits: Vec<i64> = Vec::new();
        let (mut stopped, mut out_of_credits) = (false, false);
        loop {
            if !stopped && stop_at.is_some_and(|at| now >= start + at) {
                stopped = true;
                batch.stop();
            }
            let next_end = in_flight.iter().map(|(at, _)| *at).min();
            match batch.next(now) {
                BatchStep::Begin(number) => {
                    seen[number] += 1;
                    prop_assert!(!stopped, "begun after the stop");
                    prop_assert!(in_flight.len() < concurrency.max(1), "too many in flight");
                    if items[number].0 {
                        prop_assert!(!out_of_credits, "submitted without credits");
                        account.pace().submitted(now);
                        submits.push(now);
                        if let Some(before) = submits.len().checked_sub(SUBMITS_PER_WINDOW + 1) {
                            prop_assert!(now - submits[before] >= WINDOW_MS, "too many submits in the window");
                        }
                    }
                    in_flight.push((now + items[number].1, number));
                    continue;
                }
                BatchStep::Refuse(number) => {
                    seen[number] += 1;
                    prop_assert!(stopped || (items[number].0 && out_of_credits), "refused for nothing");
                    let kind = if stopped { Kind::Aborted } else { Kind::InsufficientCredits };
                    let refusal = batch.refusal();
                    prop_assert_eq!((refusal.kind, refusal.billed), (kind, Billed::No));
                    continue;
                }
                BatchStep::Sleep(ms) => {
                    prop_assert!(ms > 0);
                    prop_assert!(in_flight.len() < concurrency.max(1));
                    // Hosts wake a little early.
                    now = (now + i64::from(ms) - early).max(now + 1).min(next_end.unwrap_or(i64::MAX));
                }
                BatchStep::Wait => now = next_end.expect("it waits for an item, and none is in flight"),
                BatchStep::Drained => match next_end {
                    Some(at) => now = at,
                    None => break,
                },
            }
            in_flight.retain(|(at, number)| {
                let over = *at <= now;
                if over {
                    let end = items[*number].2;
                    out_of_credits |= matches!(end, End::Failed(Kind::InsufficientCredits));
                    batch.settled(match end {
                        End::Success => None,
                        End::Failed(kind) => Some(kind),
                    });
                }
                !over
            });
        }
        prop_assert!(seen.iter().all(|times| *times == 1), "{:?}", seen);
    }
}

#[test]
fn the_twenty_first_submit_waits_for_the_first_to_leave_the_window() {
    let account = account();
    let mut batch = Batch::new([true; 21], 100, account.clone());
    // One that is not of this batch.
    account.pace().submitted(1_000);
    for number in 0..19 {
        let now = 1_001 + number as i64;
        assert_eq!(batch.next(now), BatchStep::Begin(number));
        account.pace().submitted(now);
    }
    assert_eq!(batch.next(1_019), BatchStep::Sleep(10_481));
    assert_eq!(batch.next(11_499), BatchStep::Sleep(1));
    assert_eq!(batch.next(11_500), BatchStep::Begin(19));
    account.pace().submitted(11_500);
    assert_eq!(batch.next(11_500), BatchStep::Sleep(1));
}

#[test]
fn waits_do_not_count_as_submits() {
    let mut batch = Batch::new([false; 50], 100, account());
    for number in 0..50 {
        assert_eq!(batch.next(0), BatchStep::Begin(number));
    }
    assert_eq!(batch.next(0), BatchStep::Drained);
}

#[test]
fn a_refusal_that_applies_to_every_submit_ends_the_submits_and_not_the_waits() {
    for kind in [Kind::InsufficientCredits, Kind::Unauthorized, Kind::Misconfigured] {
        let mut batch = Batch::new([true, false, true], 1, account());
        assert_eq!(batch.next(0), BatchStep::Begin(0));
        batch.settled(Some(kind));
        assert_eq!(batch.next(0), BatchStep::Begin(1));
        assert_eq!(batch.next(0), BatchStep::Refuse(2));
        let refusal = batch.refusal();
        assert_eq!((refusal.kind, refusal.billed), (kind, Billed::No));
        assert!(refusal.message.starts_with("not submitted"), "{refusal}");
    }
    for kind in [Kind::RateLimited, Kind::Network, Kind::TaskFailed, Kind::InvalidRequest] {
        let mut batch = Batch::new([true, true], 1, account());
        batch.next(0);
        batch.settled(Some(kind));
        assert_eq!(batch.next(0), BatchStep::Begin(1));
    }
}
