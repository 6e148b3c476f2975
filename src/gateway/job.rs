//! The life of a job, from the order to the record of its end. Pure: whoever drives it brings the clock and the storage.

use crate::core::json::{Json, Object, Writer};
use crate::core::{Billed, Error, Kind, Operation, Record, Speed, State, Submission, Task};

/// The shortest time between two looks at the vendor's record, however many ask.
const LOOK_FLOOR_MS: i64 = 5_000;

/// How long a look may take before another is begun: longer than a call may take.
const LOOK_LEASE_MS: i64 = 65_000;

/// How long a job is kept: longer than the vendor keeps the files.
pub const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How long a submit may take before it is called lost: longer than setting aside, sending and waiting may take together.
pub const SUBMIT_LEASE_MS: i64 = 120_000;

/// Where a job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its credits are being set aside; nothing was sent.
    Reserving,
    /// It is on its way to the vendor: from here on nobody can say that it wasn't accepted.
    Submitting,
    /// The vendor has it, under this id.
    Accepted(String),
    /// It was certainly not accepted: the same order may be tried again.
    Refused(Failure),
    /// Nobody knows whether it was accepted. It is not sent again, and what was set aside for it stays so.
    Unknown(Failure),
}

/// What is kept of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    kind: Kind,
    code: Option<i64>,
    message: String,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id, the one callers know.
    pub id: String,
    /// Whose it is: nobody else gets to know of it.
    pub subject: String,
    /// The hash of what was ordered.
    pub digest: String,
    /// The vendor's word for what it does.
    pub task_type: Option<String>,
    /// How fast it was asked to be.
    pub speed: Option<Speed>,
    /// When it was ordered, in milliseconds since 1970.
    pub created_at: i64,
    /// Counts its tries, as each has a reservation of its own.
    pub attempt: i64,
    /// Where it stands.
    pub stage: Stage,
    /// Whether the ledger knows how the try ended.
    pub settled: bool,
    /// The record as it was last seen, as callers get it.
    pub record: Option<String>,
    /// Whether that is the last one.
    pub ended: bool,
    /// Before this the vendor isn't asked again.
    pub look_at: i64,
    /// What the vendor shows to call back: known to nobody else.
    pub callback_token: String,
    /// The vendor's id that a callback claimed for this job, until it was looked into.
    pub claimed: Option<String>,
    /// In how many seconds the vendor thinks another look is worthwhile, if it says so.
    pub pace: Option<i64>,
}

/// What an order of a job that is there already comes to.
#[derive(Debug, PartialEq)]
pub enum Again {
    /// It may be tried: it is new, or was refused before it cost anything.
    Try,
    /// It is the same, and the vendor has it.
    Same,
}

impl Job {
    /// A job that was just ordered.
    pub fn new(
        id: String,
        subject: String,
        digest: String,
        submission: &Submission,
        callback_token: String,
        now: i64,
    ) -> Self {
        Self {
            id,
            subject,
            digest,
            task_type: submission.task_type.clone(),
            speed: submission.speed,
            created_at: now,
            attempt: 1,
            stage: Stage::Reserving,
            settled: false,
            record: None,
            ended: false,
            look_at: 0,
            callback_token,
            claimed: None,
            pace: None,
        }
    }

