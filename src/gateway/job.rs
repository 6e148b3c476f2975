//! The life of a job, from the order to the record of its end. Pure: whoever drives it brings the clock and the storage.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::access::CallBackUrl;
use super::submit_order::SubmitOrder;
use crate::core::de::lenient_word;
use crate::core::{Billed, Error, Kind, Operation, Record, Speed, State, Task, TaskType, Word};

/// The shortest time between two looks at the vendor's record, however many ask.
const LOOK_FLOOR_MS: i64 = 5_000;

/// How long a look may take before another is begun: longer than a call may take.
const LOOK_LEASE_MS: i64 = 65_000;

/// How long a job is kept: longer than the vendor keeps the files.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How long a job is kept that was refused: until whoever ordered it has tried it again.
const REFUSED_KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// How long a submit may take before it is called lost: longer than reserving, sending and waiting may take together.
pub const SUBMIT_LEASE_MS: i64 = 120_000;

/// Where a job stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Stage {
    /// Its credits are being reserved; nothing was sent.
    Reserving,
    /// It is on its way to the vendor: from here on nobody can say that it wasn't accepted.
    Submitting,
    /// The vendor has it.
    Accepted {
        /// Under this id.
        vendor_id: String,
    },
    /// It was certainly not accepted: the same order may be tried again.
    Refused {
        /// Why.
        failure: StoredError,
    },
    /// Nobody knows whether it was accepted. It is not sent again, and what was reserved for it stays so.
    Unknown {
        /// Why.
        failure: StoredError,
    },
}

/// What is kept of an error.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredError {
    kind: Kind,
    code: Option<i64>,
    message: String,
}

/// A job, as it is stored. Names and values of fields stay as they are: jobs live longer than versions of the gateway.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its id, the one callers know.
    pub id: String,
    /// Whose it is: nobody else gets to know of it.
    #[serde(rename = "subject")]
    pub caller: String,
    /// The hash of what was ordered.
    pub digest: String,
    /// Whether the caller can order it again, as it has an idempotency key. What an older gateway stored may.
    #[serde(default = "yes")]
    pub has_key: bool,
    /// The vendor's word for what it does.
    task_type: Option<String>,
    /// The type whose prices count, for it and for what is made of it.
    #[serde(default, deserialize_with = "lenient_word")]
    price_type: Option<TaskType>,
    /// How fast it was asked to be.
    #[serde(default, deserialize_with = "lenient_word")]
    speed: Option<Speed>,
    /// When it was ordered, in milliseconds since 1970.
    pub created_at: i64,
    /// The number of the current try, as each has a reservation of its own. The first has that of the time: a job that
    /// begins anew under its old id must not find the reservations of its earlier life.
    pub attempt: i64,
    /// Where it stands.
    #[serde(flatten)]
    pub stage: Stage,
    /// Whether the ledger knows how the try ended.
    pub settled: bool,
    /// The record as it was last seen, as callers get it.
    record: Option<Record>,
    /// Whether that is the last one.
    pub ended: bool,
    /// Before this the vendor isn't asked again.
    look_at: i64,
    /// What the vendor shows to call back: known to nobody else.
    pub callback_token: String,
    /// The vendor's id that a callback claimed for this job, until it was looked into.
    claimed: Option<String>,
    /// In how many seconds the vendor thinks another look is worthwhile, if it says so.
    #[serde(rename = "pace")]
    look_again_after: Option<u32>,
}

const fn yes() -> bool {
    true
}

/// What the submit of an order comes to whose job is there already.
#[derive(Debug, PartialEq, Eq)]
pub enum Resubmission {
    /// It may be tried again: it was refused before it cost anything.
    Retry,
    /// The vendor has it.
    SameTask,
}

/// What a change of a task has to know of it.
#[skip_serializing_none]
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParentTask {
    /// The vendor's id.
    pub vendor_id: String,
    /// The type whose prices count.
    #[serde(default, deserialize_with = "lenient_word")]
    pub price_type: Option<TaskType>,
}

impl Job {
    /// A job that was just ordered.
    pub fn new(order: &SubmitOrder, callback_token: String, now: i64) -> Self {
        let submission = &order.submission;
        Self {
            id: order.id.clone(),
            caller: order.caller.clone(),
            digest: order.digest(),
            has_key: order.has_key,
            task_type: submission.task_type.clone(),
            price_type: submission.price_type,
            speed: submission.speed,
            created_at: now,
            attempt: now,
            stage: Stage::Reserving,
            settled: false,
            record: None,
            ended: false,
            look_at: 0,
            callback_token,
            claimed: None,
            look_again_after: None,
        }
    }

