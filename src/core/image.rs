//! What can be made of one image or video of a task. People count them from 1; the vendor's routes, all but the quick
//! start's `upscale`, from 0.

use alloc::borrow::ToOwned;
use alloc::string::String;

use super::fields::{Field, Rule, checked, outside};
use super::json::{Object, Writer};
use super::{Error, Submission};

/// One of the images or videos of a task, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageNumber(u8);

impl ImageNumber {
    /// Takes 1 to 4.
    pub fn new(number: u8) -> Result<Self, Error> {
        if (1..=4).contains(&number) { Ok(Self(number)) } else { Err(outside("index", 1, 4)) }
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

/// How a route spells such a request.
struct Form {
    route: &'static str,
    fields: &'static [Field],
    /// The name of the image's number, and the number of the first image.
    index: (&'static str, u8),
}

const WATER_MARK: Field = ("waterMark", Rule::Text);
const CALL_BACK_URL: Field = ("callBackUrl", Rule::Link);
const FROM_1: &[Field] = &[("taskId", Rule::TaskId), ("index", Rule::Whole(1, 4)), WATER_MARK, CALL_BACK_URL];
const FROM_0: &[Field] = &[("taskId", Rule::TaskId), ("imageIndex", Rule::Whole(0, 3)), WATER_MARK, CALL_BACK_URL];
const EXTENSION: &[Field] = &[
    ("taskType", Rule::Word(&[MANUAL, AUTO])),
    ("taskId", Rule::TaskId),
    ("index", Rule::Whole(0, 3)),
    ("prompt", Rule::Prompt),
    WATER_MARK,
    CALL_BACK_URL,
];
const MANUAL: &str = "mj_video_extend_manual";
const AUTO: &str = "mj_video_extend_auto";

const FORMS: [Form; 4] = [
    // (Q)
    Form { route: "upscale", fields: FROM_1, index: ("index", 1) },
    // (R)
    Form { route: "generateUpscale", fields: FROM_0, index: ("imageIndex", 0) },
    // (R): the schema counts from 0, the prose beside it from 1; the schema is what a server checks.
    Form { route: "generateVary", fields: FROM_0, index: ("imageIndex", 0) },
    // (R): the base is unsaid, the example is 0.
    Form { route: "generateVideoExtend", fields: EXTENSION, index: ("index", 0) },
];

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
        let form = FORMS.iter().find(|form| form.route == route)?;
        Some(form.parse(body))
    }

    /// The submit of this request, or the first field that is wrong and what would be right.
    pub fn submission(&self) -> Result<Submission, Error> {
        let [quick_start, reference, vary, extend_video] = &FORMS;
        let (form, other, task_type) = match &self.change {
            Change::Upscale => (quick_start, Some(reference), None),
            Change::Vary => (vary, None, None),
            Change::ExtendVideo { prompt } => (extend_video, None, Some(extension(prompt.as_deref()).to_owned())),
        };
        let instead = other.map(|form| Ok((form.route, form.body(self)?))).transpose()?;
        Ok(Submission { route: form.route, body: form.body(self)?, instead, task_type, speed: None })
    }
}

impl Form {
    fn body(&self, request: &ChangeRequest) -> Result<String, Error> {
        let (index, first) = self.index;
        let mut body = Writer::new();
        if let Change::ExtendVideo { prompt } = &request.change {
            body = body.text("taskType", Some(extension(prompt.as_deref()))).text("prompt", prompt.as_deref());
        }
        let body = body
            .text("taskId", Some(&request.task_id))
            .whole(index, Some(i64::from(request.image.get() - 1 + first)))
            .text("waterMark", request.water_mark.as_deref())
            .text("callBackUrl", request.call_back_url.as_deref())
            .end();
        // Checked as a foreign body is: a rule lives once. An empty text counts as absent, and what is required isn't.
        let body = self.checked(&body)?;
        self.read(&body)?;
        Ok(body)
    }

    fn parse(&self, body: &str) -> Result<ChangeRequest, Error> {
        self.read(&self.checked(body)?)
    }

    fn checked(&self, body: &str) -> Result<String, Error> {
        checked(&Object::parse(body).ok_or_else(not_json)?, self.fields)
    }

    /// Reads a body each of whose fields is right; what they are together may still be wrong.
    fn read(&self, body: &str) -> Result<ChangeRequest, Error> {
        let body = Object::parse(body).ok_or_else(not_json)?;
        let text = |name| body.text(name);
        let (index, first) = self.index;
        let task_id = text("taskId").ok_or_else(|| Error::invalid("taskId", "is required"))?;
        let number = body.given(index).and_then(|number| number.whole());
        let number = number.ok_or_else(|| outside(index, first.into(), i64::from(first) + 3))?;
        let prompt = text("prompt");
        let change = match self.route {
            "generateVary" => Change::Vary,
            "generateVideoExtend" => match (text("taskType").as_deref(), prompt) {
                (Some(MANUAL), None) => return Err(Error::invalid("prompt", "is required for mj_video_extend_manual")),
                (Some(MANUAL), prompt) => Change::ExtendVideo { prompt },
                (Some(_), Some(_)) => return Err(Error::invalid("prompt", "is for mj_video_extend_manual alone")),
                (Some(_), None) => Change::ExtendVideo { prompt: None },
                (None, _) => return Err(Error::invalid("taskType", "is required")),
            },
            _ => Change::Upscale,
        };
        let image = ImageNumber::new((number as u8).wrapping_sub(first).wrapping_add(1))?;
        Ok(ChangeRequest { change, task_id, image, water_mark: text("waterMark"), call_back_url: text("callBackUrl") })
    }
}

const fn extension(prompt: Option<&str>) -> &'static str {
    if prompt.is_some() { MANUAL } else { AUTO }
}

#[cold]
fn not_json() -> Error {
    Error::invalid("body", "must be a JSON object")
}
