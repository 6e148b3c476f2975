use wasm_bindgen::JsValue;
use web_sys::{Headers, Response, ResponseInit};

use crate::core::json::Writer;
use crate::core::{Error, Kind, MISCONFIGURED};

/// A reply in the vendor's envelope around `data`, which is JSON already.
pub fn success(data: &str, pace: Option<u32>) -> Result<Response, JsValue> {
    response(200, &format!(r#"{{"code":200,"msg":"success","data":{data}}}"#), pace)
}

/// A refusal in the vendor's envelope; its code is the HTTP status.
pub fn refusal(error: &Error) -> Result<Response, JsValue> {
    let (status, message) = match (error.kind, error.code) {
        // The caller did nothing wrong: it is the gateway's own key.
        (Kind::Unauthorized, _) => (503, format!("{MISCONFIGURED}the vendor refused the gateway's key")),
        (Kind::Misconfigured, _) => (503, format!("{MISCONFIGURED}{error}")),
        (Kind::Network, _) => (504, format!("the vendor gave no answer: {error}")),
        (Kind::BadResponse, _) => (502, format!("the vendor's answer makes no sense: {error}")),
        (_, Some(code @ 400..600)) => (code as u16, error.message.clone()),
        _ => (500, error.message.clone()),
    };
    response(status, &envelope(status, &message), error.retry_after)
}

/// The refusal of a method the route doesn't have.
pub fn method_not_allowed(allowed: &str) -> Result<Response, JsValue> {
    let response = response(405, &envelope(405, &format!("method: must be {allowed}")), None)?;
    response.headers().set("Allow", allowed)?;
    Ok(response)
}

fn envelope(code: u16, message: &str) -> String {
    Writer::new().whole("code", Some(i64::from(code))).text("msg", Some(message)).raw("data", "null").end()
}

fn response(status: u16, body: &str, retry_after: Option<u32>) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    headers.set("Content-Type", "application/json; charset=utf-8")?;
    headers.set("Cache-Control", "no-store")?;
    headers.set("X-Content-Type-Options", "nosniff")?;
    if let Some(seconds) = retry_after {
        headers.set("Retry-After", &seconds.to_string())?;
    }
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(&headers);
    Response::new_with_opt_str_and_init(Some(body), &init)
}
