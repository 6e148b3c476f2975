use super::{Callback, Error, Kind};

/// How far a callback's time may be from now, in seconds, unless told: Standard Webhooks' five minutes.
pub const SIGNATURE_TOLERANCE_S: i64 = 300;

/// The header with the time of signing, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "X-Webhook-Timestamp";
/// The header with the signature, in standard base64.
pub const SIGNATURE_HEADER: &str = "X-Webhook-Signature";

/// The length of an HMAC-SHA256 in standard base64, its one `=` included.
const SIGNATURE_CHARS: usize = 44;

/// A callback that carries a signature of the vendor's sister site: the base64 of an HMAC-SHA256 over
/// `taskId + "." + timestamp`. Its form and its time are right; whether the signature is, the host's cryptography says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCallback {
    /// What was signed.
    pub message: String,
    /// The signature, in standard base64.
    pub signature: String,
    /// What it says.
    pub callback: Callback,
}

/// What is signed of a callback.
pub fn signed_message(task_id: &str, timestamp: &str) -> String {
    format!("{task_id}.{timestamp}")
}

impl SignedCallback {
    /// Reads a callback and its two headers. `now_s` and `tolerance_s` are seconds.
    ///
    /// ```
    /// use midapi::core::{SIGNATURE_TOLERANCE_S, SignedCallback};
    ///
    /// let body = r#"{"code": 200, "data": {"taskId": "a", "resultUrls": ["https://example.com/1.png"]}}"#;
    /// let signature = "vGBdWGfz6s0Ar/ula0nTwQpINPOshHMb55n/iCv6Obk=";
    /// let now_s = 1_700_000_010;
    /// let signed =
    ///     SignedCallback::parse(body, Some("1700000000"), Some(signature), now_s, SIGNATURE_TOLERANCE_S)?;
    /// // To compare, in constant time: the HMAC-SHA256 of this under your secret, and `signed.signature`.
    /// assert_eq!(signed.message, "a.1700000000");
    /// # Ok::<(), midapi::core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Kind::Unverified`] if a header is missing, doubled or malformed, or the time is further from now than the
    /// tolerance.
    pub fn parse(
        body: &str,
        timestamp: Option<&str>,
        signature: Option<&str>,
        now_s: i64,
        tolerance_s: i64,
    ) -> Result<Self, Error> {
        let unverified = |header: &str, must: &str| Error::new(Kind::Unverified, format!("{header}: {must}"));
        let timestamp = timestamp.ok_or_else(|| unverified(TIMESTAMP_HEADER, "is missing"))?;
        let signature = signature.ok_or_else(|| unverified(SIGNATURE_HEADER, "is missing"))?;
        // Digits alone: two headers of one name arrive joined by a comma, and a sign would be none of the vendor's.
        let is_digits = timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let at = timestamp.parse().ok().filter(|_: &i64| is_digits);
        let at = at.ok_or_else(|| unverified(TIMESTAMP_HEADER, "must be one number of seconds since 1970"))?;
        if at.abs_diff(now_s) > tolerance_s.max(0).unsigned_abs() {
            let must = "is too far from now; milliseconds in place of seconds are, too";
            return Err(unverified(TIMESTAMP_HEADER, must));
        }
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let digits = signature.strip_suffix('=').filter(|_| signature.len() == SIGNATURE_CHARS);
        if !digits.is_some_and(|digits| digits.bytes().all(is_base64)) {
            return Err(unverified(SIGNATURE_HEADER, "must be one HMAC-SHA256 in standard base64"));
        }
        let callback = Callback::parse(body)?;
        let message = signed_message(callback.task_id(), timestamp);
        Ok(Self { message, signature: signature.to_owned(), callback })
    }
}
