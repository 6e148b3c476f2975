//! The files that the gateway keeps: results, and pictures that tasks start from.

use wasm_bindgen::JsValue;
use web_sys::{Headers, Response, ResponseInit};

use super::access::Caller;
use super::bucket::{Bucket, StoredObject};
use super::byte_range::{ByteRange, WantedRange};
use super::file_link::FilePath;
use super::handler_error::HandlerError;
use super::reply::Reply;
use super::request_context::RequestContext;
use super::route::no_such_route;
use super::streams::leave;
use crate::client::Timer;
use crate::core::Error;
use crate::web::HostTimer;

/// How long a browser may keep a file, in seconds: a year, which is what caches take for ever.
const CACHED_S: i64 = 365 * 24 * 60 * 60;

/// A file, or the part of it that a request asks for.
pub struct Stored {
    /// The object.
    pub object: StoredObject,
    wanted: Option<WantedRange>,
    /// Whether that part couldn't be had, and its body is the whole.
    is_whole: bool,
}

impl Stored {
    /// The refusal to show it: as if it weren't there.
    pub fn withheld(&self) -> HandlerError {
        leave(self.object.body());
        no_such_route().into()
    }
}

impl RequestContext<'_> {
    /// A result, for the caller whose it is, or for whoever has a link that is signed. To others it is as unknown as one that
    /// isn't there.
    pub(super) async fn file(&self, caller: Result<Caller, Error>) -> Result<Reply, HandlerError> {
        let path = self.url.pathname();
        let file = FilePath::parse(&path).ok_or_else(no_such_route)?;
        let search = self.url.search_params();
        let stored = self.stored(&file.key()).await?;
        let (metadata, now_s) = (stored.object.metadata(), HostTimer.now() / 1000);
        let secret = metadata.link_secret.as_deref().unwrap_or_default();
        let (expires, signature) = (search.get("expires"), search.get("signature"));
        let is_signed = match (expires, signature) {
            (Some(expires), Some(signature)) => file.is_signed(secret, &expires, &signature, now_s),
            _ => false,
        };
        let is_theirs = caller.is_ok_and(|caller| metadata.caller.as_deref() == Some(&*caller.id));
        if !(is_signed || is_theirs) || metadata.has_expired(now_s) {
            return Err(stored.withheld());
        }
        let name = search.has("download").then(|| metadata.name.unwrap_or_default());
        self.respond(stored, is_signed, name)
    }

    /// What is kept under this key, or the part of it that the request asks for.
    pub(super) async fn stored(&self, key: &str) -> Result<Stored, HandlerError> {
        let bucket = Bucket::of(self.env).ok_or_else(no_such_route)?;
        let header = self.request.headers().get("Range")?;
        let wanted = header.as_deref().and_then(WantedRange::parse);
        let (found, is_whole) = match (bucket.get(key, wanted).await, wanted) {
            // Most likely it lies outside the file. Who may know that is seen by the file.
            (Err(_), Some(_)) => (bucket.get(key, None).await, true),
            (found, _) => (found, false),
        };
        let object = found?.ok_or_else(no_such_route)?;
        Ok(Stored { object, wanted, is_whole })
    }

    /// The response with a file: of its own type, and nothing that a browser would run.
    pub(super) fn respond(
        &self,
        stored: Stored,
        is_public: bool,
        download: Option<String>,
    ) -> Result<Reply, HandlerError> {
        let Stored { object, wanted, is_whole } = &stored;
        let (size, etag) = (object.size() as u64, object.http_etag());
        let headers = headers(object, &etag, is_public, download)?;
        let init = ResponseInit::new();
        init.set_headers(&headers);
        let known = self.request.headers().get("If-None-Match")?;
        if known.is_some_and(|known| is_known(&known, &etag)) {
            leave(object.body());
            init.set_status(304);
            return Ok(Reply::File(Response::new_with_opt_str_and_init(None, &init)?));
        }
        let range = match wanted.map(|wanted| wanted.within(size)) {
            Some(None) => {
                leave(object.body());
                let error = Error::invalid("range", "must lie within the file");
                return Err(error.with(|error| error.code = Some(416)).into());
            }
            range => range.flatten().filter(|_| !is_whole),
        };
        let mut length = size;
        if let Some(ByteRange { first, last }) = range {
            length = last - first + 1;
            init.set_status(206);
            headers.set("Content-Range", &format!("bytes {first}-{last}/{size}"))?;
        }
        if self.request.method() == "HEAD" {
            leave(object.body());
            headers.set("Content-Length", &length.to_string())?;
            return Ok(Reply::File(Response::new_with_opt_str_and_init(None, &init)?));
        }
        Ok(Reply::File(Response::new_with_opt_readable_stream_and_init(object.body().as_ref(), &init)?))
    }
}

/// Whether a browser has the file already, by its `If-None-Match`.
fn is_known(header: &str, etag: &str) -> bool {
    header.split(',').map(str::trim_ascii).any(|known| known == "*" || known.trim_start_matches("W/") == etag)
}

/// The headers of a file.
fn headers(stored: &StoredObject, etag: &str, is_public: bool, download: Option<String>) -> Result<Headers, JsValue> {
    let now_s = HostTimer.now() / 1000;
    let headers = Headers::new()?;
    let kept_s = stored.metadata().kept_until.unwrap_or_default() / 1000;
    let cached_s = (kept_s - now_s).clamp(0, CACHED_S);
    let scope = if is_public { "public" } else { "private" };
    for (name, value) in [
        ("Content-Type", stored.media_type().unwrap_or_else(|| "application/octet-stream".to_owned())),
        ("ETag", etag.to_owned()),
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
    Ok(headers)
}
