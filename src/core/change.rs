//! What can be made of one image or video of a task. People count them from 1; the vendor's routes, all but the quick
//! start's `upscale`, from 0.

use serde::{Deserialize, Serialize};
use serde_with::{SerializeDisplay, skip_serializing_none};
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

use super::submission::{SubmitForm, SubmitRoute};
use super::terms::{TaskType, Word};
use super::{Error, Submission, de, decode, link};

/// One of the images or videos of a task, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageNumber(u8);

impl ImageNumber {
    /// Takes 1 to 4.
    pub fn new(number: u8) -> Result<Self, Error> {
        if (1..=4).contains(&number) {
            Ok(Self(number))
        } else {
            Err(Error::invalid("index", &de::must_be_within(1, 4)))
        }
    }

    /// The number, from 1 to 4.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// What to make of an image or video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The image in full size.
    Upscale,
    /// Four variations of the image (*R*).
    Vary,
    /// More of the video: what happens next is the prompt's to say, or without one Midjourney's own idea (*R*).
    ExtendVideo {
        /// 1 to 2000 characters.
        prompt: Option<String>,
    },
}

/// A request that starts from an image or video of a finished task.
///
/// ```
/// use midapi::core::{ChangeRequest, ImageNumber};
///
/// // People count images from 1; this route counts them from 0.
/// let submission = ChangeRequest::vary("task-id", ImageNumber::new(1)?).submission()?;
/// assert_eq!(submission.route(), "generateVary");
/// assert_eq!(submission.body(), r#"{"taskId":"task-id","imageIndex":0}"#);
/// # Ok::<(), midapi::core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRequest {
    /// What to make of it.
    pub change: Change,
    /// The task that made it.
    pub task_id: String,
    /// Which of the task's images or videos.
    pub image: ImageNumber,
    /// A watermark to put in.
    pub water_mark: Option<String>,
    /// Where the vendor posts the result.
    pub call_back_url: Option<String>,
}

/// The body of the quick start's upscale (*Q*), which counts from 1.
#[skip_serializing_none]
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpscaleBody {
    #[serde(deserialize_with = "de::task_id")]
    task_id: String,
    #[serde(default, deserialize_with = "de::whole::<_, 1, 4>")]
    index: Option<u16>,
    #[serde(default, deserialize_with = "de::text")]
    water_mark: Option<String>,
    #[serde(default, deserialize_with = "de::link")]
    call_back_url: Option<String>,
}

/// The body of the reference's upscale and of its variations (*R*). Of those the schema counts from 0, the prose beside it
/// from 1; the schema is what a server checks.
#[skip_serializing_none]
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ImageBody {
    #[serde(deserialize_with = "de::task_id")]
    task_id: String,
    #[serde(default, deserialize_with = "de::whole::<_, 0, 3>")]
    image_index: Option<u16>,
    #[serde(default, deserialize_with = "de::text")]
    water_mark: Option<String>,
    #[serde(default, deserialize_with = "de::link")]
    call_back_url: Option<String>,
}

/// The body of a video's extension (*R*): what it counts from is unsaid, and the example is 0.
#[skip_serializing_none]
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExtendBody {
    #[serde(deserialize_with = "de::word")]
    task_type: ExtendType,
    #[serde(deserialize_with = "de::task_id")]
    task_id: String,
    #[serde(default, deserialize_with = "de::whole::<_, 0, 3>")]
    index: Option<u16>,
    #[serde(default, deserialize_with = "de::optional_prompt")]
    prompt: Option<String>,
    #[serde(default, deserialize_with = "de::text")]
    water_mark: Option<String>,
    #[serde(default, deserialize_with = "de::link")]
    call_back_url: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Display, IntoStaticStr, SerializeDisplay, VariantArray, VariantNames)]
enum ExtendType {
    #[strum(serialize = "mj_video_extend_manual")]
    Manual,
    #[strum(serialize = "mj_video_extend_auto")]
    Auto,
}

impl ExtendType {
    const fn of(prompt: Option<&String>) -> Self {
        if prompt.is_some() { Self::Manual } else { Self::Auto }
    }
}

impl ChangeRequest {
    /// A request without watermark and callback.
    pub fn new(change: Change, task_id: impl Into<String>, image: ImageNumber) -> Self {
        Self { change, task_id: task_id.into(), image, water_mark: None, call_back_url: None }
    }

    /// The upscale of one image of a task.
    pub fn upscale(task_id: impl Into<String>, image: ImageNumber) -> Self {
        Self::new(Change::Upscale, task_id, image)
    }

    /// Variations of one image of a task.
    pub fn vary(task_id: impl Into<String>, image: ImageNumber) -> Self {
        Self::new(Change::Vary, task_id, image)
    }

    /// More of one video of a task.
    pub fn extend_video(task_id: impl Into<String>, video: ImageNumber, prompt: Option<String>) -> Self {
        Self::new(Change::ExtendVideo { prompt }, task_id, video)
    }

