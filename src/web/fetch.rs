use std::fmt;

use futures_util::stream::{self, StreamExt};
use js_sys::{Function, JsString, Object, Promise, RangeError, Reflect, TypeError};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, ReadableStream, ReadableStreamDefaultReader, RequestCache, RequestInit, RequestRedirect, Response,
};

use super::body::{next_chunk, read_up_to, reader_of, reading_text};
use super::value::given;
use crate::client::{BodyStream, Method, NoReply, OpenReply, Reply, Request, Transport, Uploads};

/// The longest reply that is read unless told, thousands of times the vendor's longest: a paid task isn't lost over what a
/// proxy adds.
const MAX_REPLY_BYTES: usize = 16 * 1024 * 1024;

/// The host's `fetch`. Bound by hand: web-sys binds it to a window, and browsers' workers, Node and Cloudflare's
/// Workers have none.
#[derive(Clone, Debug)]
pub struct Fetch {
    max_reply_bytes: usize,
    /// In place of the host's.
    own: Option<Function>,
}

impl Default for Fetch {
    fn default() -> Self {
        Self::reading_up_to(MAX_REPLY_BYTES)
    }
}

impl Fetch {
    /// Reads replies of up to so many bytes. A longer one is left, and its call fails like one whose connection broke.
    pub const fn reading_up_to(max_reply_bytes: usize) -> Self {
        Self { max_reply_bytes, own: None }
    }

    /// The same over a function of the caller's in place of the host's `fetch`, if there is one.
    pub fn over(self, own: Option<Function>) -> Self {
        Self { own, ..self }
    }

    /// A program may have put a function of its own in the place of `fetch`, which returns what it likes.
    pub(super) async fn response(&self, url: &str, init: &RequestInit) -> Result<Response, JsValue> {
        let promise = match &self.own {
            Some(own) => own.call2(&JsValue::UNDEFINED, &url.into(), init),
            None => fetch(url, init),
        };
        response_of(JsFuture::from(Promise::resolve(&promise?)).await?)
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, init: &RequestInit) -> Result<JsValue, JsValue>;
}

// Made once: a name that crosses with every call is a good part of its work. rustfmt would take the texts away.
#[rustfmt::skip]
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, static_string)]
    static AUTHORIZATION: JsString = "Authorization";
    #[wasm_bindgen(thread_local_v2, static_string)]
    static CONTENT_TYPE: JsString = "Content-Type";
    #[wasm_bindgen(thread_local_v2, static_string)]
    static IDEMPOTENCY_KEY: JsString = "Idempotency-Key";
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
        self.reply(request, None).await.map_err(no_reply)
    }

    fn can_open(&self) -> bool {
        true
    }

    async fn open(&self, request: Request<'_>) -> Result<OpenReply, NoReply> {
        let opened = self.respond(request, None).await.and_then(|(response, ends)| {
            let reader = response.body().as_ref().map(reader_of).transpose()?;
            let status = if response.redirected() { 302 } else { response.status() };
            Ok(OpenReply { status, body: pieces(reader, ends) })
        });
        opened.map_err(no_reply)
    }

    fn foreign_origin(&self, url: &str) -> Option<String> {
        let origin = given(&given(&js_sys::global(), "location")?, "origin")?.as_string()?;
        (!url.starts_with(&format!("{origin}/"))).then_some(origin)
    }
}

impl Uploads for Fetch {
    /// A `Blob`.
    type File = JsValue;

    async fn upload(&self, request: Request<'_>, file: &JsValue) -> Result<Reply, NoReply> {
        self.reply(request, Some(file)).await.map_err(no_reply)
    }
}

pub(super) fn no_reply(thrown: JsValue) -> NoReply {
    NoReply { unsent: is_unsent(&thrown), source: Box::new(HostError(thrown)) }
}

