use serde::Serialize;

use super::terms::{TaskType, Word};
use super::{Error, GenerateRequest, Given, decode, link, prompt};
use crate::url::Url;

/// Something the vendor accepts but that surely isn't meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The field it is about.
    pub field: &'static str,
    /// What is odd, and what would be right.
    pub message: String,
}

/// Midjourney's flags in a prompt that say what a field says, too.
const FLAGS: [(&str, &str); 16] = [
    ("ar", "aspectRatio"),
    ("aspect", "aspectRatio"),
    ("v", "version"),
    ("version", "version"),
    ("niji", "version"),
    ("s", "stylization"),
    ("stylize", "stylization"),
    ("c", "variety"),
    ("chaos", "variety"),
    ("w", "weirdness"),
    ("weird", "weirdness"),
    ("ow", "ow"),
    ("motion", "motion"),
    ("fast", "speed"),
    ("relax", "speed"),
    ("turbo", "speed"),
];

/// Sites whose links lead to a page that shows a picture, not to the picture.
const SHARE_PAGES: [&str; 9] = [
    "drive.google.com",
    "photos.google.com",
    "photos.app.goo.gl",
    "www.dropbox.com",
    "dropbox.com",
    "1drv.ms",
    "imgur.com",
    "www.pinterest.com",
    "www.instagram.com",
];

/// The warnings a request's JSON deserves; none for a request that is as it should be. A request that breaks a rule is the
/// error that submitting it would be.
///
/// ```
/// use midapi::core::lint;
///
/// let warnings = lint(r#"{"taskType": "mj_txt2img", "prompt": "a cat --ar 1:1", "aspectRatio": "16:9"}"#)?;
/// assert_eq!(warnings[0].field, "prompt");
/// assert_eq!(
///     warnings[0].message,
///     "--ar stands in the prompt and aspectRatio is given, too; keep one of them",
/// );
/// # Ok::<(), midapi::core::Error>(())
/// ```
pub fn lint(request: &str) -> Result<Vec<Warning>, Error> {
    warnings(decode::given(request).unwrap_or(Given::Nothing))
}

/// The warnings that what a caller gave as a request deserves.
pub(crate) fn warnings(given: Given) -> Result<Vec<Warning>, Error> {
    // As its caller spelled it.
    let speed = given.field("speed").cloned().and_then(Given::into_text);
    let request = decode::from_object::<GenerateRequest>(given, "body")?.checked()?;
    Ok(warnings_of(&request, speed.as_deref()))
}

fn warnings_of(request: &GenerateRequest, speed_as_given: Option<&str>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |field, message: String| warnings.push(Warning { field, message });
    // A field counts that is sent.
    let sent = serde_json::to_string(request).ok().and_then(|body| decode::given(&body)).unwrap_or(Given::Nothing);
    let is_set = |field| sent.field(field).is_some();
    let flags = prompt::flags(&request.prompt);
    for (name, field) in FLAGS {
        if is_set(field) && flags.iter().any(|flag| flag.name == name) {
            warn("prompt", format!("--{name} stands in the prompt and {field} is given, too; keep one of them"));
        }
    }
    for flag in flags.iter().filter(|flag| flag.dashes != "--") {
        warn(
            "prompt",
            format!(
                "{} is spelled with another dash; a flag begins with two short ones: --{}",
                flag.spelled(),
                flag.name
            ),
        );
    }
    if flags.iter().any(|flag| matches!(flag.name.as_str(), "repeat" | "r")) {
        warn(
            "prompt",
            "--repeat makes several tasks at Midjourney, each with a price; the estimate is for one".to_owned(),
        );
    }
    if has_permutation(&request.prompt) {
        warn(
            "prompt",
            "{a, b} makes a task of each at Midjourney, each with a price; the estimate is for one".to_owned(),
        );
    }
    let task_type = request.task_type;
    for (field, fits, types) in FITTING {
        if is_set(field) && !fits(task_type) {
            warn(field, format!("has no effect on {}; it is for {types}", task_type.as_str()));
        }
    }
    if let (Some(meant), Some(given)) = (request.speed, speed_as_given)
        && meant.as_str() != given
    {
        warn("speed", format!("did you mean {}? The reference spells it so", meant.as_str()));
    }
    for (field, link) in request.links() {
        if let Some(private) = link::first_private([(field, link)]) {
            warn(field, format!("is on a private network: the vendor can't reach {}", private.host));
        }
        let Some(url) = Url::parse(link) else { continue };
        if SHARE_PAGES.contains(&url.hostname()) {
            warn(field, "leads to a page that shows the picture; the picture's own link is needed".to_owned());
        }
        if link.contains("&amp;") {
            warn(field, "contains &amp; as in HTML; & is meant".to_owned());
        }
    }
    warnings
}

/// A field, the task types that have a use for it, and what to call them.
type Fitting = (&'static str, fn(TaskType) -> bool, &'static str);

/// Fields that only some task types have a use for.
const FITTING: [Fitting; 5] = [
    ("ow", |task_type| matches!(task_type, TaskType::OmniReference), "mj_omni_reference"),
    ("motion", TaskType::is_video, "mj_video and mj_video_hd"),
    ("videoBatchSize", TaskType::is_video, "mj_video and mj_video_hd"),
    ("fileUrl", TaskType::needs_file, "task types that start from an image"),
    ("fileUrls", TaskType::needs_file, "task types that start from an image"),
];

fn has_permutation(prompt: &str) -> bool {
    let inside = prompt.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    inside.into_iter().any(|(inside, _)| inside.contains(','))
}