    /// Reads the body of a route that takes such a request; `None` if the route doesn't.
    pub fn parse(route: &str, body: &str) -> Option<Result<Self, Error>> {
        Some(match SubmitRoute::from_word(route)? {
            SubmitRoute::Generate => return None,
            SubmitRoute::Upscale => decode::from_json(body).and_then(UpscaleBody::into_request),
            SubmitRoute::GenerateUpscale => {
                decode::from_json(body).and_then(|body: ImageBody| body.into_request(Change::Upscale))
            }
            SubmitRoute::GenerateVary => {
                decode::from_json(body).and_then(|body: ImageBody| body.into_request(Change::Vary))
            }
            SubmitRoute::GenerateVideoExtend => decode::from_json(body).and_then(ExtendBody::into_request),
        })
    }

    /// The submit of this request, or the first field that is wrong and what would be right.
    pub fn submission(&self) -> Result<Submission, Error> {
        // An empty prompt is no prompt, and one was meant.
        if matches!(&self.change, Change::ExtendVideo { prompt: Some(prompt) } if prompt.is_empty()) {
            return Err(Error::invalid("prompt", super::prompt::MUST_BE_TEXT));
        }
        // A program's own values pass the rules that a foreign body passes: a rule lives once.
        let form = self.form();
        let checked = Self::parse(form.route.as_str(), &form.body).unwrap_or_else(|| Ok(self.clone()))?;
        Ok(checked.into_submission())
    }

    /// The submit of a request that passed every rule.
    pub(crate) fn into_submission(self) -> Submission {
        let alternative = matches!(self.change, Change::Upscale)
            .then(|| SubmitForm::new(SubmitRoute::GenerateUpscale, &self.image_body()));
        let extend_type = match &self.change {
            Change::ExtendVideo { prompt } => Some(ExtendType::of(prompt.as_ref())),
            Change::Upscale | Change::Vary => None,
        };
        Submission {
            form: self.form(),
            alternative,
            private_link: link::first_private(self.call_back_url.iter().map(|link| ("callBackUrl", link.as_str()))),
            flagged_speeds: Vec::new(),
            price_type: extend_type.map(|_| TaskType::Video),
            task_type: extend_type.map(|extend_type| extend_type.as_str().to_owned()),
            speed: None,
        }
    }

    /// The form that is tried first.
    fn form(&self) -> SubmitForm {
        match &self.change {
            Change::Upscale => self.upscale_form(),
            Change::Vary => SubmitForm::new(SubmitRoute::GenerateVary, &self.image_body()),
            Change::ExtendVideo { prompt } => self.extend_form(prompt),
        }
    }

    fn index_from_0(&self) -> Option<u16> {
        Some(u16::from(self.image.get()) - 1)
    }

    fn upscale_form(&self) -> SubmitForm {
        let body = UpscaleBody {
            task_id: self.task_id.clone(),
            index: Some(self.image.get().into()),
            water_mark: self.water_mark.clone(),
            call_back_url: self.call_back_url.clone(),
        };
        SubmitForm::new(SubmitRoute::Upscale, &body)
    }

    fn image_body(&self) -> ImageBody {
        ImageBody {
            task_id: self.task_id.clone(),
            image_index: self.index_from_0(),
            water_mark: self.water_mark.clone(),
            call_back_url: self.call_back_url.clone(),
        }
    }

    fn extend_form(&self, prompt: &Option<String>) -> SubmitForm {
        let body = ExtendBody {
            task_type: ExtendType::of(prompt.as_ref()),
            task_id: self.task_id.clone(),
            index: self.index_from_0(),
            prompt: prompt.clone(),
            water_mark: self.water_mark.clone(),
            call_back_url: self.call_back_url.clone(),
        };
        SubmitForm::new(SubmitRoute::GenerateVideoExtend, &body)
    }
}

/// The image of a number that is counted from `first`, and stands in this field.
fn image(field: &str, number: Option<u16>, first: u16) -> Result<ImageNumber, Error> {
    let missing = || Error::invalid(field, &de::must_be_within(first, first + 3));
    ImageNumber::new((number.ok_or_else(missing)? + 1 - first) as u8)
}

impl UpscaleBody {
    fn into_request(self) -> Result<ChangeRequest, Error> {
        let Self { task_id, index, water_mark, call_back_url } = self;
        let image = image("index", index, 1)?;
        Ok(ChangeRequest { change: Change::Upscale, task_id, image, water_mark, call_back_url })
    }
}

impl ImageBody {
    fn into_request(self, change: Change) -> Result<ChangeRequest, Error> {
        let Self { task_id, image_index, water_mark, call_back_url } = self;
        let image = image("imageIndex", image_index, 0)?;
        Ok(ChangeRequest { change, task_id, image, water_mark, call_back_url })
    }
}

impl ExtendBody {
    fn into_request(self) -> Result<ChangeRequest, Error> {
        let Self { task_type, task_id, index, prompt, water_mark, call_back_url } = self;
        let image = image("index", index, 0)?;
        match (task_type, &prompt) {
            (ExtendType::Manual, None) => {
                return Err(Error::invalid("prompt", "is required for mj_video_extend_manual"));
            }
            (ExtendType::Auto, Some(_)) => {
                return Err(Error::invalid("prompt", "is for mj_video_extend_manual alone"));
            }
            _ => {}
        }
        Ok(ChangeRequest { change: Change::ExtendVideo { prompt }, task_id, image, water_mark, call_back_url })
    }
}