    /// The same order came again.
    pub fn again(&self, digest: &str) -> Result<Again, Error> {
        if self.digest != digest {
            return Err(Error::invalid("idempotencyKey", "was used for another request; each request needs its own"));
        }
        match &self.stage {
            Stage::Refused(_) => Ok(Again::Try),
            Stage::Unknown(failure) => Err(failure.to_error(Billed::Unknown)),
            Stage::Accepted(_) => Ok(Again::Same),
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
        [&*self.id, "/", &self.attempt.to_string()].concat()
    }

    /// How the submit ended. A driver that was given up meanwhile may still bring the vendor's answer, and that counts.
    pub fn submitted(&mut self, outcome: &Result<String, Error>) {
        self.settled = false;
        self.stage = match outcome {
            Ok(vendor_id) => Stage::Accepted(vendor_id.clone()),
            Err(error) if error.billed == Billed::No => Stage::Refused(Failure::of(error)),
            Err(error) => Stage::Unknown(Failure::of(error)),
        };
    }

    /// What is true of a try whose driver is gone: killed before it sent anything, or after.
    pub fn abandoned(&mut self) {
        match self.stage {
            Stage::Reserving => self.stage = Stage::Refused(Failure::of(&broken_off(false))),
            Stage::Submitting => self.stage = Stage::Unknown(Failure::of(&broken_off(true))),
            _ => {}
        }
    }

    /// Whether the credits of the current try count as spent; `None` while it is under way.
    pub fn spent(&self) -> Option<bool> {
        match self.stage {
            Stage::Reserving | Stage::Submitting => None,
            Stage::Accepted(_) | Stage::Unknown(_) => Some(true),
            Stage::Refused(_) => Some(false),
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
            Stage::Accepted(_) => self.look_at = 0,
            _ => self.claimed = claimed.or(self.claimed.take()),
        }
    }

    /// The vendor's id to look into, of a job nobody knows the outcome of.
    pub fn to_look_into(&self) -> Option<&str> {
        if matches!(self.stage, Stage::Unknown(_)) { self.claimed.as_deref() } else { None }
    }

    /// What the record of the claimed task says. It is this job's if it repeats the request with the address to call back
    /// at, which is in no other.
    pub fn looked_into(&mut self, record: Option<&Record>) {
        let Some(claimed) = self.claimed.take() else { return };
        let request = record.filter(|record| record.task_id == claimed).and_then(|record| record.param_json.as_deref());
        let url = request.and_then(|request| Object::parse(request)?.text("callBackUrl"));
        if url.is_some_and(|url| url.ends_with(&["/", &*self.callback_path()].concat())) {
            self.stage = Stage::Accepted(claimed);
        }
    }

    /// Whether the vendor is to be asked now, and its id of the task. Then the time of the next look is far away: those
    /// who ask meanwhile get what is known.
    pub fn begin_look(&mut self, now: i64) -> Option<String> {
        let Stage::Accepted(vendor_id) = &self.stage else { return None };
        if self.ended || now < self.look_at {
            return None;
        }
        self.look_at = now + LOOK_LEASE_MS;
        Some(vendor_id.clone())
    }

    /// What the look has found; a look that failed is no reason to ask at once.
    pub fn end_look(&mut self, found: Option<(Record, Option<u32>)>, now: i64) {
        let pace = found.as_ref().and_then(|(_, pace)| *pace).map(i64::from);
        self.look_at = now + pace.map_or(LOOK_FLOOR_MS, |seconds| (seconds * 1000).clamp(1_000, LOOK_FLOOR_MS));
        self.pace = pace;
        if let Some((record, _)) = found {
            self.record = Some(record.to_json());
            self.ended = Task::from(record).state != State::Running;
        }
    }

    /// The record as a caller gets it: as it was last seen, else what is known without a look. Of a submit without a clear
    /// answer nobody knows whether there is one.
    pub fn record(&self) -> Result<String, Error> {
        if let Stage::Unknown(failure) = &self.stage {
            return Err(failure.to_error(Billed::Unknown));
        }
        if let Some(record) = &self.record {
            return Ok(record.clone());
        }
        let failure = match &self.stage {
            Stage::Refused(failure) => Some(failure),
            _ => None,
        };
        let record = Record {
            task_id: self.id.clone(),
            task_type: self.task_type.clone(),
            create_time: Some(self.created_at),
            success_flag: if failure.is_some() { 3 } else { 0 },
            error_message: failure.map(|failure| failure.message.clone()),
            ..Record::default()
        };
        Ok(record.to_json())
    }

    /// In how many seconds another look is worthwhile.
    pub fn pace(&self, now: i64) -> Option<i64> {
        let pace = self.pace.filter(|_| !self.ended)?;
        // Of a look under way nobody knows; the vendor's own word is as good as any.
        let left = (self.look_at - now + 999).div_euclid(1000);
        Some(if (0..=pace).contains(&left) { left.max(1) } else { pace })
    }

    /// As JSON, to keep.
    pub fn to_json(&self) -> String {
        let (stage, vendor_id, failure) = match &self.stage {
            Stage::Reserving => ("reserving", None, None),
            Stage::Submitting => ("submitting", None, None),
            Stage::Accepted(vendor_id) => ("accepted", Some(vendor_id.as_str()), None),
            Stage::Refused(failure) => ("refused", None, Some(failure)),
            Stage::Unknown(failure) => ("unknown", None, Some(failure)),
        };
        Writer::new()
            .text("id", Some(&self.id))
            .text("subject", Some(&self.subject))
            .text("digest", Some(&self.digest))
            .text("taskType", self.task_type.as_deref())
            .text("speed", self.speed.map(Speed::as_str))
            .whole("createdAt", Some(self.created_at))
            .whole("attempt", Some(self.attempt))
            .text("stage", Some(stage))
            .text("vendorId", vendor_id)
            .some("failure", failure.map(Failure::to_json))
            .boolean("settled", Some(self.settled))
            .some("record", self.record.clone())
            .boolean("ended", Some(self.ended))
            .whole("lookAt", Some(self.look_at))
            .text("callbackToken", Some(&self.callback_token))
            .text("claimed", self.claimed.as_deref())
            .whole("pace", self.pace)
            .end()
    }

    /// Reads what [`Job::to_json`] gave.
    pub fn parse(json: &str) -> Option<Self> {
        let job = Object::parse(json)?;
        let whole = |name| job.given(name).and_then(Json::whole);
        let is = |name| job.given(name).and_then(Json::boolean);
        let failure = || Failure::parse(job.given("failure")?);
        Some(Self {
            id: job.text("id")?,
            subject: job.text("subject")?,
            digest: job.text("digest")?,
            task_type: job.text("taskType"),
            speed: job.text("speed").and_then(|word| Speed::from_word(&word)),
            created_at: whole("createdAt")?,
            attempt: whole("attempt")?,
            stage: match job.text("stage")?.as_ref() {
                "reserving" => Stage::Reserving,
                "submitting" => Stage::Submitting,
                "accepted" => Stage::Accepted(job.text("vendorId")?),
                "refused" => Stage::Refused(failure()?),
                "unknown" => Stage::Unknown(failure()?),
                _ => return None,
            },
            settled: is("settled")?,
            record: job.given("record").map(|record| record.raw().to_owned()),
            ended: is("ended")?,
            look_at: whole("lookAt")?,
            callback_token: job.text("callbackToken")?,
            claimed: job.text("claimed"),
            pace: whole("pace"),
        })
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

impl Failure {
    fn of(error: &Error) -> Self {
        Self { kind: error.kind, code: error.code, message: error.message.clone() }
    }

    fn to_error(&self, billed: Billed) -> Error {
        Error::new(self.kind, self.message.clone()).with(|error| {
            error.code = self.code;
            error.billed = billed;
        })
    }

    fn to_json(&self) -> String {
        let json = Writer::new().text("kind", Some(self.kind.as_str())).whole("code", self.code);
        json.text("message", Some(&self.message)).end()
    }

    fn parse(json: Json<'_>) -> Option<Self> {
        let failure = json.object()?;
        Some(Self {
            kind: Kind::from_word(&failure.text("kind")?)?,
            code: failure.given("code").and_then(Json::whole),
            message: failure.text("message")?,
        })
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::generate;

    fn job() -> Job {
        let submission = generate(r#"{"taskType": "mj_txt2img", "prompt": "a", "speed": "fast"}"#).unwrap();
        Job::new("j".into(), "token:alice".into(), "digest".into(), &submission, "t".into(), 1_000)
    }

    fn refused() -> Result<String, Error> {
        Err(Error::new(Kind::RateLimited, "too many"))
    }

    fn unclear() -> Result<String, Error> {
        Err(Error::new(Kind::Network, "reset").with(|error| error.billed = Billed::Unknown))
    }

    fn record(success_flag: i64, urls: &[&str]) -> Record {
        let result_urls = urls.iter().map(|url| (*url).to_owned()).collect();
        Record { task_id: "j".to_owned(), success_flag, result_urls, ..Record::default() }
    }

    #[test]
    fn row_16_the_same_order_is_the_same_job_and_another_is_refused() {
        let mut job = job();
        assert_eq!(job.again("other").unwrap_err().field.as_deref(), Some("idempotencyKey"));
        job.submitted(&Ok("v".to_owned()));
        assert_eq!(job.again("digest").ok(), Some(Again::Same));
        job.submitted(&refused());
        assert_eq!(job.again("digest").ok(), Some(Again::Try));
        assert_eq!((job.reservation(), job.clone().retried(2_000).reservation()), ("j/1".into(), "j/2".into()));
    }

    #[test]
    fn row_31_an_unclear_submit_is_never_tried_again_and_stays_paid() {
        let mut job = job();
        job.submitted(&unclear());
        assert_eq!(job.again("digest").unwrap_err().billed, Billed::Unknown);
        assert_eq!(job.record().unwrap_err().billed, Billed::Unknown);
        assert_eq!(job.spent(), Some(true));
        // The vendor's answer may come to a driver that was given up.
        job.submitted(&Ok("v".to_owned()));
        assert_eq!(job.again("digest").ok(), Some(Again::Same));
    }

    #[test]
    fn row_35_a_killed_driver_leaves_what_is_true() {
        let mut before = job();
        before.abandoned();
        assert_eq!((before.spent(), before.again("digest").ok()), (Some(false), Some(Again::Try)));
        let mut after = Job { stage: Stage::Submitting, ..job() };
        after.abandoned();
        assert_eq!(after.spent(), Some(true));
        assert!(after.again("digest").is_err());
        let mut done = Job { stage: Stage::Accepted("v".to_owned()), ..job() };
        done.abandoned();
        assert_eq!(done.stage, Stage::Accepted("v".to_owned()));
    }

    #[test]
    fn row_17_a_look_is_the_only_one_until_its_time_is_over() {
        let mut job = job();
        assert_eq!(job.begin_look(10_000), None, "nothing is there to look at yet");
        job.submitted(&Ok("v".to_owned()));
        assert_eq!(job.begin_look(10_000).as_deref(), Some("v"));
        assert_eq!(job.begin_look(10_001), None, "it is under way");
        job.end_look(Some((record(0, &[]), None)), 11_000);
        assert_eq!(job.begin_look(15_999), None);
        assert_eq!(job.begin_look(16_000).as_deref(), Some("v"));
        job.end_look(None, 17_000);
        assert_eq!(job.begin_look(21_999), None, "a look that failed counts");
        assert!(job.begin_look(22_000).is_some());
        job.end_look(Some((record(1, &["https://a.example/1.png"]), None)), 22_000);
        assert_eq!(job.begin_look(i64::MAX), None, "an end is the end");
        assert!(job.record().unwrap().contains("https://a.example/1.png"));
    }

    #[test]
    fn a_vendor_that_names_its_pace_is_asked_at_it() {
        let mut job = job();
        job.submitted(&Ok("v".to_owned()));
        job.begin_look(10_000);
        job.end_look(Some((record(0, &[]), Some(2))), 10_000);
        assert_eq!((job.begin_look(11_999), job.pace(10_500)), (None, Some(2)));
        assert!(job.begin_look(12_000).is_some());
        job.end_look(Some((record(0, &[]), Some(0))), 12_000);
        assert_eq!(job.begin_look(12_999), None, "but not without a pause");
    }

    #[test]
    fn row_31_an_unknown_job_adopts_the_task_that_repeats_its_address() {
        let param_json = |url: &str| Some(format!(r#"{{"prompt": "a", "callBackUrl": "{url}"}}"#));
        let claim = |claimed: &str, task_id: &str, param_json: Option<String>| {
            let mut job = job();
            job.submitted(&unclear());
            job.called_back(Some(claimed.to_owned()));
            assert_eq!(job.to_look_into(), Some(claimed));
            let task_id = task_id.to_owned();
            job.looked_into(Some(&Record { task_id, param_json, ..Record::default() }));
            job.stage
        };
        let ours = "https://gateway.example/api/v1/callback/j/t";
        assert_eq!(claim("v", "v", param_json(ours)), Stage::Accepted("v".to_owned()));
        for (task_id, param_json) in [
            ("w", param_json(ours)),
            ("v", None),
            ("v", Some("no JSON".to_owned())),
            ("v", param_json("https://gateway.example/api/v1/callback/j/u")),
            ("v", param_json("https://gateway.example/api/v1/callback/i/t")),
            ("v", param_json("https://gateway.example/api/v1/callback/j/t?x=1")),
        ] {
            assert!(matches!(claim("v", task_id, param_json), Stage::Unknown(_)));
        }
    }

    #[test]
    fn row_19_a_callback_changes_nothing_but_when_to_look() {
        let mut job = job();
        job.submitted(&Ok("v".to_owned()));
        job.begin_look(10_000);
        job.end_look(Some((record(0, &[]), None)), 10_000);
        let before = job.clone();
        job.called_back(Some("evil".to_owned()));
        assert_eq!(job, Job { look_at: 0, ..before });
        assert_eq!(job.begin_look(10_001).as_deref(), Some("v"));
    }

    #[test]
    fn without_a_look_the_record_says_what_is_known() {
        let mut job = job();
        assert!(job.record().unwrap().contains(r#""taskId":"j","taskType":"mj_txt2img""#));
        assert!(job.record().unwrap().contains(r#""successFlag":0"#));
        job.submitted(&refused());
        assert!(job.record().unwrap().contains(r#""successFlag":3,"errorCode":null,"errorMessage":"too many""#));
    }

    proptest! {
        #[test]
        fn what_is_kept_is_read_again(
            (text, at) in (any::<String>(), 0i64..1 << 50),
            stage in 0..5usize,
            (settled, ended, pace) in any::<(bool, bool, Option<u16>)>(),
        ) {
            let failure = Failure::of(&Error::new(Kind::Network, text.clone()));
            let stages = [
                Stage::Reserving, Stage::Submitting, Stage::Accepted(text.clone()),
                Stage::Refused(failure.clone()), Stage::Unknown(failure),
            ];
            let record = settled.then(|| record(1, &[]).to_json());
            let stage = stages.into_iter().nth(stage).unwrap();
            let claimed = ended.then(|| text.clone());
            let job = Job { stage, settled, ended, record, claimed, subject: text, look_at: at, pace: pace.map(i64::from), ..job() };
            prop_assert_eq!(Job::parse(&job.to_json()), Some(job));
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
                    (1, Stage::Submitting) => job.submitted(&Ok("v".to_owned())),
                    (2, Stage::Submitting) => {
                        job.submitted(&refused());
                        certain += 1;
                    }
                    (3, Stage::Submitting) => job.submitted(&unclear()),
                    (4, Stage::Reserving | Stage::Submitting) => job.abandoned(),
                    _ => if job.again("digest").ok() == Some(Again::Try) {
                        job = job.retried(0);
                    }
                }
                prop_assert!(sent - certain <= 1);
            }
        }
    }
}
