use js_sys::{Object, Reflect};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_with::skip_serializing_none;
use wasm_bindgen::JsValue;
use web_sys::{ReadableStream, Response, ResponseInit};

use super::config::PageOrigin;
use super::message;
use crate::core::{Error, Kind, MISCONFIGURED};

/// An answer: built from an allow-list, never from what the vendor sent.
pub struct ApiResponse {
    pub status: u16,
    body: ResponseBody,
    headers: Vec<(&'static str, String)>,
}

/// What an answer has for a body.
enum ResponseBody {
    None,
    Json(String),
    Events(ReadableStream),
    /// A file has headers of its own.
    File(Response),
}

/// The vendor's envelope. A refusal has the request's id, too.
#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    code: u16,
    msg: &'a str,
    #[serialize_always]
    data: Option<&'a RawValue>,
    request_id: Option<&'a str>,
}

impl ApiResponse {
    /// A reply in the vendor's envelope.
    pub fn success(data: &RawValue, look_again_after: Option<u32>) -> Result<Self, JsValue> {
        let envelope = Envelope { code: 200, msg: "success", data: Some(data), request_id: None };
        let response = Self::new(200, ResponseBody::Json(message::encode(&envelope)?));
        Ok(response.with("Retry-After", look_again_after.map(|seconds| seconds.to_string())))
    }

    /// A refusal in the vendor's envelope; its code is the HTTP status.
    pub fn refusal(error: &Error, request_id: &str) -> Result<Self, JsValue> {
        let (status, message) = match (error.kind, error.code) {
            (Kind::Misconfigured, _) => (503, format!("{MISCONFIGURED}{error}")),
            (Kind::Network, _) => (504, format!("the vendor gave no answer: {error}")),
            (Kind::BadResponse, _) => (502, format!("the vendor's answer makes no sense: {error}")),
            (_, Some(code @ 400..600)) => (code as u16, error.message.clone()),
            _ => (500, error.message.clone()),
        };
        let envelope = Envelope { code: status, msg: &message, data: None, request_id: Some(request_id) };
        let response = Self::new(status, ResponseBody::Json(message::encode(&envelope)?));
        Ok(response
            .with("Retry-After", error.retry_after.map(|seconds| seconds.to_string()))
            .with("WWW-Authenticate", (status == 401).then(|| "Bearer".to_owned())))
    }

    /// What a browser asks before a page of another origin may call.
    pub fn preflight(method: &str) -> Self {
        Self::new(204, ResponseBody::None)
            .with("Access-Control-Allow-Methods", Some(method.to_owned()))
            .with(
                "Access-Control-Allow-Headers",
                Some("Authorization, Content-Type, Idempotency-Key, Last-Event-ID".to_owned()),
            )
            .with("Access-Control-Max-Age", Some("7200".to_owned()))
    }

    /// A stream of server-sent events.
    pub fn events(stream: ReadableStream) -> Self {
        // Proxies on the way would hold it back, to compress it or to gather more.
        Self::new(200, ResponseBody::Events(stream))
            .with("Cache-Control", Some("no-store, no-transform".to_owned()))
            .with("X-Accel-Buffering", Some("no".to_owned()))
    }

    /// A file.
    pub fn file(response: Response) -> Self {
        Self::new(response.status(), ResponseBody::File(response))
    }

    fn new(status: u16, body: ResponseBody) -> Self {
        Self { status, body, headers: Vec::new() }
    }

    /// The same with a header, if there is a value for it.
    pub fn with(mut self, name: &'static str, value: Option<String>) -> Self {
        self.headers.extend(value.map(|value| (name, value)));
        self
    }

    /// The same for a page of this origin.
    pub fn shared_with(self, origin: Option<&str>, page: Option<PageOrigin>) -> Self {
        let Some((origin, page)) = origin.zip(page) else { return self };
        self.with("Access-Control-Allow-Origin", Some(origin.to_owned()))
            .with("Access-Control-Allow-Credentials", page.credentials.then(|| "true".to_owned()))
            .with("Access-Control-Expose-Headers", Some("Retry-After, X-Request-Id".to_owned()))
    }

    /// The response the runtime sends.
    pub fn into_response(self, request_id: &str) -> Result<Response, JsValue> {
        if let ResponseBody::File(response) = self.body {
            response.headers().set("X-Request-Id", request_id)?;
            return Ok(response);
        }
        // A plain object: the host makes its own `Headers` of it in one step.
        let headers = Object::assign(&Object::new(), &OF_EVERY_ANSWER.with(Object::clone));
        let set = |name: &JsValue, value: &str| Reflect::set(&headers, name, &value.into());
        for (name, value) in self.headers {
            set(&name.into(), &value)?;
        }
        let content_type = match self.body {
            ResponseBody::Json(_) => Some("application/json; charset=utf-8"),
            ResponseBody::Events(_) => Some("text/event-stream; charset=utf-8"),
            _ => None,
        };
        if let Some(content_type) = content_type {
            set(&"Content-Type".into(), content_type)?;
        }
        set(&"X-Request-Id".into(), request_id)?;
        let init = ResponseInit::new();
        init.set_status(self.status);
        init.set_headers(&headers);
        match self.body {
            ResponseBody::Events(stream) => Response::new_with_opt_readable_stream_and_init(Some(&stream), &init),
            ResponseBody::Json(text) => Response::new_with_opt_str_and_init(Some(&text), &init),
            _ => Response::new_with_opt_str_and_init(None, &init),
        }
    }
}

thread_local! {
    /// The headers that every answer has. Made once: each text that crosses to the host is work.
    static OF_EVERY_ANSWER: Object = {
        let headers = Object::new();
        for (name, value) in [
            // A cache that answers a page of one origin with what another got would share it with both.
            ("Cache-Control", "no-store"),
            ("Vary", "Origin"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            // Nothing stops a text from being set on a plain object.
            let _ = Reflect::set(&headers, &name.into(), &value.into());
        }
        headers
    };
}
