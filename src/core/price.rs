use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::given::Given;
use super::submission::SubmitRoute;
use super::terms::{Speed, TaskType};
use super::{Error, Submission, decode};

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prices {
    #[serde(default, deserialize_with = "price")]
    relaxed: Option<Estimate>,
    #[serde(default, deserialize_with = "price")]
    fast: Option<Estimate>,
    #[serde(default, deserialize_with = "price")]
    turbo: Option<Estimate>,
    #[serde(default, deserialize_with = "price")]
    video: Option<Estimate>,
    #[serde(default, deserialize_with = "price")]
    video_hd: Option<Estimate>,
    #[serde(default, deserialize_with = "price")]
    change: Option<Estimate>,
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
            (SubmitRoute::GenerateVideoExtend, _) | (_, Some(TaskType::Video)) => {
                self.video.unwrap_or(Estimate { min: 15, max: 60 })
            }
            // The vendor's default speed is undocumented; the studio's and the simulator's is fast.
            (SubmitRoute::Generate, _) => self.of_image(submission.speed.unwrap_or(Speed::Fast)),
            // Upscales and variations stand in no table; they are taken for images of unknown speed.
            _ => self.change.unwrap_or(Estimate { min: 3, max: 16 }),
        };
        let flagged = submission.flagged_speeds.iter().map(|speed| self.of_image(*speed).max).max();
        Estimate { max: estimate.max.max(flagged.unwrap_or_default()), ..estimate }
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