impl Fetch {
    /// The answer to a GET of any address, or to a POST of this body, with these headers and no key. It follows no redirect.
    ///
    /// # Errors
    /// What `fetch` throws.
    #[cfg(feature = "gateway")]
    pub(crate) async fn fetch(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Result<Response, JsValue> {
        let init = RequestInit::new();
        init.set_redirect(RequestRedirect::Manual);
        if let Some(body) = body {
            init.set_method("POST");
            init.set_body(&JsValue::from_str(body));
        }
        let sent = Object::new();
        for (name, value) in headers {
            Reflect::set(&sent, &(*name).into(), &(*value).into())?;
        }
        init.set_headers(&sent);
        self.response(url, &init).await
    }

    /// The response to a request, and what ends it when it is dropped.
    async fn respond(&self, request: Request<'_>, file: Option<&JsValue>) -> Result<(Response, AbortOnDrop), JsValue> {
        let ends_with_this_call = AbortOnDrop(Some(AbortController::new()?));
        // A plain object: the host makes its own `Headers` of it anyway.
        let headers = Object::new();
        let set = |name: &JsString, value: &str| Reflect::set(&headers, name, &value.into());
        let init = RequestInit::new();
        // Never followed: a redirect would carry the key to whatever host it names.
        init.set_redirect(RequestRedirect::Manual);
        init.set_signal(ends_with_this_call.0.as_ref().map(AbortController::signal).as_ref());
        if let Some(key) = request.key {
            AUTHORIZATION.with(|name| set(name, &format!("Bearer {}", key.expose())))?;
        }
        if request.method != Method::Get {
            init.set_method(request.method.as_str());
        }
        if let Some(file) = file {
            init.set_body(file);
        }
        if let Some(body) = request.body {
            CONTENT_TYPE.with(|name| set(name, "application/json"))?;
            init.set_body(&JsValue::from_str(body));
        } else if request.method == Method::Get && host_knows_cache_modes() {
            init.set_cache(RequestCache::NoStore);
        }
        if let Some(key) = request.idempotency_key {
            IDEMPOTENCY_KEY.with(|name| set(name, key))?;
        }
        init.set_headers(&headers);
        let response = self.response(request.url, &init).await?;
        Ok((response, ends_with_this_call))
    }

    async fn reply(&self, request: Request<'_>, file: Option<&JsValue>) -> Result<Reply, JsValue> {
        let (response, mut ends_with_this_call) = self.respond(request, file).await?;
        let retry_after = response.headers().get("Retry-After")?;
        let body = text_of(&response, self.max_reply_bytes).await?;
        #[cfg(feature = "crash")]
        crate::crash::crash_if("crash", &body);
        // Aborting what has ended would only make an exception nobody sees.
        ends_with_this_call.0 = None;
        // A browser shows a redirect it didn't follow as status 0; and a function of the caller's may have followed one.
        let is_redirect = response.status() == 0 || response.redirected();
        let status = if is_redirect { 302 } else { response.status() };
        Ok(Reply { status, retry_after, body })
    }
}

/// A response of the host's, or something with its shape: one of a polyfill or of another realm.
fn response_of(value: JsValue) -> Result<Response, JsValue> {
    let has_headers = |value| given(&given(value, "headers")?, "get").filter(JsValue::is_function);
    if value.is_instance_of::<Response>() || has_headers(&value).is_some() {
        return Ok(value.unchecked_into());
    }
    Err(TypeError::new("`fetch` returned no Response").into())
}

async fn text_of(response: &Response, limit: usize) -> Result<String, JsValue> {
    match response.body() {
        Some(body) if body.is_instance_of::<ReadableStream>() => {
            let read = read_up_to(Some(body), limit).await?;
            if read.is_cut {
                // Half an answer is none.
                return Err(RangeError::new(&format!("the reply is longer than {limit} bytes")).into());
            }
            Ok(reading_text(read.bytes))
        }
        // A polyfill's has no such stream.
        _ => Ok(JsFuture::from(response.text()?).await?.as_string().unwrap_or_default()),
    }
}

/// The pieces of a body as they come. Dropped, it ends the request.
fn pieces(reader: Option<ReadableStreamDefaultReader>, ends: AbortOnDrop) -> BodyStream {
    let next = |(reader, ends): (Option<ReadableStreamDefaultReader>, AbortOnDrop)| async move {
        let chunk = next_chunk(reader.as_ref()?).await.ok()??;
        Some((chunk.to_vec(), (reader, ends)))
    };
    stream::unfold((reader, ends), next).boxed_local()
}

/// Whether the host says that nothing was sent: no connection came about, or `fetch` refused the request itself. The
/// words are Node's and Bun's; browsers never say.
fn is_unsent(thrown: &JsValue) -> bool {
    let code = given(thrown, "code").or_else(|| given(&given(thrown, "cause")?, "code"));
    let code = code.and_then(|code| code.as_string()).unwrap_or_default();
    let never_connected =
        ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT", "ConnectionRefused", "ERR_INVALID_URL"];
    never_connected.contains(&code.as_str())
}

/// Workers with an older compatibility date throw on `cache`; they cache no POST and no uncacheable reply anyway.
fn host_knows_cache_modes() -> bool {
    thread_local! {
        static KNOWS: bool = given(&js_sys::global(), "Request")
            .and_then(|class| given(&class, "prototype"))
            .is_some_and(|prototype| Reflect::has(&prototype, &"cache".into()).unwrap_or(false));
    }
    KNOWS.with(|knows| *knows)
}

pub(super) struct AbortOnDrop(pub Option<AbortController>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}
