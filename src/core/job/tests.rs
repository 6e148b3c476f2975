#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;
use crate::core::{ArchiveState, Billed, FileKind, Kind, RETENTION_MS, Results, TaskType, generate};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn job_of(submission: &str, call_back_url: Option<&str>) -> Job {
    let order = NewJob {
        id: "j",
        caller: "token:alice",
        digest: "digest".to_owned(),
        has_key: true,
        submission: &generate(submission).unwrap(),
        prompt: Some("a"),
        parent: None,
        call_back_url,
        callback_token: "t".to_owned(),
        link_secret: "s".to_owned(),
    };
    Job::new(order, 1_000)
}

fn job() -> Job {
    job_of(r#"{"taskType": "mj_txt2img", "prompt": "a", "speed": "fast"}"#, None)
}

fn accepted(vendor_id: &str) -> Stage {
    Stage::Accepted { vendor_id: vendor_id.to_owned() }
}

fn refused() -> Result<String, Error> {
    Err(Error::new(Kind::RateLimited, "too many"))
}

fn unclear() -> Result<String, Error> {
    Err(Error::new(Kind::Network, "reset").with(|error| error.billed = Billed::Unknown))
}

fn record(success_flag: i64, urls: &[&str]) -> Record {
    let results = Results::of(urls.iter().copied());
    Record { task_id: "j".to_owned(), success_flag, results, ..Record::default() }
}

#[test]
fn row_16_the_same_order_is_the_same_job_and_another_is_refused() {
    let mut job = job();
    assert_eq!(job.resubmitted("other").unwrap_err().field.as_deref(), Some("idempotencyKey"));
    job.finish_submit(&refused());
    assert_eq!(job.resubmitted("digest").ok(), Some(Resubmission::Retry));
    job.finish_submit(&Ok("v".to_owned()));
    assert_eq!(job.resubmitted("digest").ok(), Some(Resubmission::SameTask));
    assert_eq!((job.reservation(), job.clone().retried(2_000).reservation()), ("j/1000".into(), "j/1001".into()));
}

#[test]
fn row_31_an_unclear_submit_is_never_tried_again_and_stays_paid() {
    let mut job = job();
    job.finish_submit(&unclear());
    assert_eq!(job.resubmitted("digest").unwrap_err().billed, Billed::Unknown);
    assert_eq!(job.record().unwrap_err().billed, Billed::Unknown);
    assert_eq!(job.spent(), Some(true));
    // The vendor's answer may come to a driver that was given up.
    job.finish_submit(&Ok("v".to_owned()));
    assert_eq!(job.resubmitted("digest").ok(), Some(Resubmission::SameTask));
    // One that has nothing to say takes no task away.
    for outcome in [refused(), unclear()] {
        job.finish_submit(&outcome);
        assert_eq!(job.stage, accepted("v"));
    }
}

#[test]
fn row_35_a_killed_driver_leaves_what_is_true() {
    let mut before = job();
    before.abandon();
    assert_eq!((before.spent(), before.resubmitted("digest").ok()), (Some(false), Some(Resubmission::Retry)));
    let mut after = Job { stage: Stage::Submitting, ..job() };
    after.abandon();
    assert_eq!(after.spent(), Some(true));
    assert!(after.resubmitted("digest").is_err());
    let mut done = Job { stage: accepted("v"), ..job() };
    done.abandon();
    assert_eq!(done.stage, accepted("v"));
}

#[test]
fn what_cost_nothing_is_kept_as_long_as_it_can_be_ordered_again() {
    let of = |has_key: bool, outcome: &Result<String, Error>| {
        let mut job = Job { has_key, ..job() };
        job.finish_submit(outcome);
        job
    };
    let unnamed = of(false, &refused());
    assert!(!unnamed.is_forgettable(), "the ledger has to know first");
    assert!(Job { settled: true, ..unnamed.clone() }.is_forgettable());
    assert_eq!(unnamed.kept_until(), 1_000);
    assert!(!Job { settled: true, ..of(true, &refused()) }.is_forgettable());
    assert_eq!(of(true, &refused()).kept_until(), 1_000 + REFUSED_KEPT_MS);
    for spent in [of(false, &unclear()), of(false, &Ok("v".to_owned()))] {
        assert!(!Job { settled: true, ..spent.clone() }.is_forgettable());
        assert_eq!(spent.kept_until(), 1_000 + KEPT_MS);
    }
}

#[test]
fn row_17_a_look_is_the_only_one_until_its_time_is_over() {
    let mut job = job();
    assert_eq!(job.start_look(10_000), None, "nothing is there to look at yet");
    job.finish_submit(&Ok("v".to_owned()));
    assert_eq!(job.start_look(10_000).as_deref(), Some("v"));
    assert_eq!(job.start_look(10_001), None, "it is under way");
    job.finish_look(record(0, &[]), None, 11_000);
    assert_eq!(job.start_look(15_999), None);
    assert_eq!(job.start_look(16_000).as_deref(), Some("v"));
    job.fail_look(None, 17_000);
    assert_eq!(job.start_look(21_999), None, "a look that failed counts");
    assert!(job.start_look(22_000).is_some());
    job.finish_look(record(1, &["https://a.example/1.png"]), None, 22_000);
    assert_eq!(job.start_look(i64::MAX), None, "an end is the end");
    assert_eq!(job.record().unwrap().results, Results::of(["https://a.example/1.png"]));
}

#[test]
fn a_vendor_that_says_when_to_look_again_is_asked_then() {
    let mut job = job();
    job.finish_submit(&Ok("v".to_owned()));
    job.start_look(10_000);
    job.finish_look(record(0, &[]), Some(2), 10_000);
    assert_eq!((job.start_look(11_999), job.look_again_after(10_500)), (None, Some(2)));
    assert!(job.start_look(12_000).is_some());
    job.finish_look(record(0, &[]), Some(0), 12_000);
    assert_eq!(job.start_look(12_999), None, "but not without a pause");
}

#[test]
fn row_31_an_unknown_job_adopts_the_task_that_repeats_its_address() {
    let param_json = |url: &str| Some(format!(r#"{{"prompt": "a", "callBackUrl": "{url}"}}"#));
    let claim = |claimed: &str, task_id: &str, param_json: Option<String>| {
        let mut job = job();
        job.finish_submit(&unclear());
        job.called_back(Some(claimed.to_owned()), 1_000);
        assert_eq!(job.claim(), Some(claimed));
        let task_id = task_id.to_owned();
        job.verify_claim(Some(&Record { task_id, param_json, ..Record::default() }), 1_000);
        job.stage
    };
    let ours = "https://gateway.example/api/v1/callback/j/t";
    assert_eq!(claim("v", "v", param_json(ours)), accepted("v"));
    for (task_id, param_json) in [
        ("w", param_json(ours)),
        ("v", None),
        ("v", Some("no JSON".to_owned())),
        ("v", param_json("https://gateway.example/api/v1/callback/j/u")),
        ("v", param_json("https://gateway.example/api/v1/callback/i/t")),
        ("v", param_json("https://gateway.example/api/v1/callback/j/t?x=1")),
    ] {
        assert!(matches!(claim("v", task_id, param_json), Stage::Unknown { .. }));
    }
}

#[test]
fn row_19_a_callback_changes_nothing_but_when_to_look() {
    let mut job = job();
    job.finish_submit(&Ok("v".to_owned()));
    job.start_look(10_000);
    job.finish_look(record(0, &[]), None, 10_000);
    let before = job.clone();
    job.called_back(Some("evil".to_owned()), 10_000);
    assert_eq!(job.record().unwrap(), before.record().unwrap());
    assert_eq!(job.stage, before.stage);
    assert_eq!(job.start_look(10_001).as_deref(), Some("v"));
}

#[test]
fn without_a_look_the_record_says_what_is_known() {
    let mut job = job();
    let text = |job: &Job| serde_json::to_string(&job.record().unwrap()).unwrap();
    assert!(text(&job).contains(r#""taskId":"j","taskType":"mj_txt2img""#));
    assert!(text(&job).contains(r#""successFlag":0"#));
    job.finish_submit(&refused());
    assert!(text(&job).contains(r#""successFlag":3,"errorCode":null,"errorMessage":"too many""#));
}

#[test]
fn what_is_made_of_a_task_has_its_prices() {
    let parent = |task_type: Option<&str>, price_type| {
        let mut job = Job { task_type: task_type.map(str::to_owned), price_type, ..job() };
        assert_eq!(job.clone().into_parent(), None, "there is no task yet");
        job.finish_submit(&Ok("v".to_owned()));
        job.into_parent().unwrap()
    };
    let hd =
        ParentTask { vendor_id: "v".to_owned(), price_type: Some(TaskType::VideoHd), prompt: Some("a".to_owned()) };
    assert_eq!(parent(Some("mj_video_extend_auto"), Some(TaskType::VideoHd)), hd);
    assert_eq!(parent(Some("mj_video_hd"), None), hd, "as an older gateway stored it");
    assert_eq!(parent(None, None).price_type, None);
}

/// Jobs as the gateway before this one stored them.
#[test]
fn what_an_older_gateway_stored_is_read() {
    let stored = |more: &str| -> Job {
        let known = r#""id":"j","subject":"token:alice","digest":"digest","createdAt":1000,"attempt":1"#;
        serde_json::from_str(&format!(r#"{{{known},"callbackToken":"t","lookAt":5,{more}}}"#)).unwrap()
    };
    let record_text = concat!(
        r#"{"taskId":"j","taskType":"mj_txt2img","paramJson":null,"createTime":1710930600000,"completeTime":null,"#,
        r#""resultInfoJson":{"resultUrls":[{"resultUrl":"https://a.example/1.png"}]},"successFlag":1,"errorCode":null,"#,
        r#""errorMessage":null}"#
    );
    let accepted_text = r#""stage":"accepted","vendorId":"v","settled":true,"ended":true"#;
    let done = stored(&format!(
        r#""taskType":"mj_txt2img","speed":"fast",{accepted_text},"record":{record_text},"claimed":"w","pace":3"#
    ));
    let expected = Job {
        attempt: 1,
        stage: accepted("v"),
        settled: true,
        record: Some(serde_json::from_str(record_text).unwrap()),
        ended: true,
        look_at: 5,
        claimed: Some("w".to_owned()),
        look_again_after: Some(3),
        price_type: None,
        prompt: None,
        param_json: None,
        link_secret: None,
        ..job()
    };
    assert_eq!(done, expected);
    assert_eq!(serde_json::to_string(&done.record().unwrap()).unwrap(), record_text);

    let failure = |stage: &str| {
        format!(
            r#""stage":"{stage}","failure":{{"kind":"rate_limited","code":429,"message":"no"}},"settled":false,"ended":false"#
        )
    };
    let error = StoredError { kind: Kind::RateLimited, code: Some(429), message: "no".to_owned() };
    assert_eq!(stored(&failure("refused")).stage, Stage::Refused { failure: error.clone() });
    assert_eq!(stored(&failure("unknown")).stage, Stage::Unknown { failure: error });
    assert_eq!(stored(r#""stage":"submitting","settled":false,"ended":false"#).stage, Stage::Submitting);
    assert_eq!(stored(r#""stage":"reserving","settled":false,"ended":false"#).reservation(), "j/1");
}

/// And the gateway before this one finds in what this one stores all that it needs.
#[test]
fn what_is_stored_has_the_names_it_always_had() {
    let mut job = job();
    job.finish_submit(&Ok("v".to_owned()));
    job.finish_look(record(0, &[]), Some(3), 1_000);
    let stored = serde_json::to_value(&job).unwrap();
    let names: Vec<_> = stored.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "announced",
        "attempt",
        "callbackToken",
        "createdAt",
        "digest",
        "ended",
        "hasKey",
        "heldUntil",
        "id",
        "linkSecret",
        "lookAt",
        "pace",
        "paramJson",
        "priceType",
        "prompt",
        "record",
        "settled",
        "speed",
        "stage",
        "subject",
        "taskType",
        "vendorId",
        "version",
    ];
    assert_eq!(names, expected);
    assert_eq!(stored.get("stage").unwrap(), "accepted");
}

proptest! {
    #[test]
    fn what_is_stored_is_read_again(
        (text, at) in (any::<String>(), 0i64..1 << 50),
        stage in 0..5usize,
        (settled, ended, look_again_after) in any::<(bool, bool, Option<u32>)>(),
    ) {
        let failure = StoredError::of(&Error::new(Kind::Network, text.clone()));
        let stages = [
            Stage::Reserving, Stage::Submitting, accepted(&text),
            Stage::Refused { failure: failure.clone() }, Stage::Unknown { failure },
        ];
        let record = settled.then(|| record(1, &[]));
        let stage = stages.into_iter().nth(stage).unwrap();
        let claimed = ended.then(|| text.clone());
        let job = Job { stage, settled, ended, record, claimed, caller: text, look_at: at, look_again_after, ..job() };
        prop_assert_eq!(serde_json::from_str::<Job>(&serde_json::to_string(&job).unwrap()).unwrap(), job);
    }

    #[test]
    fn whatever_happens_it_is_sent_once_unless_it_was_refused(events in prop::collection::vec(0..5u8, 0..30)) {
        let mut job = job();
        let (mut sent, mut certain) = (0, 0);
        for event in events {
            match (event, &job.stage) {
                (0, Stage::Reserving) => {
                    job.stage = Stage::Submitting;
                    sent += 1;
                }
                (1, Stage::Submitting) => job.finish_submit(&Ok("v".to_owned())),
                (2, Stage::Submitting) => {
                    job.finish_submit(&refused());
                    certain += 1;
                }
                (3, Stage::Submitting) => job.finish_submit(&unclear()),
                (4, Stage::Reserving | Stage::Submitting) => job.abandon(),
                _ => if job.resubmitted("digest").ok() == Some(Resubmission::Retry) {
                    job = job.retried(0);
                }
            }
            prop_assert!(sent - certain <= 1);
        }
    }

    /// Looks come back in any order, and callbacks, lost drivers and late answers come between them.
    #[test]
    fn an_ended_job_never_un_ends(events in prop::collection::vec((0..8u8, 0..120_000i64), 0..60)) {
        let mut job = job();
        job.finish_submit(&Ok("v".to_owned()));
        let (mut now, mut end) = (10_000, None);
        for (event, ms) in events {
            now += ms;
            match event {
                0 => { job.start_look(now); }
                1 => job.finish_look(record(0, &[]), Some(2), now),
                2 => job.finish_look(record(1, &["https://a.example/1.png"]), None, now),
                3 => job.finish_look(record(2, &[]), None, now),
                4 => job.fail_look(None, now),
                5 => job.called_back(Some("w".to_owned()), now),
                6 => job.abandon(),
                _ => job.finish_submit(&unclear()),
            }
            if let Some(end) = &end {
                prop_assert!(job.ended);
                prop_assert_eq!(&job.record().unwrap(), end);
                prop_assert_eq!(job.start_look(now), None);
            } else if job.ended {
                end = Some(job.record().unwrap());
            }
        }
    }
}

/// A job that was accepted, and looked at once with this outcome.
fn looked(flag: i64, urls: &[&str]) -> Job {
    let mut job = job();
    job.finish_submit(&Ok("v".to_owned()));
    job.plan_looks(10_000, None, false);
    job.start_look(10_000);
    job.finish_look(record(flag, urls), None, 10_000);
    job
}

/// Drives a job as its alarm does, and says what was done. `fails` says which of the duties fail.
fn drive(job: &mut Job, now: &mut i64, most: usize, fails: impl Fn(Duty) -> bool) -> Vec<Duty> {
    let mut done = Vec::new();
    while done.len() < most {
        let (duty, due) = job.next_duty();
        *now = due.max(*now);
        done.push(duty);
        let failed = fails(duty);
        match duty {
            Duty::Forget => return done,
            Duty::Abandon => job.abandon(),
            Duty::Settle | Duty::Erase | Duty::Announce | Duty::CheckClaim if failed => job.hold(*now),
            Duty::Settle => job.settled = true,
            Duty::Erase => job.erased(),
            Duty::Announce => job.announced(job.version()),
            Duty::CheckClaim => job.verify_claim(None, *now),
            Duty::Look => {
                assert!(job.start_look(*now).is_some(), "a look that is due begins");
                if failed { job.fail_look(None, *now) } else { job.finish_look(record(0, &[]), None, *now) }
            }
            Duty::Copy => {
                if let Some(file) = job.next_copy(*now) {
                    let outcome = match failed {
                        true => CopyOutcome::Failed,
                        false => CopyOutcome::Stored { kind: FileKind::Png, bytes: 1 },
                    };
                    job.finish_copy(file.number, outcome, *now);
                }
            }
            Duty::Deliver => job.finish_delivery(!failed, *now),
        }
    }
    done
}

#[test]
fn row_24_a_task_is_looked_at_on_schedule_though_nobody_asks_and_no_callback_comes() {
    for (called_back, first_ms, reads) in [(false, 60_000, 140), (true, 120_000, 120)] {
        let mut job = job();
        job.finish_submit(&Ok("v".to_owned()));
        job.plan_looks(10_000, None, called_back);
        let mut now = 10_000;
        drive(&mut job, &mut now, 2, |_| false);
        assert_eq!(job.next_duty(), (Duty::Look, 10_000 + first_ms));
        let mut looks = 0;
        while job.state() == JobState::Running {
            looks += drive(&mut job, &mut now, 1, |_| false).iter().filter(|duty| **duty == Duty::Look).count();
        }
        assert!((100..reads).contains(&looks), "{looks} looks in an hour");
        assert_eq!(job.state(), JobState::TimedOut);
    }
}

#[test]
fn row_34_a_task_that_never_ends_times_out_and_a_late_success_is_adopted() {
    let mut job = looked(0, &[]);
    let mut now = 10_000;
    let mut late = Vec::new();
    while job.state() != JobState::TimedOut {
        drive(&mut job, &mut now, 1, |_| false);
    }
    while late.last() != Some(&Duty::Forget) {
        late.extend(drive(&mut job, &mut now, 1, |_| false));
    }
    let looks = late.iter().filter(|duty| **duty == Duty::Look).count();
    assert!((30..150).contains(&looks), "{looks} looks at what has timed out");
    assert_eq!(now, job.kept_until());

    let (mut found, mut now) = (looked(0, &[]), 10_000);
    while found.state() != JobState::TimedOut {
        drive(&mut found, &mut now, 1, |duty| duty == Duty::Look);
    }
    assert_eq!(found.next_duty().0, Duty::Announce, "its owner sees that it has timed out");
    found.announced(found.version());
    let (duty, due) = found.next_duty();
    assert_eq!(duty, Duty::Look);
    found.start_look(due);
    found.finish_look(record(1, &["https://a.example/1.png"]), None, due);
    assert_eq!(found.state(), JobState::Done);
    found.finish_look(record(0, &[]), None, due);
    assert_eq!(found.state(), JobState::Done);
}

#[test]
fn a_callback_has_the_vendor_asked_at_once_and_a_caller_has_not_meanwhile() {
    let mut job = job();
    job.finish_submit(&Ok("v".to_owned()));
    job.plan_looks(10_000, None, true);
    assert!(job.start_look(10_001).is_some(), "the first who asks finds out");
    job.finish_look(record(0, &[]), None, 10_001);
    assert_eq!(job.start_look(60_000), None, "whoever asks then waits for the callback");
    job.settled = true;
    job.announced(job.version());
    job.called_back(None, 60_000);
    assert_eq!(job.next_duty(), (Duty::Look, 60_000));
    assert!(job.start_look(60_000).is_some());
}

#[test]
fn row_30_copies_that_fail_are_tried_until_the_vendor_has_deleted_the_files() {
    let mut job = looked(1, &["https://a.example/1.png", "https://a.example/2.png"]);
    job.begin_archive(400 * DAY_MS, |_| None, 10_000);
    assert_eq!(job.archive_state(), Some(ArchiveState::Pending));
    let mut now = 10_000;
    let mut copies = 0;
    while job.archive_state() == Some(ArchiveState::Pending) {
        copies +=
            drive(&mut job, &mut now, 1, |duty| duty == Duty::Copy).iter().filter(|duty| **duty == Duty::Copy).count();
    }
    assert!((700..800).contains(&copies), "{copies} tries of two files");
    assert_eq!(job.archive_state(), Some(ArchiveState::Expired));
    assert!((RETENTION_MS..RETENTION_MS + DAY_MS).contains(&(now - 10_000)));
    assert!(job.next_copy(now).is_none());
}

#[test]
fn row_29_a_file_that_fails_keeps_none_of_the_others_waiting() {
    let urls = ["https://a.example/1.png", "https://a.example/2.png", "https://a.example/3.png"];
    let mut job = looked(1, &urls);
    job.settled = true;
    job.begin_archive(DAY_MS, |_| None, 10_000);
    job.announced(job.version());
    let mut tries = Vec::new();
    for now in [10_000, 10_000, 10_000, 15_000, 15_000, 25_000] {
        assert_eq!(job.next_duty(), (Duty::Copy, now));
        let file = job.next_copy(now).unwrap();
        let stored = CopyOutcome::Stored { kind: FileKind::Png, bytes: 1 };
        job.finish_copy(file.number, if file.number == 3 { stored } else { CopyOutcome::Failed }, now);
        tries.push(file.number);
    }
    assert_eq!(tries, [1, 2, 3, 1, 2, 1]);
}

#[test]
fn row_27_a_file_from_elsewhere_is_refused_and_the_others_are_copied() {
    let mut job = looked(1, &["https://a.example/1.png", "https://evil.example/2.png"]);
    let refused = |url: &str| url.contains("evil").then(|| "its host".to_owned());
    job.begin_archive(DAY_MS, refused, 10_000);
    let file = job.next_copy(10_000).unwrap();
    assert_eq!(file, FileToCopy { number: 1, url: "https://a.example/1.png".to_owned() });
    job.finish_copy(1, CopyOutcome::Stored { kind: FileKind::Png, bytes: 7 }, 10_000);
    assert_eq!((job.archive_state(), job.archived_bytes()), (Some(ArchiveState::Done), 7));
    let refused = ArchivedFile::Refused { reason: "its host".to_owned() };
    assert_eq!(job.archived_files(), [ArchivedFile::Stored { kind: FileKind::Png, bytes: 7 }, refused]);
    // Once it is there it stays, whoever comes late.
    job.finish_copy(1, CopyOutcome::Refused("late".to_owned()), 10_000);
    job.begin_archive(DAY_MS, |_| None, 10_000);
    assert_eq!(job.archived_bytes(), 7);
}

#[test]
fn a_callback_to_the_caller_is_tried_four_times_and_waits_for_the_copies() {
    let mut job = job_of(r#"{"taskType": "mj_txt2img", "prompt": "a"}"#, Some("https://hooks.example/"));
    job.settled = true;
    assert_eq!(job.next_delivery(), None, "nothing has ended");
    job.finish_submit(&Ok("v".to_owned()));
    job.settled = true;
    job.finish_look(record(1, &["https://a.example/1.png"]), None, 10_000);
    job.begin_archive(DAY_MS, |_| None, 10_000);
    job.announced(job.version());
    assert_eq!(job.next_duty(), (Duty::Copy, 10_000));
    job.finish_copy(1, CopyOutcome::Failed, 10_000);
    let mut now = 10_000;
    let duties = drive(&mut job, &mut now, 14, |duty| matches!(duty, Duty::Copy | Duty::Deliver));
    let deliveries = duties.iter().filter(|duty| **duty == Duty::Deliver).count();
    assert_eq!(deliveries, 4);
    assert_eq!(job.next_delivery(), None);
    // Received, it isn't posted again.
    let mut received = looked(1, &["https://a.example/1.png"]);
    received.delivery = Some(Delivery::new("https://hooks.example/"));
    received.ended_at(10_000);
    assert_eq!(received.next_delivery(), Some(("https://hooks.example/", 1)));
    received.finish_delivery(true, 10_000);
    assert_eq!(received.next_delivery(), None);
}

#[test]
fn a_deleted_task_leaves_nothing_but_what_keeps_it_from_being_paid_again() {
    let mut job = looked(1, &["https://a.example/1.png"]);
    job.settled = true;
    job.begin_archive(DAY_MS, |_| None, 10_000);
    job.remove().unwrap();
    assert_eq!((job.state(), job.spent()), (JobState::Removed, Some(true)));
    assert_eq!(job.files_to_erase(), [1], "its copy may be under way");
    let mut now = 10_000;
    let duties = drive(&mut job.clone(), &mut now, 9, |_| false);
    assert_eq!(duties, [Duty::Erase, Duty::Announce, Duty::Forget]);
    let text = serde_json::to_string(&job).unwrap();
    assert!(!text.contains("a.example") && !text.contains("prompt"), "{text}");
    assert_eq!(job.resubmitted("digest").unwrap_err().field.as_deref(), Some("idempotencyKey"));
    let before = job.clone();
    job.finish_look(record(0, &[]), None, 20_000);
    job.finish_submit(&Ok("w".to_owned()));
    job.finish_copy(1, CopyOutcome::Failed, 20_000);
    assert_eq!(job, before, "nothing brings it back");
    assert_eq!(Job { stage: Stage::Submitting, ..looked(0, &[]) }.remove().unwrap_err().code, Some(409));
}

/// What may happen to a job, in any order.
fn happen(job: &mut Job, event: u8, now: i64) {
    let url = "https://a.example/1.png";
    match event {
        0 => drop(job.start_look(now)),
        1 => job.finish_look(record(0, &[]), Some(2), now),
        2 => {
            job.finish_look(record(1, &[url, url]), None, now);
            job.begin_archive(DAY_MS, |_| None, now);
        }
        3 => job.finish_look(record(2, &[]), None, now),
        4 => job.fail_look(Some(7), now),
        5 => job.called_back(Some("w".to_owned()), now),
        6 => job.abandon(),
        7 => job.finish_submit(&unclear()),
        8 => {
            job.finish_submit(&Ok("v".to_owned()));
            if job.state() == JobState::Running {
                job.plan_looks(now, None, now % 2 == 0);
            }
        }
        9 => {
            if let Some(file) = job.next_copy(now) {
                job.finish_copy(file.number, CopyOutcome::Stored { kind: FileKind::Png, bytes: 1 }, now);
            }
        }
        10 => job.finish_copy(1, CopyOutcome::Failed, now),
        11 => job.verify_claim(None, now),
        12 => job.hold(now),
        13 => job.finish_delivery(now % 2 == 0, now),
        14 => job.announced(job.version()),
        15 => job.settled = job.spent().is_some(),
        // A restart: what was written down is all there is.
        16 => *job = serde_json::from_str(&serde_json::to_string(job).unwrap()).unwrap(),
        17 => drop(job.remove()),
        _ if job.stage == Stage::Reserving => job.stage = Stage::Submitting,
        _ => {}
    }
}

proptest! {
    #[test]
    fn rows_35_and_36_in_whatever_order_things_happen_ends_stay_and_what_is_due_gets_done(
        events in prop::collection::vec((0..19u8, 0..120_000i64), 0..80),
        (failures, called) in any::<(u8, bool)>(),
    ) {
        let mut job = job_of(r#"{"taskType": "mj_txt2img", "prompt": "a"}"#, called.then_some("https://hooks.example/"));
        let mut now = 10_000;
        for (event, ms) in events {
            now += ms;
            let before = job.clone();
            happen(&mut job, event, now);
            let stored: Job = serde_json::from_str(&serde_json::to_string(&job).unwrap()).unwrap();
            prop_assert_eq!(&stored, &job, "a restart changes nothing");
            if matches!(before.state(), JobState::Done | JobState::Failed) && job.state() != JobState::Removed {
                prop_assert_eq!(job.state(), before.state());
                prop_assert_eq!(job.record().unwrap(), before.record().unwrap());
            }
            if before.state() == JobState::Removed {
                prop_assert_eq!(job.state(), JobState::Removed);
            }
            for (place, file) in before.archived_files().iter().enumerate() {
                if matches!(file, ArchivedFile::Stored { .. }) && job.state() != JobState::Removed {
                    prop_assert_eq!(&job.archived_files()[place], file);
                }
            }
        }
        // From wherever it is it comes to an end, also if for a while nothing succeeds; and no duty is done over and over.
        let mut began = now;
        drive(&mut job, &mut now, 40, |_| failures > 128);
        prop_assert!(now > began || job.next_duty().1 > now || failures <= 128);
        began = now;
        let done = drive(&mut job, &mut now, 2_000, |duty| duty == Duty::Look && failures % 2 == 0);
        prop_assert_eq!(done.last(), Some(&Duty::Forget), "{:?}", job);
        prop_assert!(job.settled && now >= job.kept_until() && now >= began);
    }
}