    /// Decides about an order of this job that comes again.
    pub fn resubmitted(&self, digest: &str) -> Result<Resubmission, Error> {
        if self.digest != digest {
            return Err(Error::invalid("idempotencyKey", "was used for another request; each request needs its own"));
        }
        match &self.stage {
            Stage::Refused { .. } => Ok(Resubmission::Retry),
            Stage::Unknown { failure } => Err(failure.to_error(Billed::Unknown)),
            Stage::Accepted { .. } => Ok(Resubmission::SameTask),
            // A job's orders come one after the other: whoever drove this one is gone.
            Stage::Reserving | Stage::Submitting => Err(broken_off(self.stage == Stage::Submitting)),
        }
    }

    /// Another try of a job that was refused.
    pub fn retried(self, now: i64) -> Self {
        Self { attempt: self.attempt + 1, stage: Stage::Reserving, settled: false, created_at: now, ..self }
    }

    /// The name of the current try's reservation.
    pub fn reservation(&self) -> String {
        format!("{}/{}", self.id, self.attempt)
    }

    /// How the submit ended. A driver that was given up meanwhile may still bring the vendor's answer, and that counts;
    /// but of a task that was found meanwhile nobody has to say any more that it may not be there.
    pub fn finish_submit(&mut self, outcome: &Result<String, Error>) {
        self.stage = match (outcome, &self.stage) {
            (Ok(vendor_id), _) => Stage::Accepted { vendor_id: vendor_id.clone() },
            (Err(_), Stage::Accepted { .. }) => return,
            (Err(error), _) if error.billed == Billed::No => Stage::Refused { failure: StoredError::of(error) },
            (Err(error), _) => Stage::Unknown { failure: StoredError::of(error) },
        };
        self.settled = false;
    }

    /// What is true of a try whose driver is gone: killed before it sent anything, or after.
    pub fn abandon(&mut self) {
        let sent = match self.stage {
            Stage::Reserving => false,
            Stage::Submitting => true,
            _ => return,
        };
        let failure = StoredError::of(&broken_off(sent));
        self.stage = if sent { Stage::Unknown { failure } } else { Stage::Refused { failure } };
    }

    /// Whether the credits of the current try count as spent; `None` while it is under way.
    pub const fn spent(&self) -> Option<bool> {
        match self.stage {
            Stage::Reserving | Stage::Submitting => None,
            Stage::Accepted { .. } | Stage::Unknown { .. } => Some(true),
            Stage::Refused { .. } => Some(false),
        }
    }

    /// Whether it is of no use to anybody: it cost nothing, the ledger knows that, and nobody can order it again.
    pub fn is_forgettable(&self) -> bool {
        self.spent() == Some(false) && self.settled && !self.has_key
    }

    /// Until when it is kept, if nothing more happens.
    pub fn kept_until(&self) -> i64 {
        match self.spent() {
            Some(false) if !self.has_key => self.created_at,
            Some(false) => self.created_at + REFUSED_KEPT_MS,
            _ => self.created_at + KEPT_MS,
        }
    }

    /// The path at which the vendor calls back, below the gateway's address.
    pub fn callback_path(&self) -> String {
        ["api/v1/callback/", &self.id, "/", &self.callback_token].concat()
    }

    /// The vendor has called back. Its word is no proof of anything, but a reason to look: at once, if the job has a task;
    /// if nobody knows whether it has one, at the task that the callback names.
    pub fn called_back(&mut self, claimed: Option<String>) {
        match self.stage {
            Stage::Accepted { .. } => self.look_at = 0,
            _ => self.claimed = claimed.or(self.claimed.take()),
        }
    }

    /// The vendor's id that a callback claims for a job of unknown outcome.
    pub fn claim(&self) -> Option<&str> {
        if matches!(self.stage, Stage::Unknown { .. }) { self.claimed.as_deref() } else { None }
    }

    /// What the record of the claimed task says. It is this job's if it repeats the request with the address to call back
    /// at, which is in no other.
    pub fn verify_claim(&mut self, record: Option<&Record>) {
        let Some(claimed) = self.claimed.take() else { return };
        let request = record.filter(|record| record.task_id == claimed).and_then(|record| record.param_json.as_deref());
        let url = request.and_then(CallBackUrl::of);
        let is_ours = url.is_some_and(|url| url.ends_with(&["/", &*self.callback_path()].concat()));
        if is_ours && matches!(self.stage, Stage::Unknown { .. }) {
            self.stage = Stage::Accepted { vendor_id: claimed };
        }
    }

    /// Whether the vendor is to be asked now, and its id of the task. Then the time of the next look is far away: those
    /// who ask meanwhile get what is known.
    pub fn start_look(&mut self, now: i64) -> Option<String> {
        let Stage::Accepted { vendor_id } = &self.stage else { return None };
        if self.ended || now < self.look_at {
            return None;
        }
        self.look_at = now + LOOK_LEASE_MS;
        Some(vendor_id.clone())
    }

