use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::ops::Deref;

use super::Unresolved;
use super::json::Writer;
use super::text::concat;
use super::words::words;

words! {
    /// What went wrong, as a closed set: switch on this, never on the text.
    Kind {
        /// The request breaks a rule; nothing was sent, or the vendor refused it with 400 or 422.
        InvalidRequest = "invalid_request",
        /// No key, a bad key, or one without permission (401, 403).
        Unauthorized = "unauthorized",
        /// The account has too few credits (402).
        InsufficientCredits = "insufficient_credits",
        /// The server has no such task or route (404, or 422 on a status call).
        NotFound = "not_found",
        /// Too many requests (429).
        RateLimited = "rate_limited",
        /// The vendor is down for maintenance (455).
        Maintenance = "maintenance",
        /// The vendor has switched the feature off (505).
        Disabled = "disabled",
        /// The server failed (5xx).
        ServerError = "server_error",
        /// The task ran and failed; the vendor's reason is the message.
        TaskFailed = "task_failed",
        /// The caller's time ran out and the task goes on: not a failure, wait again with the same task.
        StillRunning = "still_running",
        /// No answer: refused, reset, timed out.
        Network = "network",
        /// An answer that is not what this API sends, a redirect included.
        BadResponse = "bad_response",
        /// The caller's signal ended the call.
        Aborted = "aborted",
        /// The client or the gateway is set up wrongly.
        Misconfigured = "misconfigured",
        /// A callback's signature or time is wrong: nobody knows who sent it.
        Unverified = "unverified",
        /// A fault of this package. Its WebAssembly module was started anew, so the next call works.
        Crashed = "crashed",
    }
}

impl Kind {
    /// What a code of the vendor's table means. The same numbers arrive as HTTP status and inside HTTP 200 (*T*).
    const fn of_code(code: i64) -> Self {
        match code {
            400 | 405 | 413 | 415 | 422 => Self::InvalidRequest,
            401 | 403 => Self::Unauthorized,
            402 => Self::InsufficientCredits,
            404 => Self::NotFound,
            429 => Self::RateLimited,
            455 => Self::Maintenance,
            505 => Self::Disabled,
            500..600 => Self::ServerError,
            _ => Self::BadResponse,
        }
    }

    /// Whether the same call may succeed later without a change to it.
    const fn is_passing(self) -> bool {
        matches!(self, Self::RateLimited | Self::Maintenance | Self::ServerError | Self::Network | Self::BadResponse)
    }
}

/// What every error that is [`Billed::Unknown`] for want of a clear answer ends with.
const CAUTION: &str = "; the task may have been created and billed, so it was not sent again";

/// What a gateway's refusal begins with when nothing was sent because it, or its key, is set up wrongly.
pub const MISCONFIGURED: &str = "misconfigured: ";

words! {
    /// Whether the failed call spent credits.
    Billed {
        /// It didn't: it never reached the vendor, was refused, or is a read.
        No = "no",
        /// It did.
        Yes = "yes",
        /// Nobody can tell from here: look before sending it again.
        Unknown = "unknown",
    }
}

/// What a call does to the account: a submit spends, a read doesn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Creates a task and spends credits.
    Submit,
    /// Looks something up.
    Read,
}

impl Operation {
    /// What a call that got no clear answer may have spent.
    pub const fn billed_without_answer(self) -> Billed {
        match self {
            Self::Submit => Billed::Unknown,
            Self::Read => Billed::No,
        }
    }
}

/// Every failure of this crate: [`Details`] behind a pointer, so that a `Result` stays small where nothing failed.
pub struct Error(Box<Details>);

/// What is known of a failure.
pub struct Details {
    /// What went wrong.
    pub kind: Kind,
    /// The sentence for a person. Never holds a key.
    pub message: String,
    /// The vendor's code or the HTTP status, where there was one.
    pub code: Option<i64>,
    /// The field of the request that is wrong.
    pub field: Option<String>,
    /// The task it is about.
    pub task_id: Option<String>,
    /// Whether the call spent credits.
    pub billed: Billed,
    /// How long the server asks to wait, in seconds.
    pub retry_after: Option<u32>,
    /// The submit nobody knows the outcome of; with it [`Client::reconcile`](crate::client::Client::reconcile) asks a
    /// gateway.
    pub submit: Option<Unresolved>,
    /// What lies beneath, such as the host's own exception.
    pub source: Option<Box<dyn core::error::Error>>,
    /// The failure of the last look, if a wait ended without seeing the task.
    pub(crate) earlier: Option<Error>,
}

