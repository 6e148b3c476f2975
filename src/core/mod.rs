//! The wire and its rules: no I/O, no clock, no randomness. Every other ring calls these, so that the page, the
//! package and the gateway refuse the same request with the same words.
//!
//! Facts about the vendor come from its quick start (*Q*), its reference pages (*R*), recorded traffic (*T*) and other
//! people's clients (*C*).

mod callback;
mod change;
pub(crate) mod de;
pub(crate) mod decode;
mod endpoint;
mod envelope;
mod error;
mod file_kind;
mod file_name;
mod generate;
mod given;
mod handle;
mod history;
#[cfg(feature = "gateway")]
pub mod job;
mod link;
mod lint;
mod listed_task;
mod price;
mod prompt;
mod record;
mod retry;
mod retry_after;
mod schedule;
mod secret;
mod signature;
mod submission;
mod submit_window;
mod task;
mod task_id;
mod task_stream;
mod terms;

pub use callback::Callback;
#[cfg(feature = "gateway")]
pub(crate) use callback::{CallBackUrl, callback_body};
pub use change::{Change, ChangeRequest, ImageNumber};
pub use endpoint::Endpoint;
pub(crate) use envelope::{
    accepted_task_id, decode_data, decode_envelope, honours_idempotency_keys, offers_events, shown,
};
pub(crate) use error::of_file_host;
pub use error::{Billed, Error, ErrorFields, Kind, MISCONFIGURED, Operation};
pub use file_kind::FileKind;
pub use file_name::file_name;
pub use generate::{GenerateRequest, generate, public_param_json};
pub(crate) use given::Given;
pub use handle::Handle;
pub use history::{History, TimeLeft, typical_ms};
pub(crate) use link::of_result as result_link;
#[cfg(feature = "js")]
pub(crate) use lint::warnings;
pub use lint::{Warning, lint};
#[cfg(feature = "gateway")]
pub(crate) use listed_task::MAX_PAGE_TASKS;
pub use listed_task::{ListedState, ListedTask, Listing, Parent, TaskFilter, TaskPage};
pub use price::{ChangeKind, Estimate, Prices, Quote};
pub use prompt::MAX_PROMPT_CHARS;
pub use record::{Archive, ArchiveState, ErrorCode, Record, RefusedFile, Results};
pub use retry::{MAX_TRIES, Retry, RetryBudget};
pub(crate) use retry_after::retry_after_s;
pub use schedule::Schedule;
pub use secret::Secret;
pub use signature::{SIGNATURE_HEADER, SIGNATURE_TOLERANCE_S, SignedCallback, TIMESTAMP_HEADER, signed_message};
pub use submission::{Submission, SubmitRoute, UnknownSubmit, checked_idempotency_key};
pub use submit_window::{SUBMITS_PER_WINDOW, SubmitWindow, WINDOW_MS};
pub use task::{Failure, RETENTION_MS, ResultFile, State, Task};
pub use task_id::checked_task_id;
#[cfg(feature = "gateway")]
pub(crate) use task_stream::HEARTBEAT_MS;
pub(crate) use task_stream::{MAX_STREAM_TASKS, SILENCE_MS};
pub use terms::{AspectRatio, Motion, Speed, TaskType, Version, Word};

/// Whether an error's leading word can be the name of a field.
fn is_field(name: &str) -> bool {
    let is_word = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_word && name.starts_with(|first: char| first.is_ascii_lowercase())
}
