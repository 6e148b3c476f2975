use std::ops::RangeInclusive;

use serde::Serialize;

use super::fields::{Fields, check_link, outside};
use super::{AspectRatio, Error, Json, Motion, Speed, TaskType, Version};

/// The longest prompt the vendor takes (*R*), counted in Unicode characters.
pub const MAX_PROMPT_CHARS: usize = 2000;

const STYLIZATION: RangeInclusive<u16> = 0..=1000;
const VARIETY: RangeInclusive<u16> = 0..=100;
const WEIRDNESS: RangeInclusive<u16> = 0..=3000;
const OMNI_WEIGHT: RangeInclusive<u16> = 1..=1000;
const BATCH_SIZES: [u16; 3] = [1, 2, 4];

const FIELDS: [&str; 16] = [
    "taskType",
    "prompt",
    "speed",
    "fileUrl",
    "fileUrls",
    "aspectRatio",
    "version",
    "stylization",
    "variety",
    "weirdness",
    "ow",
    "motion",
    "videoBatchSize",
    "enableTranslation",
    "waterMark",
    "callBackUrl",
];

/// Whether an error's leading word can be the name of a field.
pub(super) fn is_field(name: &str) -> bool {
    FIELDS.contains(&name) || ["taskId", "index", "imageIndex", "body"].contains(&name)
}

/// What to generate. Only the type and the prompt are required (*R*); the vendor decides what is left out.
///
/// A field that doesn't fit the type, such as `ow` on text to image, is passed on: the vendor's own examples send
/// such requests and its server accepts them (*R*).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GenerateRequest {
    /// What to make.
    pub task_type: TaskType,
    /// 1 to 2000 characters. Midjourney's own flags (`--seed`, …) may stand in it (*T*).
    pub prompt: String,
    /// How fast; not needed for video and omni reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<Speed>,
    /// The source image, in the quick start's form. Give this or `file_urls`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_url: Option<String>,
    /// The source images, in the reference's form; exactly one for video.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_urls: Option<Vec<String>>,
    /// Width to height.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<AspectRatio>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Strength of Midjourney's own style, 0–1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stylization: Option<u16>,
    /// How different the four images are, 0–100; the vendor suggests steps of 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variety: Option<u16>,
    /// How unusual, 0–3000; the vendor suggests steps of 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weirdness: Option<u16>,
    /// Weight of the omni reference, 1–1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ow: Option<u16>,
    /// How much a video moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub motion: Option<Motion>,
    /// How many videos: 1, 2 or 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_batch_size: Option<u16>,
    /// Whether the vendor translates the prompt to English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_translation: Option<bool>,
    /// A watermark to put in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub water_mark: Option<String>,
    /// Where the vendor posts the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_back_url: Option<String>,
}

impl GenerateRequest {
    /// A request with the required fields alone.
    pub fn new(task_type: TaskType, prompt: impl Into<String>) -> Self {
        Self {
            task_type,
            prompt: prompt.into(),
            speed: None,
            file_url: None,
            file_urls: None,
            aspect_ratio: None,
            version: None,
            stylization: None,
            variety: None,
            weirdness: None,
            ow: None,
            motion: None,
            video_batch_size: None,
            enable_translation: None,
            water_mark: None,
            call_back_url: None,
        }
    }

    /// Reads a request from its JSON form, or names the first field that is wrong and what would be right.
    pub fn decode(body: &impl Json) -> Result<Self, Error> {
        let fields = Fields::open(body, &FIELDS)?;
        let task_type = fields.word("taskType")?.ok_or_else(|| Error::invalid("taskType", "is required"))?;
        // Field by field: a struct expression with a `?` on every line drops what it has so far at each of them.
        let mut request = Self::new(task_type, fields.text("prompt")?.unwrap_or_default());
        request.speed = fields.word("speed")?;
        request.file_url = fields.text("fileUrl")?;
        request.file_urls = fields.texts("fileUrls")?;
        request.aspect_ratio = fields.word("aspectRatio")?;
        request.version = fields.word("version")?;
        request.stylization = fields.whole("stylization", STYLIZATION)?;
        request.variety = fields.whole("variety", VARIETY)?;
        request.weirdness = fields.whole("weirdness", WEIRDNESS)?;
        request.ow = fields.whole("ow", OMNI_WEIGHT)?;
        request.motion = fields.word("motion")?;
        request.video_batch_size = fields.whole("videoBatchSize", 1..=4)?;
        request.enable_translation = fields.boolean("enableTranslation")?;
        request.water_mark = fields.text("waterMark")?;
        request.call_back_url = fields.text("callBackUrl")?;
        request.check()?;
        Ok(request)
    }

    /// Refuses what [`GenerateRequest::decode`] would refuse, for a request put together in Rust.
    pub fn check(&self) -> Result<(), Error> {
        if self.prompt.chars().all(char::is_whitespace) {
            return Err(Error::invalid("prompt", &format!("must be 1 to {MAX_PROMPT_CHARS} characters of text")));
        }
        // Bytes that begin a character; the standard count is longer code, for speed nobody needs here.
        let length = self.prompt.bytes().filter(|byte| (*byte as i8) >= -0x40).count();
        if length > MAX_PROMPT_CHARS {
            return Err(Error::invalid(
                "prompt",
                &format!("must be at most {MAX_PROMPT_CHARS} characters, and is {length}"),
            ));
        }
        let numbers = [
            ("stylization", self.stylization, STYLIZATION),
            ("variety", self.variety, VARIETY),
            ("weirdness", self.weirdness, WEIRDNESS),
            ("ow", self.ow, OMNI_WEIGHT),
        ];
        for (name, number, range) in numbers {
            if number.is_some_and(|number| !range.contains(&number)) {
                return Err(outside(name, &range));
            }
        }
        if self.video_batch_size.is_some_and(|size| !BATCH_SIZES.contains(&size)) {
            return Err(Error::invalid("videoBatchSize", "must be 1, 2 or 4"));
        }
        self.check_files()?;
        self.call_back_url.iter().try_for_each(|link| check_link("callBackUrl", link))
    }

    fn check_files(&self) -> Result<(), Error> {
        self.file_url.iter().try_for_each(|link| check_link("fileUrl", link))?;
        let links = self.file_urls.as_deref().unwrap_or_default();
        links.iter().try_for_each(|link| check_link("fileUrls", link))?;
        let count = links.len() + usize::from(self.file_url.is_some());
        let task_type = self.task_type.as_str();
        if self.file_url.is_some() && !links.is_empty() {
            return Err(Error::invalid("fileUrls", "give fileUrl or fileUrls, not both"));
        }
        if self.task_type.needs_file() && count == 0 {
            return Err(Error::invalid(
                "fileUrl",
                &format!("is required for {task_type}: the URL of the source image"),
            ));
        }
        if self.task_type.is_video() && count != 1 {
            return Err(Error::invalid("fileUrls", &format!("must hold exactly one URL for {task_type}")));
        }
        Ok(())
    }

    /// The request as the vendor takes it.
    pub fn to_json(&self) -> String {
        super::to_json(self)
    }
}

/// A record's `paramJson` as it may be shown: it repeats the whole request, and a `callBackUrl` can carry its
/// receiver's secret. What doesn't read as a request of ours isn't shown at all.
pub fn public_param_json<J: Json>(param_json: &str) -> Option<String> {
    let request = GenerateRequest::decode(&J::parse(param_json)?).ok()?;
    Some(GenerateRequest { call_back_url: None, ..request }.to_json())
}
