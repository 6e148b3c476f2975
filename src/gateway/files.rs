//! The files that the gateway keeps: results, and pictures that tasks start from.

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, Response, ResponseInit};

use super::access::Caller;
use super::archive::{CALLER, KEPT_UNTIL, LINK_SECRET, NAME};
use super::bucket::{Bucket, Metadata, StoredObject};
use super::file_link::FilePath;
use super::handler_error::HandlerError;
use super::reply::Reply;
use super::request_context::RequestContext;
use super::route::no_such_route;
use crate::client::Timer;
use crate::core::{Error, Operation};
use crate::web::HostTimer;

/// How long a browser may keep a file, in seconds: a year, which is what caches take for ever.
const CACHED_S: i64 = 365 * 24 * 60 * 60;

impl RequestContext<'_> {
    /// A result, for the caller whose it is, or for whoever has a link that is signed. To others it is as unknown as one that
    /// isn't there.
    pub(super) async fn file(&self, caller: Result<Caller, Error>) -> Result<Reply, HandlerError> {
        let path = self.url.pathname();
        let file = FilePath::parse(&path).ok_or_else(no_such_route)?;
        let search = self.url.search_params();
        let stored = self.stored(&file.key()).await?;
        let (metadata, now_s) = (stored.metadata(), HostTimer.now() / 1000);
        let secret = metadata.get(LINK_SECRET).map(String::as_str).unwrap_or_default();
        let (expires, signature) = (search.get("expires"), search.get("signature"));
        let is_signed = match (expires, signature) {
            (Some(expires), Some(signature)) => file.is_signed(secret, &expires, &signature, now_s),
            _ => false,
        };
        let is_theirs = caller.is_ok_and(|caller| metadata.get(CALLER) == Some(&caller.id));
        if !(is_signed || is_theirs) || has_expired(&metadata, now_s) {
            return Err(leave(&stored).await);
        }
        let name = search.has("download").then(|| metadata.get(NAME).cloned().unwrap_or_default());
        Ok(Reply::File(respond(&stored, &metadata, is_signed, name, now_s)?))
    }

    /// What is kept under this key, or the part of it that the request asks for.
    pub(super) async fn stored(&self, key: &str) -> Result<StoredObject, HandlerError> {
        let bucket = Bucket::of(self.env).ok_or_else(no_such_route)?;
        // A range that lies outside the file throws.
        let found = bucket.get(key, Some(&self.request.headers())).await;
        match found {
            Ok(found) => found.ok_or_else(|| no_such_route().into()),
            Err(thrown) if self.request.headers().has("Range")? => {
                let _ = thrown;
                Err(Error::refused(Operation::Read, 416, "range: lies outside the file".to_owned()).into())
            }
            Err(thrown) => Err(thrown.into()),
        }
    }
}

/// Whether a file's time is over, though it wasn't deleted yet.
pub fn has_expired(metadata: &Metadata, now_s: i64) -> bool {
    metadata.get(KEPT_UNTIL).and_then(|at| at.parse::<i64>().ok()).is_none_or(|at| at / 1000 < now_s)
}

/// Leaves a file that isn't to be sent.
pub async fn leave(stored: &StoredObject) -> HandlerError {
    if let Some(body) = stored.body() {
        let _ = JsFuture::from(body.cancel()).await;
    }
    no_such_route().into()
}

/// The response with a file: of its own type, and nothing that a browser would run.
pub fn respond(
    stored: &StoredObject,
    metadata: &Metadata,
    is_public: bool,
    download: Option<String>,
    now_s: i64,
) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    let kept_s = metadata.get(KEPT_UNTIL).and_then(|at| at.parse::<i64>().ok()).unwrap_or_default() / 1000;
    let cached_s = (kept_s - now_s).clamp(0, CACHED_S);
    let scope = if is_public { "public" } else { "private" };
    for (name, value) in [
        ("Content-Type", stored.media_type().unwrap_or_else(|| "application/octet-stream".to_owned())),
        ("ETag", stored.http_etag()),
        ("Accept-Ranges", "bytes".to_owned()),
        ("Cache-Control", format!("{scope}, max-age={cached_s}, immutable")),
        ("X-Content-Type-Options", "nosniff".to_owned()),
        ("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'".to_owned()),
        ("Referrer-Policy", "no-referrer".to_owned()),
    ] {
        headers.set(name, &value)?;
    }
    if is_public {
        // A page of any origin may draw it to a canvas: it has the link anyway.
        headers.set("Access-Control-Allow-Origin", "*")?;
        headers.set("Access-Control-Expose-Headers", "Content-Length, Content-Range, ETag")?;
        headers.set("Cross-Origin-Resource-Policy", "cross-origin")?;
    } else {
        headers.set("Cross-Origin-Resource-Policy", "same-origin")?;
    }
    if let Some(name) = download {
        headers.set("Content-Disposition", &format!("attachment; filename=\"{name}\""))?;
    }
    let body = stored.body();
    let mut status = if body.is_some() { 200 } else { 304 };
    if let Some(range) = stored.byte_range().filter(|range| status == 200 && range.length < stored.size() as u64) {
        status = 206;
        let last = (range.offset + range.length).saturating_sub(1);
        headers.set("Content-Range", &format!("bytes {}-{last}/{}", range.offset, stored.size()))?;
    }
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(&headers);
    Response::new_with_opt_readable_stream_and_init(body.as_ref(), &init)
}
