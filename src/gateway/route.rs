use super::submit_order::is_job_id;
use crate::core::{Error, Operation, SubmitRoute, Word};

/// What a caller may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Creates a task.
    Submit(SubmitRoute),
    /// Looks at one.
    RecordInfo,
    /// The credits of the vendor's account.
    Credits,
    /// What the caller has spent today, and may.
    Usage,
    /// A page's session.
    Session,
    /// The vendor's callback, at the address it was given for one job.
    Callback,
    /// Whether the gateway can be used at all.
    Health,
}

const PREFIX: &str = "/api/v1/";

impl Route {
    /// The route of a path, compared as it is: no other spelling of it is one.
    pub fn of(path: &str) -> Option<Self> {
        match path.strip_prefix(PREFIX)? {
            "mj/record-info" => Some(Self::RecordInfo),
            "common/credit" => Some(Self::Credits),
            "usage" => Some(Self::Usage),
            "session" => Some(Self::Session),
            "health" => Some(Self::Health),
            _ if callback_of(path).is_some() => Some(Self::Callback),
            name => SubmitRoute::from_word(name.strip_prefix("mj/")?).map(Self::Submit),
        }
    }

    /// The method it takes.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Submit(_) | Self::Session | Self::Callback => "POST",
            _ => "GET",
        }
    }

    /// What a log calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Submit(route) => route.as_str(),
            Self::RecordInfo => "record-info",
            Self::Credits => "credit",
            Self::Usage => "usage",
            Self::Session => "session",
            Self::Callback => "callback",
            Self::Health => "health",
        }
    }
}

/// The job's id and the token in the path of a callback.
pub fn callback_of(path: &str) -> Option<(&str, &str)> {
    let (id, token) = path.strip_prefix(PREFIX)?.strip_prefix("callback/")?.split_once('/')?;
    (is_job_id(id) && is_job_id(token)).then_some((id, token))
}

/// The answer to every path that is none.
pub fn no_such_route() -> Error {
    Error::refused(Operation::Read, 404, "no such route".to_owned())
}
