use serde::Serialize;
use wasm_bindgen::JsValue;
use web_sys::{Request, Url};

use super::config::Gateway;
use super::task_ids::unknown_task;
use crate::core::{
    Error, GenerateRequest, Json, Kind, Record, Task, UpscaleForm, UpscaleRequest, public_param_json, to_json,
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
    Generate,
    Upscale(UpscaleForm),
    RecordInfo,
}

impl Route {
    /// The route of a path, compared as it is: no other spelling of it is one.
    pub fn of(path: &str) -> Option<Self> {
        let name = path.strip_prefix(PREFIX)?;
        let upscale = [UpscaleForm::QuickStart, UpscaleForm::Reference].into_iter().find(|form| form.route() == name);
        match name {
            "generate" => Some(Self::Generate),
            "record-info" => Some(Self::RecordInfo),
            _ => upscale.map(Self::Upscale),
        }
    }

    pub const fn method(&self) -> &'static str {
        match self {
            Self::RecordInfo => "GET",
            Self::Generate | Self::Upscale(_) => "POST",
        }
    }

    /// Does what the request asks for.
    pub async fn answer(&self, gateway: &Gateway, request: &Request, url: &Url) -> Result<Answer, Error> {
        match self {
            Self::Generate => {
                let wanted = GenerateRequest::decode(&json_body(request).await?)?;
                submitted(gateway, gateway.client.generate(&wanted).await?)
            }
            Self::Upscale(form) => {
                let wanted = UpscaleRequest::decode(&json_body(request).await?, *form)?;
                let task_id = gateway.task_ids.open(&wanted.task_id)?;
                submitted(gateway, gateway.client.upscale(&UpscaleRequest { task_id, ..wanted }).await?)
            }
            Self::RecordInfo => looked_up(gateway, url.search_params().get("taskId").unwrap_or_default()).await,
        }
    }
}

fn submitted(gateway: &Gateway, task: Task) -> Result<Answer, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Submitted {
        task_id: String,
    }
    let milliseconds = task.expected_at.zip(task.created_at).map(|(expected_at, created_at)| expected_at - created_at);
    let pace = milliseconds.and_then(|milliseconds| u32::try_from(milliseconds / 1000).ok());
    Ok(Answer { data: to_json(&Submitted { task_id: gateway.task_ids.seal(&task.task_id)? }), pace })
}

async fn looked_up(gateway: &Gateway, task_id: String) -> Result<Answer, Error> {
    let vendor_id = gateway.task_ids.open(&task_id)?;
    let unknown = |error: Error| if error.kind == Kind::NotFound { unknown_task() } else { error };
    let (record, pace) = gateway.client.record(&vendor_id).await.map_err(unknown)?;
    let param_json = record.param_json.and_then(|param_json| public_param_json::<JsValue>(&param_json));
    Ok(Answer { data: to_json(&Record { task_id, param_json, ..record }), pace })
}

async fn json_body(request: &Request) -> Result<JsValue, Error> {
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
    JsValue::parse(&text).ok_or_else(|| refused(400, "must be JSON"))
}
