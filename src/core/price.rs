use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_with::skip_serializing_none;
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

use super::given::Given;
use super::submission::SubmitRoute;
use super::terms::{Speed, TaskType};
use super::{Error, History, Submission, TimeLeft, decode};

/// What a task may cost, in credits. Nobody outside knows the vendor's prices, and its records don't say what a task
/// cost: an estimate, from what clients' tables have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The least.
    pub min: u32,
    /// The most: what a cautious caller sets aside.
    pub max: u32,
}

/// `{"min", "max", "estimate": true}`
impl Serialize for Estimate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Marked {
            min: u32,
            max: u32,
            estimate: bool,
        }
        Marked { min: self.min, max: self.max, estimate: true }.serialize(serializer)
    }
}

/// What a task may cost, and how long it is likely to take, before it is submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// The credits.
    #[serde(flatten)]
    pub credits: Estimate,
    /// The time.
    pub time: TimeLeft,
}

impl Quote {
    /// Of a submit.
    pub fn of(submission: &Submission, prices: &Prices, history: &History) -> Self {
        let time = history.time_left(submission.task_type.as_deref(), submission.speed, 0);
        Self { credits: prices.of(submission), time }
    }

    /// Of a change of a result, before one is chosen.
    pub fn of_change(change: ChangeKind, prices: &Prices, history: &History) -> Self {
        Self { credits: prices.of_change(change), time: history.time_left(None, None, 0) }
    }
}

/// Credits by kind of task, where they are known better than from clients' tables: whole credits, or the least and the
/// most.
///
/// ```
/// use midapi::core::{Estimate, GenerateRequest, Prices, Speed, TaskType};
///
/// let prices = Prices::parse(r#"{"turbo": 20, "video": [20, 40]}"#)?;
/// let request = GenerateRequest { speed: Some(Speed::Turbo), ..GenerateRequest::new(TaskType::TextToImage, "a cat") };
/// assert_eq!(prices.of(&request.submission()?), Estimate { min: 20, max: 20 });
/// # Ok::<(), midapi::core::Error>(())
/// ```
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prices {
    #[serde(default, deserialize_with = "price", serialize_with = "ends")]
    relaxed: Option<Estimate>,
    #[serde(default, deserialize_with = "price", serialize_with = "ends")]
    fast: Option<Estimate>,
    #[serde(default, deserialize_with = "price", serialize_with = "ends")]
    turbo: Option<Estimate>,
    #[serde(default, deserialize_with = "price", serialize_with = "ends")]
    video: Option<Estimate>,
    #[serde(default, deserialize_with = "price", serialize_with = "ends")]
    video_hd: Option<Estimate>,
    #[serde(default, deserialize_with = "price", serialize_with = "ends")]
    change: Option<Estimate>,
}

/// What can be made of a result, by the name of the call that makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Display, IntoStaticStr, VariantArray, VariantNames)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum ChangeKind {
    /// The image in full size.
    Upscale,
    /// Four variations of the image.
    Vary,
    /// More of the video.
    ExtendVideo,
}

fn ends<S: Serializer>(price: &Option<Estimate>, serializer: S) -> Result<S::Ok, S::Error> {
    price.map(|Estimate { min, max }| [min, max]).serialize(serializer)
}

fn price<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Estimate>, D::Error> {
    let given = Given::deserialize(from)?;
    let ends = match &given {
        Given::Nothing => return Ok(None),
        Given::List(ends) => ends.as_slice(),
        _ => std::slice::from_ref(&given),
    };
    let credits = |end: &Given| u32::try_from(end.whole()?).ok();
    let estimate = match ends {
        [end] if !matches!(given, Given::List(_)) => {
            credits(end).map(|credits| Estimate { min: credits, max: credits })
        }
        [min, max] => credits(min).zip(credits(max)).map(|(min, max)| Estimate { min, max }),
        _ => None,
    };
    let estimate = estimate.filter(|estimate| estimate.min <= estimate.max);
    estimate.map(Some).ok_or_else(|| serde::de::Error::custom("must be whole credits, or the least and the most"))
}

impl Prices {
    /// The default prices with some of them replaced: `{"fast": 10, "video": [20, 40]}`, whole credits.
    pub fn parse(json: &str) -> Result<Self, Error> {
        decode::from_json(json).map_err(|_| Self::wrong())
    }

    /// The refusal of what are no prices.
    pub(crate) fn wrong() -> Error {
        let must =
            "must be an object of credits, or ranges of credits, by relaxed, fast, turbo, video, videoHd, change";
        Error::invalid("prices", must)
    }

    /// What a submit may cost. A video costs by its number and length, nobody outside knows how.
    pub fn of(&self, submission: &Submission) -> Estimate {
        let estimate = match (submission.form.route, submission.price_type) {
            (_, Some(TaskType::VideoHd)) => self.video_hd.unwrap_or(Estimate { min: 45, max: 180 }),
            (SubmitRoute::GenerateVideoExtend, _) | (_, Some(TaskType::Video)) => self.of_video(),
            // The vendor's default speed is undocumented; the studio's and the simulator's is fast.
            (SubmitRoute::Generate, _) => self.of_image(submission.speed.unwrap_or(Speed::Fast)),
            _ => self.of_change(ChangeKind::Upscale),
        };
        let flagged = submission.flagged_speeds.iter().map(|speed| self.of_image(*speed).max).max();
        Estimate { max: estimate.max.max(flagged.unwrap_or_default()), ..estimate }
    }

    /// What a change of a result may cost, before one is chosen: of a video in HD the extension costs what that costs.
    pub fn of_change(&self, change: ChangeKind) -> Estimate {
        match change {
            // Upscales and variations stand in no table; they are taken for images of unknown speed.
            ChangeKind::Upscale | ChangeKind::Vary => self.change.unwrap_or(Estimate { min: 3, max: 16 }),
            ChangeKind::ExtendVideo => self.of_video(),
        }
    }

    fn of_video(&self) -> Estimate {
        self.video.unwrap_or(Estimate { min: 15, max: 60 })
    }

    /// The figures of clients' tables (*C*, unverified): image 3, 8 or 16 by speed, video 15–60, HD video 45–180.
    fn of_image(&self, speed: Speed) -> Estimate {
        let (own, usual) = match speed {
            Speed::Relaxed => (self.relaxed, 3),
            Speed::Fast => (self.fast, 8),
            Speed::Turbo => (self.turbo, 16),
        };
        own.unwrap_or(Estimate { min: usual, max: usual })
    }
}
