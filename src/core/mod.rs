//! The wire and its rules: no I/O, no clock, no randomness. Every other ring calls these, so that the page, the
//! package and the gateway refuse the same request with the same words.
//!
//! Facts about the vendor come from its quick start (*Q*), its reference pages (*R*) and recorded traffic (*T*).

mod callback;
mod endpoint;
mod envelope;
mod error;
mod fields;
mod image;
mod json;
mod record;
mod request;
mod schedule;
mod secret;
mod task;
mod words;

pub use callback::Callback;
pub use endpoint::Endpoint;
pub use envelope::{accepted, credits, open, sentence};
pub use error::{Billed, Details, Error, Kind, MISCONFIGURED, Operation};
pub use image::{ImageNumber, UpscaleForm, UpscaleRequest};
pub use json::{Json, to_json};
pub use record::{ErrorCode, Record};
pub use request::{GenerateRequest, MAX_PROMPT_CHARS, public_param_json};
pub use schedule::{Schedule, UPSCALE_TYPICAL_MS, typical_ms};
pub use secret::Secret;
pub use task::{Failure, RETENTION_MS, ResultFile, State, Task, checked_task_id};
pub use words::{AspectRatio, Motion, Speed, TaskType, Version};
