use std::fmt;

use js_sys::{Promise, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestCache, RequestInit, RequestRedirect, Response};

use super::text::read_bytes;
use super::value::given;
use crate::client::{NoReply, Reply, Request, Transport};
use crate::core::never_connected;

/// The longest reply that is read: a hundred times the vendor's longest.
const MAX_REPLY_BYTES: usize = 256 * 1024;

/// The host's `fetch`. Bound by hand: web-sys binds it to a window, and browsers' workers, Node and Cloudflare's
/// Workers have none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fetch;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, init: &RequestInit) -> Result<Promise, JsValue>;
}

/// Something the host threw, kept so that the caller gets the same object back.
pub struct HostError(pub JsValue);

impl fmt::Debug for HostError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the host threw an exception")
    }
}

impl std::error::Error for HostError {}

impl Transport for Fetch {
    async fn send(&self, request: Request<'_>) -> Result<Reply, NoReply> {
        let outcome = reply(request).await;
        outcome.map_err(|thrown| NoReply { unsent: unsent(&thrown), source: Box::new(HostError(thrown)) })
    }
}

async fn reply(request: Request<'_>) -> Result<Reply, JsValue> {
    let mut ends_with_this_call = AbortOnDrop(Some(AbortController::new()?));
    let headers = Headers::new()?;
    let init = RequestInit::new();
    // Never followed: a redirect would carry the key to whatever host it names.
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(ends_with_this_call.0.as_ref().map(AbortController::signal).as_ref());
    if let Some(key) = request.key {
        headers.set("Authorization", &["Bearer ", key.expose()].concat())?;
    }
    if let Some(key) = request.idempotency_key {
        headers.set("Idempotency-Key", key)?;
    }
    match request.body {
        Some(body) => {
            init.set_method("POST");
            headers.set("Content-Type", "application/json")?;
            init.set_body(&JsValue::from_str(body));
        }
        None if host_knows_cache_modes() => init.set_cache(RequestCache::NoStore),
        None => {}
    }
    init.set_headers(&headers);
    let response: Response = JsFuture::from(fetch(request.url, &init)?).await?.unchecked_into();
    let retry_after = response.headers().get("Retry-After")?;
    let body = read_bytes(response.body(), MAX_REPLY_BYTES).await;
    let body = body.map_err(|_| JsValue::from_str("the reply broke off, or is too long"))?;
    // As a browser reads it: what is no UTF-8 is shown as that, and is no JSON.
    let body = String::from_utf8_lossy(&body).into_owned();
    // Aborting what has ended would only make an exception nobody sees, at a fifth of the whole call's cost.
    ends_with_this_call.0 = None;
    // A browser shows a redirect it didn't follow as status 0.
    let status = if response.status() == 0 { 302 } else { response.status() };
    Ok(Reply { status, retry_after, body })
}

/// Whether the host says that no connection came about.
fn unsent(thrown: &JsValue) -> bool {
    let code = given(thrown, "code").or_else(|| given(&given(thrown, "cause")?, "code"));
    code.and_then(|code| code.as_string()).is_some_and(|code| never_connected(&code))
}

/// Workers with an older compatibility date throw on `cache`; they cache no POST and no uncacheable reply anyway.
fn host_knows_cache_modes() -> bool {
    thread_local! {
        static KNOWS: bool = Reflect::get(&js_sys::global(), &"Request".into())
            .and_then(|class| Reflect::get(&class, &"prototype".into()))
            .and_then(|prototype| Reflect::has(&prototype, &"cache".into()))
            .unwrap_or(false);
    }
    KNOWS.with(|knows| *knows)
}

struct AbortOnDrop(Option<AbortController>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}
