use web_sys::{Request, Url};

use super::config::Gateway;
use super::task_ids::unknown_task;
use crate::core::json::{Writer, is_json};
use crate::core::{
    ChangeRequest, Error, Handle, Kind, Record, SUBMIT_ROUTES, Submission, Task, generate, public_param_json,
};
use crate::web::{Unreadable, read_text};

/// The longest body a caller may send: many times the longest prompt with a handful of links.
const MAX_BODY_BYTES: usize = 64 * 1024;

const PREFIX: &str = "/api/v1/mj/";

/// The `data` of a successful reply, as JSON, and how many seconds until another look is worthwhile.
pub struct Answer {
    pub data: String,
    pub pace: Option<u32>,
}

/// What a caller may ask for.
pub enum Route {
    /// One of [`SUBMIT_ROUTES`].
    Submit(&'static str),
    RecordInfo,
}

impl Route {
    /// The route of a path, compared as it is: no other spelling of it is one.
    pub fn of(path: &str) -> Option<Self> {
        match path.strip_prefix(PREFIX)? {
            "record-info" => Some(Self::RecordInfo),
            name => SUBMIT_ROUTES.into_iter().find(|route| *route == name).map(Self::Submit),
        }
    }

    pub const fn method(&self) -> &'static str {
        match self {
            Self::RecordInfo => "GET",
            Self::Submit(_) => "POST",
        }
    }

    /// Does what the request asks for.
    pub async fn answer(&self, gateway: &Gateway, request: &Request, url: &Url) -> Result<Answer, Error> {
        match self {
            Self::Submit(route) => {
                let submission = wanted(gateway, route, &json_body(request).await?)?;
                submitted(gateway, gateway.client.submit(submission, None).await?)
            }
            Self::RecordInfo => looked_up(gateway, url.search_params().get("taskId").unwrap_or_default()).await,
        }
    }
}

/// The submit a body asks for, about the vendor's own task where it starts from one.
fn wanted(gateway: &Gateway, route: &str, body: &str) -> Result<Submission, Error> {
    match ChangeRequest::parse(route, body) {
        None => generate(body),
        Some(change) => {
            let change = change?;
            let task_id = gateway.task_ids.open(&change.task_id)?;
            ChangeRequest { task_id, ..change }.submission()
        }
    }
}

fn submitted(gateway: &Gateway, task: Task) -> Result<Answer, Error> {
    let milliseconds = task.expected_at.zip(task.created_at).map(|(expected_at, created_at)| expected_at - created_at);
    let pace = milliseconds.and_then(|milliseconds| u32::try_from(milliseconds / 1000).ok());
    let task_id = gateway.task_ids.seal(&task.task_id)?;
    Ok(Answer { data: Writer::new().text("taskId", Some(&task_id)).end(), pace })
}

async fn looked_up(gateway: &Gateway, task_id: String) -> Result<Answer, Error> {
    let vendor_id = gateway.task_ids.open(&task_id)?;
    let unknown = |error: Error| if error.kind == Kind::NotFound { unknown_task() } else { error };
    let (record, pace) = gateway.client.record(&Handle::new(vendor_id)).await.map_err(unknown)?;
    let param_json = record.param_json.and_then(|param_json| public_param_json(&param_json));
    Ok(Answer { data: Record { task_id, param_json, ..record }.to_json(), pace })
}

async fn json_body(request: &Request) -> Result<String, Error> {
    let refused = |code, must: &str| Error::invalid("body", must).with(|error| error.code = Some(code));
    let text = read_text(request.body(), MAX_BODY_BYTES).await.map_err(|reason| match reason {
        Unreadable::Overlong => refused(413, &format!("must be at most {MAX_BODY_BYTES} bytes")),
        Unreadable::NotUtf8 => refused(400, "must be UTF-8"),
        Unreadable::Broken => refused(400, "broke off before its end"),
    })?;
    // A page of another origin can send any body, but not with this type: its browser asks first, and is refused. Looked
    // at after the body is read, as an unread one costs the connection.
    let content_type = request.headers().get("Content-Type").ok().flatten().unwrap_or_default();
    if !content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(refused(415, "must be sent with Content-Type: application/json"));
    }
    if is_json(&text) { Ok(text) } else { Err(refused(400, "must be JSON")) }
}
