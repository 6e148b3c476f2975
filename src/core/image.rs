//! Picking one image of a task. People count from 1; one of the vendor's two routes counts from 0.

use serde::Serialize;

use super::fields::{Fields, check_link, outside};
use super::{Error, Json, checked_task_id};

/// One of the four images, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageNumber(u8);

impl ImageNumber {
    /// Takes 1 to 4.
    pub fn new(number: u8) -> Result<Self, Error> {
        if (1..=4).contains(&number) { Ok(Self(number)) } else { Err(outside("index", &(1..=4))) }
    }

    /// The number, from 1 to 4.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// The vendor documents two ways to ask for an upscale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpscaleForm {
    /// `POST /upscale` with `index` from 1 (*Q*).
    QuickStart,
    /// `POST /generateUpscale` with `imageIndex` from 0 (*R*).
    Reference,
}

impl UpscaleForm {
    /// The route below `/api/v1/mj/`.
    pub const fn route(self) -> &'static str {
        match self {
            Self::QuickStart => "upscale",
            Self::Reference => "generateUpscale",
        }
    }
}

/// A request for one image in full size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpscaleRequest {
    /// The task that made the image.
    pub task_id: String,
    /// Which of its images.
    pub image: ImageNumber,
    /// A watermark to put in.
    pub water_mark: Option<String>,
    /// Where the vendor posts the result.
    pub call_back_url: Option<String>,
}

impl UpscaleRequest {
    /// An upscale of one image of a task.
    pub fn new(task_id: impl Into<String>, image: ImageNumber) -> Self {
        Self { task_id: task_id.into(), image, water_mark: None, call_back_url: None }
    }

    /// Reads a body of the given form.
    pub fn decode(body: &impl Json, form: UpscaleForm) -> Result<Self, Error> {
        let index = match form {
            UpscaleForm::QuickStart => "index",
            UpscaleForm::Reference => "imageIndex",
        };
        let fields = Fields::open(body, &["taskId", index, "waterMark", "callBackUrl"])?;
        let task_id = fields.text("taskId")?.ok_or_else(|| Error::invalid("taskId", "is required"))?;
        let (range, base) = match form {
            UpscaleForm::QuickStart => (1..=4, 1),
            UpscaleForm::Reference => (0..=3, 0),
        };
        let number = fields.whole(index, range.clone())?.ok_or_else(|| outside(index, &range))?;
        let mut request = Self::new(task_id, ImageNumber(number as u8 - base + 1));
        request.water_mark = fields.text("waterMark")?;
        request.call_back_url = fields.text("callBackUrl")?;
        request.check()?;
        Ok(request)
    }

    /// Refuses what [`UpscaleRequest::decode`] would refuse.
    pub fn check(&self) -> Result<(), Error> {
        checked_task_id(&self.task_id)?;
        self.call_back_url.iter().try_for_each(|link| check_link("callBackUrl", link))
    }

    /// The body in the given form.
    pub fn to_json(&self, form: UpscaleForm) -> String {
        let number = self.image.get();
        super::to_json(&WireUpscale {
            task_id: &self.task_id,
            index: (form == UpscaleForm::QuickStart).then_some(number),
            image_index: (form == UpscaleForm::Reference).then_some(number - 1),
            water_mark: self.water_mark.as_deref(),
            call_back_url: self.call_back_url.as_deref(),
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireUpscale<'a> {
    task_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_index: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    water_mark: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_back_url: Option<&'a str>,
}
