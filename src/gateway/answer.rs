use wasm_bindgen::JsValue;
use web_sys::{Headers, Response, ResponseInit};

use super::config::PageOrigin;
use super::reply::Told;
use crate::core::json::Writer;
use crate::core::{Error, Kind, MISCONFIGURED};

/// An answer: built from an allow-list, never from what the vendor sent.
pub struct Answer {
    pub status: u16,
    body: Option<String>,
    headers: Vec<(&'static str, String)>,
}

impl Answer {
    /// A reply in the vendor's envelope.
    pub fn success(told: &Told) -> Self {
        let body = format!(r#"{{"code":200,"msg":"success","data":{}}}"#, told.data);
        Self::new(200, Some(body)).and("Retry-After", told.pace.map(|seconds| seconds.to_string()))
    }

    /// A refusal in the vendor's envelope; its code is the HTTP status.
    pub fn refusal(error: &Error, request_id: &str) -> Self {
        let (status, message) = match (error.kind, error.code) {
            (Kind::Misconfigured, _) => (503, format!("{MISCONFIGURED}{error}")),
            (Kind::Network, _) => (504, format!("the vendor gave no answer: {error}")),
            (Kind::BadResponse, _) => (502, format!("the vendor's answer makes no sense: {error}")),
            (_, Some(code @ 400..600)) => (code as u16, error.message.clone()),
            _ => (500, error.message.clone()),
        };
        let body = Writer::new().whole("code", Some(i64::from(status))).text("msg", Some(&message)).raw("data", "null");
        Self::new(status, Some(body.text("requestId", Some(request_id)).end()))
            .and("Retry-After", error.retry_after.map(|seconds| seconds.to_string()))
            .and("WWW-Authenticate", (status == 401).then(|| "Bearer".to_owned()))
    }

    /// What a browser asks before a page of another origin may call.
    pub fn preflight(method: &str) -> Self {
        Self::new(204, None)
            .and("Access-Control-Allow-Methods", Some(method.to_owned()))
            .and("Access-Control-Allow-Headers", Some("Authorization, Content-Type, Idempotency-Key".to_owned()))
            .and("Access-Control-Max-Age", Some("7200".to_owned()))
    }

    fn new(status: u16, body: Option<String>) -> Self {
        Self { status, body, headers: Vec::new() }
    }

    /// The same with a header, if there is a value for it.
    pub fn and(mut self, name: &'static str, value: Option<String>) -> Self {
        self.headers.extend(value.map(|value| (name, value)));
        self
    }

    /// The same for a page of this origin.
    pub fn shared_with(self, origin: Option<&str>, page: Option<PageOrigin>) -> Self {
        let Some((origin, page)) = origin.zip(page) else { return self };
        self.and("Access-Control-Allow-Origin", Some(origin.to_owned()))
            .and("Access-Control-Allow-Credentials", page.credentials.then(|| "true".to_owned()))
            .and("Access-Control-Expose-Headers", Some("Retry-After, X-Request-Id".to_owned()))
    }

    /// The response the runtime sends.
    pub fn response(self, request_id: &str) -> Result<Response, JsValue> {
        let headers = Headers::new()?;
        for (name, value) in self.headers {
            headers.set(name, &value)?;
        }
        if self.body.is_some() {
            headers.set("Content-Type", "application/json; charset=utf-8")?;
        }
        // A cache that answers a page of one origin with what another got would share it with both.
        for (name, value) in [
            ("Cache-Control", "no-store"),
            ("Vary", "Origin"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
            ("X-Request-Id", request_id),
        ] {
            headers.set(name, value)?;
        }
        let init = ResponseInit::new();
        init.set_status(self.status);
        init.set_headers(&headers);
        Response::new_with_opt_str_and_init(self.body.as_deref(), &init)
    }
}
