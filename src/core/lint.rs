use alloc::string::String;
use alloc::vec::Vec;

use super::json::{Object, Writer};
use super::text::{concat, has_word};
use super::{Error, Speed, TaskType, generate};

/// Something the vendor accepts but that surely isn't meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The field it is about.
    pub field: &'static str,
    /// What is odd, and what would be right.
    pub message: String,
}

impl Warning {
    /// As JSON: `{"field", "message"}`.
    pub fn to_json(&self) -> String {
        Writer::new().text("field", Some(self.field)).text("message", Some(&self.message)).end()
    }
}

/// Midjourney's flags in a prompt that say what a field says, too.
const FLAGS: [(&str, &str); 16] = [
    ("--ar", "aspectRatio"),
    ("--aspect", "aspectRatio"),
    ("--v", "version"),
    ("--version", "version"),
    ("--niji", "version"),
    ("--s", "stylization"),
    ("--stylize", "stylization"),
    ("--c", "variety"),
    ("--chaos", "variety"),
    ("--w", "weirdness"),
    ("--weird", "weirdness"),
    ("--ow", "ow"),
    ("--motion", "motion"),
    ("--fast", "speed"),
    ("--relax", "speed"),
    ("--turbo", "speed"),
];

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

/// The warnings a request deserves; none for a request that is as it should be. A request that breaks a rule is the
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
    let submission = generate(request)?;
    let request = Object::parse(request).ok_or_else(|| Error::invalid("body", "must be a JSON object"))?;
    let mut warnings = Vec::new();
    let mut warn = |field, parts: &[&str]| warnings.push(Warning { field, message: concat(parts) });
    let word = |name| request.text(name).unwrap_or_default();
    // An empty text or list says nothing.
    let is_set = |name| request.given(name).is_some_and(|value| !matches!(value.raw(), "\"\"" | "[]"));
    let prompt = word("prompt");
    for (flag, field) in FLAGS {
        if is_set(field) && has_word(&prompt, flag) {
            warn("prompt", &[flag, " stands in the prompt and ", field, " is given, too; keep one of them"]);
        }
    }
    if let Some(task_type) = TaskType::from_word(&word("taskType")) {
        for (field, fits, types) in FITTING {
            if is_set(field) && !fits(task_type) {
                warn(field, &["has no effect on ", task_type.as_str(), "; it is for ", types]);
            }
        }
    }
    if let Some(meant) = submission.speed.map(Speed::as_str).filter(|meant| *meant != word("speed")) {
        warn("speed", &["did you mean ", meant, "? The reference spells it so"]);
    }
    Ok(warnings)
}
