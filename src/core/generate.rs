use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_with::skip_serializing_none;

use super::submission::{SubmitForm, SubmitRoute};
use super::terms::{AspectRatio, Motion, Speed, TaskType, Version, Word};
use super::{Error, Given, Submission, de, decode, link, prompt};

/// What to generate. Only the type and the prompt are required (*R*); the vendor decides what is left out. The fields
/// stand in the order in which they are sent, each with its rule: what deserializes is a right value.
///
/// A field that doesn't fit the type, such as `ow` on text to image, is passed on: the vendor's own examples send such
/// requests and its server accepts them (*R*). [`lint`](super::lint) warns of them.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GenerateRequest {
    /// What to make.
    #[serde(deserialize_with = "de::word")]
    pub task_type: TaskType,
    /// 1 to 2000 characters. Midjourney's own flags (`--seed`, …) may stand in it (*T*).
    #[serde(default, deserialize_with = "de::prompt")]
    pub prompt: String,
    /// How fast; not needed for video and omni reference.
    #[serde(default, deserialize_with = "de::speed")]
    pub speed: Option<Speed>,
    /// The source image, in place of `file_urls` (*Q*).
    #[serde(default, deserialize_with = "de::link")]
    pub file_url: Option<String>,
    /// The source images: one for video, one or more for the other types that start from an image (*R*).
    #[serde(default, deserialize_with = "de::links", skip_serializing_if = "Vec::is_empty")]
    pub file_urls: Vec<String>,
    /// Width to height.
    #[serde(default, deserialize_with = "de::optional_word")]
    pub aspect_ratio: Option<AspectRatio>,
    /// The model.
    #[serde(default, deserialize_with = "de::version")]
    pub version: Option<Version>,
    /// Strength of Midjourney's own style, 0–1000.
    #[serde(default, deserialize_with = "de::whole::<_, 0, 1000>")]
    pub stylization: Option<u16>,
    /// How different the four images are, 0–100; the vendor suggests steps of 5.
    #[serde(default, deserialize_with = "de::whole::<_, 0, 100>")]
    pub variety: Option<u16>,
    /// How unusual, 0–3000; the vendor suggests steps of 100.
    #[serde(default, deserialize_with = "de::whole::<_, 0, 3000>")]
    pub weirdness: Option<u16>,
    /// Weight of the omni reference, 1–1000.
    #[serde(default, deserialize_with = "de::whole::<_, 1, 1000>")]
    pub ow: Option<u16>,
    /// How much a video moves.
    #[serde(default, deserialize_with = "de::optional_word")]
    pub motion: Option<Motion>,
    /// How many videos: 1, 2 or 4.
    #[serde(default, deserialize_with = "de::batch_size")]
    pub video_batch_size: Option<u16>,
    /// Whether the vendor translates the prompt to English.
    #[serde(default, deserialize_with = "de::boolean")]
    pub enable_translation: Option<bool>,
    /// A watermark to put in.
    #[serde(default, deserialize_with = "de::text")]
    pub water_mark: Option<String>,
    /// Where the vendor posts the result.
    #[serde(default, deserialize_with = "de::link")]
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

    /// Reads a request from JSON, or says which field is wrong and what would be right.
    pub fn parse(json: &str) -> Result<Self, Error> {
        decode::from_json::<Self>(json)?.checked()
    }

    /// What the fields are together may still be wrong.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        if self.prompt.is_empty() {
            return Err(Error::invalid("prompt", prompt::MUST_BE_TEXT));
        }
        let (field, must) = match (self.file_url.is_some(), self.file_urls.len()) {
            (true, 1..) => ("fileUrls", "give fileUrl or fileUrls, not both"),
            (false, 0) if self.task_type.needs_file() => {
                ("fileUrl", "is required for this taskType: the URL of the source image")
            }
            (_, 2..) if self.task_type.is_video() => ("fileUrls", "must hold exactly one URL for a video"),
            _ => return Ok(self),
        };
        Err(Error::invalid(field, must))
    }

    /// The submit of this request, or the first field that is wrong and what would be right.
    pub fn submission(&self) -> Result<Submission, Error> {
        // A program's own values pass the rules that a foreign body passes: a rule lives once.
        Self::parse(&serde_json::to_string(self).unwrap_or_default()).map(Self::into_submission)
    }

    /// The submit of a request that passed every rule.
    pub(crate) fn into_submission(self) -> Submission {
        Submission {
            form: SubmitForm::new(SubmitRoute::Generate, &self),
            alternative: None,
            private_link: link::first_private(self.links()),
            flagged_speeds: flagged_speeds(&self.prompt),
            task_type: Some(self.task_type.as_str().to_owned()),
            price_type: Some(self.task_type),
            speed: self.speed,
        }
    }

    /// Every link of the request, each with its field.
    pub(crate) fn links(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let files = self.file_urls.iter().map(|link| ("fileUrls", link.as_str()));
        let others = [("fileUrl", &self.file_url), ("callBackUrl", &self.call_back_url)];
        files.chain(others.into_iter().filter_map(|(field, link)| Some((field, link.as_deref()?))))
    }
}

/// Nobody outside knows whether the vendor minds such flags.
fn flagged_speeds(prompt: &str) -> Vec<Speed> {
    let speed = |flag: prompt::Flag| match flag.name.as_str() {
        "relax" | "relaxed" => Some(Speed::Relaxed),
        "fast" => Some(Speed::Fast),
        "turbo" => Some(Speed::Turbo),
        _ => None,
    };
    prompt::flags(prompt).into_iter().filter_map(speed).collect()
}

/// The submit that a request's JSON asks for, or the first field that is wrong and what would be right.
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
    GenerateRequest::parse(request).map(GenerateRequest::into_submission)
}

/// A record's `paramJson` as it may be shown: it repeats the whole request, and a `callBackUrl` can carry its
/// receiver's secret. What doesn't read as a request of ours isn't shown at all.
pub fn public_param_json(param_json: &str) -> Option<String> {
    let mut given = decode::given(param_json)?;
    let has_type = given.field("taskType").is_some_and(|task_type| *task_type != Given::Nothing);
    if let Given::Object(fields) = &mut given
        && !has_type
    {
        // The documented record has none.
        fields.retain(|(name, _)| name != "taskType");
        fields.push(("taskType".to_owned(), Given::Text(TaskType::TextToImage.as_str().to_owned())));
    }
    let request = decode::from_object::<GenerateRequest>(given, "body").ok()?;
    let shown = GenerateRequest { call_back_url: None, ..request };
    if has_type {
        return serde_json::to_string(&shown).ok();
    }
    let Ok(Value::Object(mut shown)) = serde_json::to_value(shown) else { return None };
    shown.remove("taskType");
    serde_json::to_string(&shown).ok()
}
