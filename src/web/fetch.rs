use std::fmt;

use js_sys::{JsString, Promise, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestCache, RequestInit, RequestRedirect, Response};

use crate::client::{NoReply, Reply, Request, Transport};

/// The host's `fetch`. Bound by hand: web-sys binds it to a window, and browsers' workers, Node and Cloudflare's
/// Workers have none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fetch;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, init: &RequestInit) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = JSON, js_name = parse)]
    fn parse_json(text: &JsString) -> Result<JsValue, JsValue>;
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

impl From<HostError> for NoReply {
    fn from(error: HostError) -> Self {
        Self(Box::new(error))
    }
}

impl Transport for Fetch {
    type Json = JsValue;

    async fn send(&self, request: Request<'_>) -> Result<Reply<JsValue>, NoReply> {
        reply(request).await.map_err(|thrown| HostError(thrown).into())
    }
}

async fn reply(request: Request<'_>) -> Result<Reply<JsValue>, JsValue> {
    let ends_with_this_call = AbortOnDrop(AbortController::new()?);
    let headers = Headers::new()?;
    let init = RequestInit::new();
    // Never followed: a redirect would carry the key to whatever host it names.
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(&ends_with_this_call.0.signal()));
    if let Some(key) = request.key {
        headers.set("Authorization", &format!("Bearer {}", key.expose()))?;
    }
    match &request.body {
        Some(body) => {
            init.set_method("POST");
            headers.set("Content-Type", "application/json")?;
            init.set_body(&JsValue::from_str(body));
        }
        None if host_knows_cache_modes() => init.set_cache(RequestCache::NoStore),
        None => {}
    }
    init.set_headers(&headers);
    let response = JsFuture::from(fetch(&request.url, &init)?).await?;
    let response: Response = response.unchecked_into();
    let retry_after = response.headers().get("Retry-After")?.and_then(|seconds| seconds.trim_ascii().parse().ok());
    let text: JsString = JsFuture::from(response.text()?).await?.unchecked_into();
    // A browser shows a redirect it didn't follow as status 0.
    let status = if response.status() == 0 { 302 } else { response.status() };
    Ok(Reply { status, retry_after, body: parse_json(&text).ok() })
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

struct AbortOnDrop(AbortController);

impl Drop for AbortOnDrop {
    /// After the whole reply was read this does nothing.
    fn drop(&mut self) {
        self.0.abort();
    }
}
