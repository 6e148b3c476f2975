//! Where a copy of a file lies, and the links to it that anybody may use until they expire. Pure.

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::hmac_sha256::hmac_sha256;
use super::submit_order::is_job_id;

/// The most files of a job: the vendor makes four.
const MOST_FILES: usize = 16;

/// A file of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilePath<'a> {
    /// The job's id.
    pub job: &'a str,
    /// The file's number, counted from 1.
    pub number: usize,
}

impl<'a> FilePath<'a> {
    /// The file of a path, compared as it is: no other spelling of it is one.
    pub fn parse(path: &'a str) -> Option<Self> {
        let (job, number) = path.strip_prefix("/files/")?.split_once('/')?;
        let file = Self { job, number: number.parse().ok()? };
        (is_job_id(job) && (1..=MOST_FILES).contains(&file.number) && file.number.to_string() == number).then_some(file)
    }

    /// Its path below the gateway's address, which is also its key in the bucket.
    pub fn key(self) -> String {
        format!("files/{}/{}", self.job, self.number)
    }

    /// Its path with a signature by this secret, for anybody until this time, in seconds since 1970.
    pub fn link(self, secret: &str, expires_s: i64) -> String {
        let signature = Base64UrlUnpadded::encode_string(&self.signature(secret, expires_s).finalize().into_bytes());
        format!("{}?expires={expires_s}&signature={signature}", self.key())
    }

    /// Whether a link's signature is by this secret, and its time not over.
    pub fn is_signed(self, secret: &str, expires: &str, signature: &str, now_s: i64) -> bool {
        let Ok(expires_s) = expires.parse::<i64>() else { return false };
        let Ok(signature) = Base64UrlUnpadded::decode_vec(signature) else { return false };
        // In constant time: the comparison tells nothing of the right one.
        !secret.is_empty()
            && now_s <= expires_s
            && expires_s.to_string() == expires
            && self.signature(secret, expires_s).verify_slice(&signature).is_ok()
    }

    fn signature(self, secret: &str, expires_s: i64) -> Hmac<Sha256> {
        hmac_sha256(secret.as_bytes(), &[&self.key(), "?expires=", &expires_s.to_string()])
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const JOB: &str = "AZaz09_-AZaz09_-AZaz09_-AZaz09_-";

    #[test]
    fn a_path_has_one_spelling() {
        let path = format!("/files/{JOB}/2");
        assert_eq!(FilePath::parse(&path), Some(FilePath { job: JOB, number: 2 }));
        for wrong in ["/2", "/files/x/2", &format!("{path}/"), &format!("/files/{JOB}/02"), &format!("/files/{JOB}/+2")]
        {
            assert_eq!(FilePath::parse(wrong), None, "{wrong}");
        }
        for number in ["0", "17", "-1", "", "1.png", "99999999999999999999"] {
            assert_eq!(FilePath::parse(&format!("/files/{JOB}/{number}")), None, "{number}");
        }
    }

    #[test]
    fn a_link_is_right_for_its_file_until_its_time_and_for_nothing_else() {
        let file = FilePath { job: JOB, number: 2 };
        let link = file.link("secret", 1_000);
        let signature = link.split_once("&signature=").unwrap().1;
        assert!(file.is_signed("secret", "1000", signature, 1_000));
        let other = FilePath { number: 1, ..file };
        assert!(!other.is_signed("secret", "1000", signature, 1_000));
        for (secret, expires, signature, now) in [
            ("other", "1000", signature, 1_000),
            ("secret", "1001", signature, 1_000),
            ("secret", "1000", signature, 1_001),
            ("secret", "+1000", signature, 1_000),
            ("secret", "", signature, 1_000),
            ("secret", "1000", "", 1_000),
            ("", "1000", signature, 1_000),
        ] {
            assert!(!file.is_signed(secret, expires, signature, now), "{secret} {expires} {signature} {now}");
        }
        let unsigned = file.link("", 1_000);
        assert!(!file.is_signed("", "1000", unsigned.split_once("&signature=").unwrap().1, 1_000));
    }
}
