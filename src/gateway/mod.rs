//! The Cloudflare Worker that holds the key: an intent proxy over a closed set of routes. The upstream's address
//! comes from configuration alone, bodies are rebuilt from the validated request in both directions, and no header
//! crosses in either but the server's pace, as a number. Who calls is known, and what they spend is counted before it is
//! spent.

mod access;
mod address;
mod admin;
mod api_response;
mod archive;
mod browser;
mod bucket;
mod byte_range;
mod client_headers;
mod config;
mod crash;
mod file_link;
mod file_metadata;
mod files;
mod handler_error;
mod hmac_sha256;
mod host;
mod job_alarm;
mod job_announce;
mod job_deliver;
mod job_directory;
mod job_look;
mod job_object;
mod job_record;
mod job_remove;
mod job_reply;
mod job_storage;
mod job_submit;
mod ledger;
mod ledger_object;
mod log_line;
mod message;
mod reply;
mod request_body;
mod request_context;
mod route;
mod session;
mod sql;
mod streams;
mod stub;
mod submit_order;
mod sweep;
mod task_events;
mod task_list;
mod task_list_object;
mod tasks;
mod turnstile;
mod uploads;
mod webhook;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{Request, Response, Url};

use self::access::forbidden;
use self::api_response::ApiResponse;
use self::client_headers::ClientHeaders;
use self::handler_error::HandlerError;
use self::log_line::LogLine;
use self::reply::Reply;
use self::request_body::read_body;
use self::request_context::RequestContext;
use self::route::{Route, no_such_route};
use crate::core::{Error, Operation};

/// Answers a request that is no asset of the studio's. `env` holds the Worker's variables, secrets and bindings.
#[wasm_bindgen]
pub async fn handle(request: Request, env: JsValue, request_id: String) -> Result<Response, JsValue> {
    let url = Url::new(&request.url())?;
    let route = Route::of(&url.pathname());
    let mut log = LogLine::new(request_id.clone(), route.map_or("none", Route::name));
    let response = match respond(&request, &url, &env, route, &mut log).await {
        Ok(response) => response,
        Err(HandlerError::Refused(error)) => refusal(&error, &mut log)?,
        Err(HandlerError::Runtime(_)) => {
            // Whatever it was, its text may hold what must not leave.
            refusal(&Error::refused(Operation::Read, 500, "internal error".to_owned()), &mut log)?
        }
    };
    log.write(response.status)?;
    response.into_response(&request_id)
}

async fn respond(
    request: &Request,
    url: &Url,
    env: &JsValue,
    route: Option<Route>,
    log: &mut LogLine,
) -> Result<ApiResponse, HandlerError> {
    let body = read_body(request, route == Some(Route::Upload)).await;
    let route = route.ok_or_else(no_such_route)?;
    let headers = ClientHeaders::of(request, &url.hostname());
    let origin = headers.browser.origin.as_deref();
    let is_preflight = request.method() == "OPTIONS"
        && origin.is_some()
        && request.headers().get("Access-Control-Request-Method")?.is_some();
    let is_head = request.method() == "HEAD" && route.is_file();
    if request.method() != route.method() && !is_preflight && !is_head {
        let error = Error::invalid("method", &["must be ", route.method()].concat());
        let error = error.with(|error| error.code = Some(405));
        return Ok(refusal(&error, log)?.with("Allow", Some(route.method().to_owned())));
    }
    // A body that drips is refused before anything is looked at.
    let body = match body {
        Err(error) if error.code == Some(408) => return Err(error.into()),
        body => body,
    };
    let gateway = config::gateway(env)?;
    let page = origin.and_then(|origin| gateway.page_origin(origin));
    if is_preflight {
        let response = match page {
            Some(_) => ApiResponse::preflight(route.method()),
            None => refusal(&forbidden("origin", "pages of this origin are not allowed here"), log)?,
        };
        return Ok(response.shared_with(origin, page));
    }
    let mut context =
        RequestContext { gateway: &gateway, env, request, url, headers: &headers, log: &mut *log, cookie: None };
    let outcome = context.handle(route, body).await;
    let cookie = context.cookie.take();
    let response = match outcome {
        Ok(Reply::Data { data, look_again_after }) => {
            ApiResponse::success(&data, look_again_after)?.with("Set-Cookie", cookie)
        }
        Ok(Reply::Events(stream)) => ApiResponse::events(stream),
        Ok(Reply::File(response)) => return Ok(ApiResponse::file(response)),
        Err(HandlerError::Refused(error)) => refusal(&error.with(|error| gateway.key.redact(&mut error.message)), log)?,
        Err(thrown) => return Err(thrown),
    };
    Ok(response.shared_with(origin, page))
}

fn refusal(error: &Error, log: &mut LogLine) -> Result<ApiResponse, JsValue> {
    log.refused(error);
    ApiResponse::refusal(error, &log.id)
}
