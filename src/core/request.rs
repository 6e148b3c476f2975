use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::fields::{Field, Rule, checked};
use super::json::{Json, Object, Writer, list, quoted};
use super::{AspectRatio, Error, Motion, Speed, Submission, TaskType, Version};

/// The fields of a request to generate, as the vendor's reference lists them.
const FIELDS: [Field; 16] = [
    ("taskType", Rule::Word(TaskType::WORDS)),
    ("prompt", Rule::Prompt),
    ("speed", Rule::Speed(Speed::WORDS)),
    ("fileUrl", Rule::Link),
    ("fileUrls", Rule::Links),
    ("aspectRatio", Rule::Word(AspectRatio::WORDS)),
    ("version", Rule::Version(Version::WORDS)),
    ("stylization", Rule::Whole(0, 1000)),
    ("variety", Rule::Whole(0, 100)),
    ("weirdness", Rule::Whole(0, 3000)),
    ("ow", Rule::Whole(1, 1000)),
    ("motion", Rule::Word(Motion::WORDS)),
    ("videoBatchSize", Rule::BatchSize),
    ("enableTranslation", Rule::Boolean),
    ("waterMark", Rule::Text),
    ("callBackUrl", Rule::Link),
];

/// Whether an error's leading word can be the name of a field.
pub(super) fn is_field(name: &str) -> bool {
    FIELDS.iter().any(|(known, _)| *known == name)
        || ["taskId", "index", "imageIndex", "body", "idempotencyKey"].contains(&name)
}

/// The submit that a request's JSON asks for, or the first field that is wrong and what would be right.
///
/// A field that doesn't fit the type, such as `ow` on text to image, is passed on: the vendor's own examples send
/// such requests and its server accepts them (*R*). [`lint`](super::lint) warns of them.
///
/// ```
/// use midapi::core::generate;
///
/// let submission = generate(r#"{"prompt": "a cat", "taskType": "mj_txt2img", "speed": "Relax"}"#)?;
/// assert_eq!(submission.body(), r#"{"taskType":"mj_txt2img","prompt":"a cat","speed":"relaxed"}"#);
///
/// let error = generate(r#"{"taskType": "mj_txt2img", "prompt": "a cat", "variety": 101}"#).unwrap_err();
/// assert_eq!(error.message, "variety: must be a whole number from 0 to 100");
/// # Ok::<(), midapi::core::Error>(())
/// ```
pub fn generate(request: &str) -> Result<Submission, Error> {
    generate_json(Json::of(request))
}

pub(crate) fn generate_json(request: Json<'_>) -> Result<Submission, Error> {
    let body = request.object().ok_or_else(|| Error::invalid("body", "must be a JSON object"))?;
    let body = checked(&body, &FIELDS)?;
    // What was checked is read again: in it words are spelled one way, and what counts as absent is.
    let fields = Json::of(&body).object().ok_or_else(|| Error::invalid("body", "must be a JSON object"))?;
    let word = |name| fields.text(name).unwrap_or_default();
    let task_type = TaskType::from_word(&word("taskType")).ok_or_else(|| Error::invalid("taskType", "is required"))?;
    if fields.given("prompt").is_none() {
        return Err(Error::invalid("prompt", "must be 1 to 2000 characters of text"));
    }
    check_files(&fields, task_type)?;
    let (task_type, speed) = (Some(task_type.as_str().to_owned()), Speed::from_word(&word("speed")));
    Ok(Submission { route: "generate", body, instead: None, task_type, speed })
}

fn check_files(body: &Object<'_>, task_type: TaskType) -> Result<(), Error> {
    let one = body.given("fileUrl").is_some();
    let several = body.given("fileUrls").and_then(Json::items).map_or(0, |links| links.len());
    let (field, must) = match (one, several) {
        (true, 1..) => ("fileUrls", "give fileUrl or fileUrls, not both"),
        (false, 0) if task_type.needs_file() => {
            ("fileUrl", "is required for this taskType: the URL of the source image")
        }
        (_, 2..) if task_type.is_video() => ("fileUrls", "must hold exactly one URL for a video"),
        _ => return Ok(()),
    };
    Err(Error::invalid(field, must))
}