impl Error {
    /// An error with nothing spent.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            message: message.into(),
            code: None,
            field: None,
            task_id: None,
            billed: Billed::No,
            retry_after: None,
            submit: None,
            source: None,
            earlier: None,
        }))
    }

    /// The same error with more known.
    pub fn with(mut self, add: impl FnOnce(&mut Details)) -> Self {
        add(&mut self.0);
        self
    }

    /// A request that breaks a rule, refused before anything is sent. `must` says what would be right.
    #[cold]
    pub fn invalid(field: &str, must: &str) -> Self {
        let message = concat(&[field, ": ", must]);
        Self::new(Kind::InvalidRequest, message).with(|error| {
            error.code = Some(422);
            error.field = Some(field.to_owned());
        })
    }

    /// A client or gateway that is set up wrongly.
    pub fn misconfigured(field: &str, must: &str) -> Self {
        Self::invalid(field, must).with(|error| {
            error.kind = Kind::Misconfigured;
            error.code = None;
        })
    }

    /// The vendor's own refusal. A 5xx after a submit proves nothing about the bill: it may come after acceptance.
    #[cold]
    pub fn refused(operation: Operation, code: i64, message: String) -> Self {
        let kind = match (operation, Kind::of_code(code)) {
            // "The record does not exist" comes as 422, the code of a validation error (T).
            (Operation::Read, Kind::InvalidRequest) => Kind::NotFound,
            (_, kind) => kind,
        };
        match kind {
            Kind::ServerError | Kind::BadResponse => Self::unanswered(operation, kind, &message),
            _ => Self::new(kind, message),
        }
        .with(|error| error.code = Some(code))
    }

    /// A call that was sent and got no usable answer.
    #[cold]
    pub fn unanswered(operation: Operation, kind: Kind, message: &str) -> Self {
        let billed = operation.billed_without_answer();
        // A gateway's refusal carries the caution already.
        let caution = if billed == Billed::Unknown && !message.ends_with(CAUTION) { CAUTION } else { "" };
        Self::new(kind, concat(&[message, caution])).with(|error| error.billed = billed)
    }

    /// The same error, of a call that came after the task was accepted: it is there and paid for.
    pub fn after_acceptance(self, task_id: &str) -> Self {
        self.with(|error| {
            error.task_id = Some(task_id.to_owned());
            if error.kind != Kind::TaskFailed {
                error.billed = Billed::Yes;
            }
        })
    }

    /// Whether the same call may be sent again, later, without the risk of paying twice.
    pub fn retryable(&self) -> bool {
        self.kind.is_passing() && self.billed == Billed::No
    }
}

impl Error {
    /// As JSON: the fields of the error that JavaScript sees.
    pub fn to_json(&self) -> String {
        Writer::new()
            .text("kind", Some(self.kind.as_str()))
            .text("message", Some(&self.message))
            .whole("code", self.code)
            .text("field", self.field.as_deref())
            .text("taskId", self.task_id.as_deref())
            .boolean("retryable", Some(self.retryable()))
            .text("billed", Some(self.billed.as_str()))
            .whole("retryAfter", self.retry_after.map(i64::from))
            .some("submit", self.submit.as_ref().map(Unresolved::to_json))
            .end()
    }
}

impl Deref for Error {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

/// By hand: a derived one brings the escaping of strings and its tables, 5 KB of the module after brotli.
impl fmt::Debug for Details {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [self.kind.as_str(), " (billed: ", self.billed.as_str(), "): ", &self.message] {
            formatter.write_str(part)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.0.earlier {
            Some(earlier) => Some(earlier),
            None => self.0.source.as_deref(),
        }
    }
}