    /// What a look has found. An ended job stays as it is, whichever look comes back last.
    pub fn finish_look(&mut self, record: Record, look_again_after: Option<u32>, now: i64) {
        if self.ended {
            return;
        }
        self.look_again(look_again_after, now);
        self.ended = Task::from(record.clone()).state != State::Running;
        self.record = Some(record);
    }

    /// A look that failed is no reason to ask at once.
    pub fn fail_look(&mut self, now: i64) {
        if !self.ended {
            self.look_again(None, now);
        }
    }

    fn look_again(&mut self, after: Option<u32>, now: i64) {
        let after_ms = after.map_or(LOOK_FLOOR_MS, |seconds| (i64::from(seconds) * 1000).clamp(1_000, LOOK_FLOOR_MS));
        self.look_at = now + after_ms;
        self.look_again_after = after;
    }

    /// The record as a caller gets it: as it was last seen, else what is known without a look. Of a submit without a clear
    /// answer nobody knows whether there is one.
    pub fn record(&self) -> Result<Record, Error> {
        if let Stage::Unknown { failure } = &self.stage {
            return Err(failure.to_error(Billed::Unknown));
        }
        if let Some(record) = &self.record {
            return Ok(record.clone());
        }
        let failure = match &self.stage {
            Stage::Refused { failure } => Some(failure),
            _ => None,
        };
        Ok(Record {
            task_id: self.id.clone(),
            task_type: self.task_type.clone(),
            create_time: Some(self.created_at),
            success_flag: if failure.is_some() { 3 } else { 0 },
            error_message: failure.map(|failure| failure.message.clone()),
            ..Record::default()
        })
    }

    /// In how many seconds another look is worthwhile.
    pub fn look_again_after(&self, now: i64) -> Option<u32> {
        let after = self.look_again_after.filter(|_| !self.ended)?;
        // Of a look under way nobody knows; the vendor's own word is as good as any.
        let left = (self.look_at - now + 999).div_euclid(1000);
        let left = u32::try_from(left).ok().filter(|left| *left <= after);
        Some(left.map_or(after, |left| left.max(1)))
    }

    /// What a change of its task has to know, once there is one.
    pub fn into_parent(self) -> Option<ParentTask> {
        let Stage::Accepted { vendor_id } = self.stage else { return None };
        // An older gateway stored no price type, but the vendor's word for what it does.
        let price_type = self.price_type.or_else(|| TaskType::from_word(&self.task_type?));
        Some(ParentTask { vendor_id, price_type })
    }
}

/// The error of a try whose driver is gone.
fn broken_off(sent: bool) -> Error {
    let (code, message) = match sent {
        true => (500, "the gateway broke off while the vendor was asked"),
        false => (455, "the gateway broke off before anything was sent"),
    };
    Error::refused(Operation::Submit, code, message.to_owned())
}

impl StoredError {
    fn of(error: &Error) -> Self {
        Self { kind: error.kind, code: error.code, message: error.message.clone() }
    }

    fn to_error(&self, billed: Billed) -> Error {
        Error::new(self.kind, self.message.clone()).with(|error| {
            error.code = self.code;
            error.billed = billed;
        })
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::{Results, generate};

    fn job() -> Job {
        let order = SubmitOrder {
            id: "j".to_owned(),
            caller: "token:alice".to_owned(),
            submission: generate(r#"{"taskType": "mj_txt2img", "prompt": "a", "speed": "fast"}"#).unwrap(),
            credits: 8,
            accounts: Vec::new(),
            has_key: true,
        };
        Job { digest: "digest".to_owned(), ..Job::new(&order, "t".to_owned(), 1_000) }
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
        job.fail_look(17_000);
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
            job.called_back(Some(claimed.to_owned()));
            assert_eq!(job.claim(), Some(claimed));
            let task_id = task_id.to_owned();
            job.verify_claim(Some(&Record { task_id, param_json, ..Record::default() }));
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
        job.called_back(Some("evil".to_owned()));
        assert_eq!(job, Job { look_at: 0, ..before });
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
        let hd = ParentTask { vendor_id: "v".to_owned(), price_type: Some(TaskType::VideoHd) };
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
            "attempt",
            "callbackToken",
            "createdAt",
            "digest",
            "ended",
            "hasKey",
            "id",
            "lookAt",
            "pace",
            "priceType",
            "record",
            "settled",
            "speed",
            "stage",
            "subject",
            "taskType",
            "vendorId",
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
                    4 => job.fail_look(now),
                    5 => job.called_back(Some("w".to_owned())),
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
}
