//! The wire and its rules: no I/O, no clock, no randomness. Every other ring calls these, so that the page, the
//! package and the gateway refuse the same request with the same words.
//!
//! Facts about the vendor come from its quick start (*Q*), its reference pages (*R*), recorded traffic (*T*) and other
//! people's clients (*C*).

mod batch;
mod call;
mod callback;
mod endpoint;
mod envelope;
mod error;
mod fields;
mod handle;
mod history;
mod image;
pub(crate) mod json;
mod lint;
mod pace;
mod price;
mod record;
mod request;
mod retry;
mod schedule;
mod secret;
mod signature;
mod submission;
mod task;
pub(crate) mod text;
mod time;
mod words;

pub use batch::{Batch, BatchStep};
pub use call::{
    Account, Action, CALL_TIMEOUT_MS, Call, DEFAULT_WAIT_MS, Event, Goal, Moment, Output, Request, never_connected,
};
pub use callback::Callback;
pub use endpoint::Endpoint;
pub use envelope::sentence;
pub(crate) use envelope::{accepted, credits, open, record};
pub use error::{Billed, Details, Error, Kind, MISCONFIGURED, Operation};
pub use fields::MAX_PROMPT_CHARS;
#[cfg(all(feature = "calls", target_arch = "wasm32"))]
pub(crate) use fields::{known_only, outside};
pub use handle::Handle;
pub use history::{History, TimeLeft, typical_ms};
pub use image::{Change, ChangeRequest, ImageNumber};
pub use lint::{Warning, lint};
pub use pace::{Pace, SUBMITS_PER_WINDOW, WINDOW_MS};
pub use price::{Estimate, Prices};
pub use record::{ErrorCode, Record};
#[cfg(all(feature = "calls", target_arch = "wasm32"))]
pub(crate) use request::generate_json;
pub use request::{GenerateRequest, generate, public_param_json};
pub use retry::{MAX_TRIES, Retry, RetryBudget};
pub use schedule::Schedule;
pub use secret::Secret;
pub use signature::{SIGNATURE_HEADER, SIGNATURE_TOLERANCE_S, SignedCallback, TIMESTAMP_HEADER, signed_message};
pub use submission::{SUBMIT_ROUTES, Submission, Unresolved, checked_idempotency_key};
pub use task::{Failure, RETENTION_MS, ResultFile, State, Task, checked_task_id};
#[cfg(feature = "policy")]
pub(crate) use words::words;
pub use words::{AspectRatio, Motion, Speed, TaskType, Version};
