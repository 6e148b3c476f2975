use std::fmt;
use std::ops::Deref;

use serde::de::{Expected, Unexpected};
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

use super::UnknownSubmit;

/// What went wrong, as a closed set: switch on this, never on the text.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, IntoStaticStr, VariantArray, VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// The request breaks a rule; nothing was sent, or the vendor refused it with 400 or 422.
    InvalidRequest,
    /// No key, a bad key, or one without permission (401, 403).
    Unauthorized,
    /// The account has too few credits (402).
    InsufficientCredits,
    /// The server has no such task or route (404, or 422 on a status call).
    NotFound,
    /// Too many requests (429).
    RateLimited,
    /// The vendor is down for maintenance (455).
    Maintenance,
    /// The vendor has switched the feature off (505).
    Disabled,
    /// The server failed (5xx).
    ServerError,
    /// The task ran and failed; the vendor's reason is the message.
    TaskFailed,
    /// The caller's time ran out and the task goes on: not a failure, wait again with the same task.
    StillRunning,
    /// No answer: refused, reset, timed out.
    Network,
    /// An answer that is not what this API sends, a redirect or a proxy's own page included.
    BadResponse,
    /// The caller's signal ended the call.
    Aborted,
    /// The client or the gateway is set up wrongly.
    Misconfigured,
    /// A callback's signature or time is wrong: nobody knows who sent it.
    Unverified,
    /// A fault of this package. Its WebAssembly module was started anew, so the next call works.
    Crashed,
}

impl Kind {
    /// What a code of the vendor's table means. The same numbers arrive as HTTP status and inside HTTP 200 (*T*).
    const fn of_code(code: i64) -> Self {
        match code {
            400 | 405 | 408 | 413 | 415 | 422 => Self::InvalidRequest,
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

/// The refusal of a host of files: what it thinks of the key says nothing, as it gets none.
#[cold]
#[inline(never)]
pub(crate) fn of_file_host(status: u16) -> Error {
    let kind = match status {
        404 | 410 => Kind::NotFound,
        429 => Kind::RateLimited,
        408 | 500..600 => Kind::ServerError,
        _ => Kind::BadResponse,
    };
    Error::new(kind, format!("the file's host answered HTTP {status}")).with(|error| error.code = Some(status.into()))
}

/// What every error that is [`Billed::Unknown`] for want of a clear answer ends with.
const CAUTION: &str = "; the task may have been created and billed, so it was not sent again";

/// What a gateway's refusal begins with when nothing was sent because it, or its key, is set up wrongly.
pub const MISCONFIGURED: &str = "misconfigured: ";

/// Whether the failed call spent credits.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, IntoStaticStr, VariantArray, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Billed {
    /// It didn't: it never reached the vendor, was refused, or is a read.
    No,
    /// It did.
    Yes,
    /// Nobody can tell from here: look before sending it again.
    Unknown,
}

/// What a call does to the account: a submit spends, a read doesn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Creates a task and spends credits.
    Submit,
    /// Looks something up.
    Read,
}

impl Operation {
    /// What a call that was answered well has spent.
    pub const fn billed_with_answer(self) -> Billed {
        match self {
            Self::Submit => Billed::Yes,
            Self::Read => Billed::No,
        }
    }

    /// What a call that got no clear answer may have spent.
    pub const fn billed_without_answer(self) -> Billed {
        match self {
            Self::Submit => Billed::Unknown,
            Self::Read => Billed::No,
        }
    }
}

/// Every failure of this crate: [`ErrorFields`] behind a pointer, so that a `Result` stays small where nothing failed.
#[derive(thiserror::Error, Deserialize)]
#[error(transparent)]
#[serde(transparent)]
pub struct Error(Box<ErrorFields>);

/// What a Rust program prints that ends with it.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (billed: {}): {}", self.kind, self.billed, self.message)
    }
}

/// What is known of a failure. As JSON it is what JavaScript sees of the error.
#[skip_serializing_none]
#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
#[serde(rename_all = "camelCase")]
pub struct ErrorFields {
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
    pub submit: Option<UnknownSubmit>,
    /// What lies beneath, such as the host's own exception.
    #[serde(skip)]
    pub source: Option<Box<dyn std::error::Error>>,
}

