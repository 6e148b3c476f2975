use super::file_link::FilePath;
use super::submit_order::is_job_id;
use super::uploads::is_upload;
use crate::core::{Error, Operation, SubmitRoute, Word};

/// What a caller may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Creates a task.
    Submit(SubmitRoute),
    /// Looks at one.
    RecordInfo,
    /// Tells of what happens to some tasks, as it happens.
    Events,
    /// The caller's tasks.
    Tasks,
    /// Deletes one of them.
    RemoveTask,
    /// A result of a task, as the gateway keeps it.
    File,
    /// Takes a picture that a task may start from.
    Upload,
    /// Such a picture, for the vendor.
    UploadedFile,
    /// The credits of the vendor's account.
    Credits,
    /// What the caller has spent today, and may.
    Usage,
    /// What all callers have spent, and where their jobs stand.
    AdminUsage,
    /// A page's session.
    Session,
    /// The end of one.
    EndSession,
    /// The vendor's callback, at the address it was given for one job.
    Callback,
    /// Whether the gateway can be used at all.
    Health,
}

const PREFIX: &str = "/api/v1/";

impl Route {
    /// The route of a path, compared as it is: no other spelling of it is one.
    pub fn of(path: &str) -> Option<Self> {
        let Some(name) = path.strip_prefix(PREFIX) else {
            return match path {
                _ if FilePath::parse(path).is_some() => Some(Self::File),
                _ => is_upload(path).then_some(Self::UploadedFile),
            };
        };
        match name {
            "mj/record-info" => Some(Self::RecordInfo),
            "mj/events" => Some(Self::Events),
            "mj/tasks" => Some(Self::Tasks),
            "mj/uploads" => Some(Self::Upload),
            "common/credit" => Some(Self::Credits),
            "usage" => Some(Self::Usage),
            "admin/usage" => Some(Self::AdminUsage),
            "session" => Some(Self::Session),
            "session/end" => Some(Self::EndSession),
            "health" => Some(Self::Health),
            _ if callback_of(path).is_some() => Some(Self::Callback),
            _ if task_of(path).is_some() => Some(Self::RemoveTask),
            name => SubmitRoute::from_word(name.strip_prefix("mj/")?).map(Self::Submit),
        }
    }

    /// The method it takes.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Submit(_) | Self::Session | Self::EndSession | Self::Callback | Self::Upload => "POST",
            Self::RemoveTask => "DELETE",
            _ => "GET",
        }
    }

    /// Whether a browser may ask for it by itself, for a link, an image or a video.
    pub const fn is_file(self) -> bool {
        matches!(self, Self::File | Self::UploadedFile)
    }

    /// What a log calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Submit(route) => route.as_str(),
            Self::RecordInfo => "record-info",
            Self::Events => "events",
            Self::Tasks => "tasks",
            Self::RemoveTask => "remove-task",
            Self::File => "file",
            Self::Upload => "upload",
            Self::UploadedFile => "uploaded-file",
            Self::Credits => "credit",
            Self::Usage => "usage",
            Self::AdminUsage => "admin-usage",
            Self::Session => "session",
            Self::EndSession => "end-session",
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

/// The job's id in the path of a task.
pub fn task_of(path: &str) -> Option<&str> {
    path.strip_prefix(PREFIX)?.strip_prefix("mj/tasks/").filter(|id| is_job_id(id))
}

/// The answer to every path that is none.
pub fn no_such_route() -> Error {
    Error::refused(Operation::Read, 404, "no such route".to_owned())
}
