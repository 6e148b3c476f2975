//! Pictures that tasks start from: sent by a page, kept for a while, and fetched by the vendor.

use serde::Serialize;

use super::access::Caller;
use super::bucket::Bucket;
use super::file_metadata::FileMetadata;
use super::handler_error::HandlerError;
use super::host::random_id;
use super::ledger::{Account, ReserveRequest};
use super::reply::Reply;
use super::request_body::unreadable;
use super::request_context::RequestContext;
use super::route::no_such_route;
use super::stub::LedgerStub;
use super::submit_order::is_job_id;
use crate::client::Timer;
use crate::core::{Error, FileKind, Operation};
use crate::policy::Permission;
use crate::web::HostTimer;

/// The largest picture, in bytes.
pub const MOST_BYTES: usize = 10 * 1024 * 1024;

/// For how long a picture is kept: a task may wait for hours until the vendor fetches it.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// What one caller may upload in a day, and all together, in KiB.
const CALLER_DAILY_KIB: u32 = 200 * 1024;
const ALL_DAILY_KIB: u32 = 2 * 1024 * 1024;

/// Where it lies below the gateway's address, which is also what its key in the bucket begins with.
pub const FOLDER: &str = "uploads/";

/// The prefix of the accounts that uploads are counted in.
pub const ACCOUNTS: &str = "uploads:";

/// Whether a path is that of an uploaded picture.
pub fn is_upload(path: &str) -> bool {
    let id = path.strip_prefix('/').and_then(|path| path.strip_prefix(FOLDER)?.split_once('.'));
    id.is_some_and(|(id, ending)| is_job_id(id) && kinds().any(|kind| kind.ending() == ending))
}

/// What a picture may be.
fn kinds() -> impl Iterator<Item = FileKind> {
    [FileKind::Png, FileKind::Jpeg, FileKind::Webp].into_iter()
}

/// An uploaded picture.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Upload<'a> {
    url: &'a str,
    expires_at: i64,
}

impl RequestContext<'_> {
    /// Keeps a picture, and says under which address the vendor can fetch it.
    pub(super) async fn upload(&self, caller: &Caller, bytes: &[u8]) -> Result<Reply, HandlerError> {
        caller.check(Permission::Generate)?;
        let (Some(bucket), Some(url)) = (Bucket::of(self.env), &self.gateway.public_url) else {
            let message = "this gateway takes no uploads: it has no bucket, or no MIDAPI_PUBLIC_URL";
            return Err(Error::refused(Operation::Read, 404, message.to_owned()).into());
        };
        let kind = FileKind::of(bytes).filter(|kind| kinds().any(|known| known == *kind));
        let kind = kind.ok_or_else(|| unreadable(415, "must be a PNG, JPEG or WebP picture"))?;
        self.reserve(caller, bytes.len()).await?;
        let key = [FOLDER, &random_id(24), ".", kind.ending()].concat();
        let expires_at = HostTimer.now() + KEPT_MS;
        let metadata =
            FileMetadata { caller: Some(caller.id.clone()), kept_until: Some(expires_at), ..FileMetadata::default() };
        bucket.put_bytes(&key, bytes, kind.media_type(), &metadata).await?;
        Reply::of(&Upload { url: &url.route(&key), expires_at })
    }

    /// Counts an upload like credits, so that nobody fills the bucket.
    async fn reserve(&self, caller: &Caller, bytes: usize) -> Result<(), HandlerError> {
        let accounts = vec![
            Account::new([ACCOUNTS, &caller.id].concat(), CALLER_DAILY_KIB),
            Account::new([ACCOUNTS, "all"].concat(), ALL_DAILY_KIB),
        ];
        let credits = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX);
        let request =
            ReserveRequest { id: [ACCOUNTS, &random_id(24)].concat(), credits, accounts, percent: Vec::new() };
        let reserved = LedgerStub::new(self.env)?.reserve(&request).await?;
        match reserved.alerts {
            Some(_) => Ok(()),
            None => {
                let message = "too much was uploaded today; links to pictures elsewhere still work";
                Err(Error::refused(Operation::Read, 429, message.to_owned()).into())
            }
        }
    }

    /// A picture for the vendor: for whoever knows its address.
    pub(super) async fn uploaded_file(&self) -> Result<Reply, HandlerError> {
        let path = self.url.pathname();
        let stored = self.stored(path.strip_prefix('/').ok_or_else(no_such_route)?).await?;
        if stored.object.metadata().has_expired(HostTimer.now() / 1000) {
            return Err(stored.withheld());
        }
        self.respond(stored, true, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_has_one_spelling() {
        let id = "AZaz09_-AZaz09_-AZaz09_-AZaz09_-";
        assert!(is_upload(&format!("/uploads/{id}.png")) && is_upload(&format!("/uploads/{id}.jpg")));
        for path in ["/uploads/x.png".to_owned(), format!("/uploads/{id}"), format!("/uploads/{id}.gif")] {
            assert!(!is_upload(&path), "{path}");
        }
        assert!(!is_upload(&format!("/uploads/../{id}.png")) && !is_upload(&format!("uploads/{id}.png")));
    }
}
