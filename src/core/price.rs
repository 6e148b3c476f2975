use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::json::{Object, Writer};
use super::text::has_word;
use super::{Error, Speed, Submission, TaskType};

/// What a task may cost, in credits. Nobody outside knows the vendor's prices, and its records don't say what a task
/// cost: an estimate, from what clients' tables have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The least.
    pub min: u32,
    /// The most: what a cautious caller sets aside.
    pub max: u32,
}

impl Estimate {
    /// As JSON: `{"min", "max", "estimate": true}`.
    pub fn to_json(self) -> String {
        let (min, max) = (Some(i64::from(self.min)), Some(i64::from(self.max)));
        Writer::new().whole("min", min).whole("max", max).boolean("estimate", Some(true)).end()
    }
}

/// Credits by kind of task, each as a range. The names are those of [`Prices::parse`].
///
/// ```
/// use midapi::core::{Estimate, GenerateRequest, Prices, Speed, TaskType};
///
/// let prices = Prices::parse(r#"{"turbo": 20, "video": [20, 40]}"#)?;
/// let request = GenerateRequest { speed: Some(Speed::Turbo), ..GenerateRequest::new(TaskType::TextToImage, "a cat") };
/// assert_eq!(prices.of(&request.submission()?), Estimate { min: 20, max: 20 });
/// # Ok::<(), midapi::core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices([(&'static str, Estimate); 6]);

impl Default for Prices {
    /// The figures of clients' tables (*C*, unverified): image 3, 8 or 16 by speed, video 15–60, HD video 45–180.
    /// Upscales and variations stand in no table; they are taken for images of unknown speed.
    fn default() -> Self {
        let range = |min, max| Estimate { min, max };
        Self([
            ("relaxed", range(3, 3)),
            ("fast", range(8, 8)),
            ("turbo", range(16, 16)),
            ("video", range(15, 60)),
            ("videoHd", range(45, 180)),
            ("change", range(3, 16)),
        ])
    }
}

/// The speeds that Midjourney's own flags in the prompt ask for. Nobody outside knows whether the vendor minds them.
fn flagged_speeds(submission: &Submission) -> impl Iterator<Item = Speed> {
    let prompt = Object::parse(&submission.body).and_then(|body| body.text("prompt")).unwrap_or_default();
    let flag = |speed: Speed| match speed {
        Speed::Relaxed => "--relax",
        Speed::Fast => "--fast",
        Speed::Turbo => "--turbo",
    };
    Speed::ALL.iter().copied().filter(move |speed| has_word(&prompt, flag(*speed)))
}

impl Prices {
    /// The default prices with some of them replaced: `{"fast": 10, "video": [20, 40]}`, whole credits.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let must =
            "must be an object of credits, or ranges of credits, by relaxed, fast, turbo, video, videoHd, change";
        let wrong = || Error::invalid("prices", must);
        let mut prices = Self::default();
        let given = Object::parse(json).ok_or_else(wrong)?;
        if given.names().any(|name| prices.0.iter().all(|(known, _)| *known != name)) {
            return Err(wrong());
        }
        for (name, estimate) in &mut prices.0 {
            let Some(price) = given.given(name) else { continue };
            let ends = price.items().unwrap_or_else(|| vec![price, price]);
            let ends: Option<Vec<_>> = ends.into_iter().map(|end| u32::try_from(end.whole()?).ok()).collect();
            match ends.as_deref() {
                Some(&[min, max]) if min <= max => *estimate = Estimate { min, max },
                _ => return Err(wrong()),
            }
        }
        Ok(prices)
    }

    /// What a submit may cost. A video costs by its number and length, nobody outside knows how.
    pub fn of(&self, submission: &Submission) -> Estimate {
        let name = match (submission.route(), submission.task_type.as_deref().map(TaskType::from_word)) {
            (_, Some(Some(TaskType::VideoHd))) => "videoHd",
            (_, Some(Some(TaskType::Video))) | ("generateVideoExtend", _) => "video",
            // The vendor's default speed is undocumented; the studio's and the simulator's is fast.
            ("generate", _) => submission.speed.unwrap_or(Speed::Fast).as_str(),
            _ => "change",
        };
        let estimate = self.named(name);
        let flagged = flagged_speeds(submission).map(|speed| self.named(speed.as_str()).max).max();
        Estimate { max: estimate.max.max(flagged.unwrap_or_default()), ..estimate }
    }

    fn named(&self, name: &str) -> Estimate {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map_or(Estimate { min: 0, max: 0 }, |(_, estimate)| *estimate)
    }
}