/// A record's `paramJson` as it may be shown: it repeats the whole request, and a `callBackUrl` can carry its
/// receiver's secret. What doesn't read as a request of ours isn't shown at all.
pub fn public_param_json(param_json: &str) -> Option<String> {
    let request = checked(&Object::parse(param_json)?, &FIELDS).ok()?;
    let request = Object::parse(&request)?;
    let shown = FIELDS.iter().map(|(name, _)| *name).filter(|name| *name != "callBackUrl");
    let write = |out: Writer, name| match request.given(name) {
        Some(value) => out.raw(name, value.raw()),
        None => out,
    };
    Some(shown.fold(Writer::new(), write).end())
}

/// What to generate, put together in Rust. Only the type and the prompt are required (*R*); the vendor decides what is
/// left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerateRequest {
    /// What to make.
    pub task_type: TaskType,
    /// 1 to 2000 characters. Midjourney's own flags (`--seed`, …) may stand in it (*T*).
    pub prompt: String,
    /// How fast; not needed for video and omni reference.
    pub speed: Option<Speed>,
    /// The source images: one for video, one or more for the other types that start from an image.
    pub file_urls: Vec<String>,
    /// Width to height.
    pub aspect_ratio: Option<AspectRatio>,
    /// The model.
    pub version: Option<Version>,
    /// Strength of Midjourney's own style, 0–1000.
    pub stylization: Option<u16>,
    /// How different the four images are, 0–100; the vendor suggests steps of 5.
    pub variety: Option<u16>,
    /// How unusual, 0–3000; the vendor suggests steps of 100.
    pub weirdness: Option<u16>,
    /// Weight of the omni reference, 1–1000.
    pub ow: Option<u16>,
    /// How much a video moves.
    pub motion: Option<Motion>,
    /// How many videos: 1, 2 or 4.
    pub video_batch_size: Option<u16>,
    /// Whether the vendor translates the prompt to English.
    pub enable_translation: Option<bool>,
    /// A watermark to put in.
    pub water_mark: Option<String>,
    /// Where the vendor posts the result.
    pub call_back_url: Option<String>,
}

impl GenerateRequest {
    /// A request with the required fields alone.
    pub fn new(task_type: TaskType, prompt: impl Into<String>) -> Self {
        Self {
            task_type,
            prompt: prompt.into(),
            speed: None,
            file_urls: Vec::new(),
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

    /// The request as JSON, checked or not.
    pub fn to_json(&self) -> String {
        let whole = |number: Option<u16>| number.map(i64::from);
        let links = || list(&mut self.file_urls.iter().map(|link| quoted(link)));
        Writer::new()
            .text("taskType", Some(self.task_type.as_str()))
            .text("prompt", Some(&self.prompt))
            .text("speed", self.speed.map(Speed::as_str))
            .some("fileUrls", (!self.file_urls.is_empty()).then(links))
            .text("aspectRatio", self.aspect_ratio.map(AspectRatio::as_str))
            .text("version", self.version.map(Version::as_str))
            .whole("stylization", whole(self.stylization))
            .whole("variety", whole(self.variety))
            .whole("weirdness", whole(self.weirdness))
            .whole("ow", whole(self.ow))
            .text("motion", self.motion.map(Motion::as_str))
            .whole("videoBatchSize", whole(self.video_batch_size))
            .boolean("enableTranslation", self.enable_translation)
            .text("waterMark", self.water_mark.as_deref())
            .text("callBackUrl", self.call_back_url.as_deref())
            .end()
    }

    /// The submit of this request, or the first field that is wrong and what would be right.
    pub fn submission(&self) -> Result<Submission, Error> {
        generate(&self.to_json())
    }
}
