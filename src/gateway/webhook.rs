//! The signatures of a callback: the vendor's own, as `midapi/webhooks` verifies it, and those of Standard Webhooks. Pure.

use base64ct::{Base64, Encoding};
use hmac::Mac;

use super::hmac_sha256::hmac_sha256;
use crate::core::{SIGNATURE_HEADER, TIMESTAMP_HEADER, signed_message};
use crate::policy::CallbackSecret;

/// The headers of a callback.
#[derive(Debug, PartialEq, Eq)]
pub struct SignedHeaders(Vec<(&'static str, String)>);

impl SignedHeaders {
    /// Of a callback about this job, at this time, in seconds since 1970. Without a secret it isn't signed.
    pub fn new(secret: Option<&CallbackSecret>, job: &str, body: &str, now_s: i64) -> Self {
        let now = now_s.to_string();
        let mut headers = vec![("Content-Type", "application/json".to_owned()), ("User-Agent", "midapi".to_owned())];
        if let Some(secret) = secret {
            let vendors = signature(secret.as_str().as_bytes(), &[&signed_message(job, &now)]);
            let standard = signature(&secret.bytes(), &[job, ".", &now, ".", body]);
            headers.extend([
                (TIMESTAMP_HEADER, now.clone()),
                (SIGNATURE_HEADER, vendors),
                ("webhook-id", job.to_owned()),
                ("webhook-timestamp", now),
                ("webhook-signature", ["v1,", &standard].concat()),
            ]);
        }
        Self(headers)
    }

    /// Each with its value.
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }
}

fn signature(key: &[u8], pieces: &[&str]) -> String {
    Base64::encode_string(&hmac_sha256(key, pieces).finalize().into_bytes())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        // The example of its specification.
        let secret: CallbackSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let body = r#"{"test": 2432232314}"#;
        let headers = SignedHeaders::new(Some(&secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", body, 1_614_265_330);
        let signature = headers.0.iter().find(|(name, _)| *name == "webhook-signature").unwrap();
        assert_eq!(signature.1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(SignedHeaders::new(None, "job", body, 1).0.len(), 2);
    }
}