impl Error {
    /// An error with nothing spent.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(ErrorFields {
            kind,
            message: message.into(),
            code: None,
            field: None,
            task_id: None,
            billed: Billed::No,
            retry_after: None,
            submit: None,
            source: None,
        }))
    }

    /// The same error with more known.
    pub fn with(mut self, add: impl FnOnce(&mut ErrorFields)) -> Self {
        add(&mut self.0);
        self
    }

    /// A request that breaks a rule, refused before anything is sent. `must` says what would be right.
    #[cold]
    pub fn invalid(field: &str, must: &str) -> Self {
        Self::new(Kind::InvalidRequest, format!("{field}: {must}")).with(|error| {
            error.code = Some(422);
            error.field = Some(field.to_owned());
        })
    }

    /// A request with a name in it that nobody knows: the caller's own word, so it is shortened, and stands in the error
    /// without anything a terminal would obey.
    #[cold]
    pub(crate) fn unknown_name(name: &str, must: &str) -> Self {
        let shortened: String = name.chars().filter(|char| !char.is_control()).take(40).collect();
        Self::invalid(&shortened, must)
    }

    /// A refusal whose field is named by whoever knows it.
    #[inline(never)]
    fn unnamed(must: String) -> Self {
        Self::new(Kind::InvalidRequest, must).with(|error| error.code = Some(422))
    }

    /// A client or gateway that is set up wrongly.
    pub fn misconfigured(field: &str, must: &str) -> Self {
        Self::invalid(field, must).with(|error| {
            error.kind = Kind::Misconfigured;
            error.code = None;
        })
    }

    /// The server's own refusal. A 5xx after a submit proves nothing about the bill: it may come after acceptance.
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

    /// A refusal by something in front of the API, such as a proxy's page: what it thinks of the key, or of the task,
    /// says nothing about either, and it comes before acceptance.
    #[cold]
    pub(crate) fn refused_in_front(status: u16) -> Self {
        let message = format!("something in front of the API answered HTTP {status} with a page of its own");
        Self::new(Kind::BadResponse, message).with(|error| error.code = Some(status.into()))
    }

    /// A call that was sent and got no usable answer.
    #[cold]
    pub fn unanswered(operation: Operation, kind: Kind, message: &str) -> Self {
        let billed = operation.billed_without_answer();
        // A gateway's refusal carries the caution already.
        let caution = if billed == Billed::Unknown && !message.ends_with(CAUTION) { CAUTION } else { "" };
        Self::new(kind, format!("{message}{caution}")).with(|error| error.billed = billed)
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

    /// The same refusal, of this field unless it names one.
    #[cold]
    #[inline(never)]
    pub(crate) fn in_field(self, field: &str) -> Self {
        if self.field.is_some() {
            return self;
        }
        self.with(|error| {
            error.message = format!("{field}: {}", error.message);
            error.field = Some(field.to_owned());
        })
    }

    /// What would be right, without the name of the field in front.
    pub(crate) fn sentence(&self) -> &str {
        let of_field = |field: &String| self.message.strip_prefix(field.as_str())?.strip_prefix(": ");
        self.field.as_ref().and_then(of_field).unwrap_or(&self.message)
    }
}

/// What is wrong with a value that a type is read from. The field is named by whoever reads the object around it.
impl serde::de::Error for Error {
    #[cold]
    fn custom<T: fmt::Display>(must: T) -> Self {
        Self::unnamed(must.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("must be {expected}"))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::custom(format_args!("must be one of {}", known.join(", ")))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        let must = match known.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            Some(meant) => format!("unknown field; did you mean {meant}?"),
            None => format!("unknown field; known are {}", known.join(", ")),
        };
        Self::unknown_name(name, &must)
    }

    fn missing_field(name: &'static str) -> Self {
        Self::invalid(name, "is required")
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::invalid(name, "is given twice")
    }
}

impl Serialize for Error {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct WithAdvice<'a> {
            #[serde(flatten)]
            fields: &'a ErrorFields,
            retryable: bool,
        }
        WithAdvice { fields: self, retryable: self.retryable() }.serialize(serializer)
    }
}

impl Deref for Error {
    type Target = ErrorFields;

    fn deref(&self) -> &ErrorFields {
        &self.0
    }
}
