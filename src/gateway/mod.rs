//! The Cloudflare Worker that holds the key: an intent proxy over a closed set of routes. The upstream's address
//! comes from configuration alone, bodies are rebuilt from the validated request in both directions, and no header
//! crosses in either but the server's pace, as a number. Who calls is known, and what they spend is counted before it is
//! spent.

mod access;
mod address;
mod answer;
mod browser;
mod config;
mod crash;
mod host;
mod job;
mod job_object;
mod ledger;
mod log;
mod order;
mod reply;
mod routes;
mod session;
mod turnstile;
mod visit;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{Request, Response, Url};

use self::access::{forbidden, hex};
use self::answer::Answer;
use self::host::random;
use self::log::Entry;
use self::routes::{Inquiry, Route, body_text, no_such_route};
use self::visit::Visit;
use crate::core::{Error, Operation};

/// Answers a request that is no asset of the studio's. `env` holds the Worker's variables, secrets and bindings.
#[wasm_bindgen]
pub async fn handle(request: Request, env: JsValue) -> Result<Response, JsValue> {
    let url = Url::new(&request.url())?;
    let route = Route::of(&url.pathname());
    let mut entry = Entry::new(hex(&random(8)), route.map_or("none", Route::name));
    let answer = answer(&request, &url, &env, route, &mut entry).await.unwrap_or_else(|_| {
        // Whatever it was, its text may hold what must not leave.
        Answer::refusal(&Error::refused(Operation::Read, 500, "internal error".to_owned()), &entry.id)
    });
    entry.write(answer.status);
    answer.response(&entry.id)
}

async fn answer(
    request: &Request,
    url: &Url,
    env: &JsValue,
    route: Option<Route>,
    entry: &mut Entry,
) -> Result<Answer, JsValue> {
    let refused = |error: Error, entry: &Entry| Answer::refusal(&error, &entry.id);
    let body = body_text(request).await;
    let Some(route) = route else {
        return Ok(refused(no_such_route(), entry));
    };
    let visit = Visit::of(request, &url.hostname());
    let origin = visit.browser.origin.as_deref();
    let preflight = request.method() == "OPTIONS"
        && origin.is_some()
        && request.headers().get("Access-Control-Request-Method")?.is_some();
    if request.method() != route.method() && !preflight {
        let error = Error::invalid("method", &["must be ", route.method()].concat());
        let error = error.with(|error| error.code = Some(405));
        return Ok(refused(error, entry).and("Allow", Some(route.method().to_owned())));
    }
    let gateway = match config::gateway(env) {
        Ok(gateway) => gateway,
        Err(error) => {
            entry.misconfigured = Some(error.message.clone());
            return Ok(refused(error, entry));
        }
    };
    let page = origin.and_then(|origin| gateway.page_origin(origin));
    if preflight {
        let answer = match page {
            Some(_) => Answer::preflight(route.method()),
            None => refused(forbidden("origin", "pages of this origin are not allowed here"), entry),
        };
        return Ok(answer.shared_with(origin, page));
    }
    let mut inquiry = Inquiry { gateway: &gateway, env, request, url, visit: &visit, entry: &mut *entry, cookie: None };
    let outcome = inquiry.answer(route, body).await;
    let cookie = inquiry.cookie.take();
    let answer = match outcome? {
        Ok(told) => Answer::success(&told).and("Set-Cookie", cookie),
        Err(error) => refused(error.with(|error| gateway.key.redact(&mut error.message)), entry),
    };
    Ok(answer.shared_with(origin, page))
}
