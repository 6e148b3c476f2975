use std::fmt;

use super::Error;

/// The vendor's key, or a gateway's token. It has no `Display`, its `Debug` shows nothing, and [`Secret::redact`] takes it
/// out of whatever a server echoes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The shortest key: a shorter one would be taken out of ordinary words.
    pub const MIN_CHARS: usize = 8;

    /// Takes the key, or says what is wrong with it without showing it.
    pub fn new(key: &str) -> Result<Self, Error> {
        let fits_a_header = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.len() < Self::MIN_CHARS || !fits_a_header {
            let must =
                format!("must be at least {} visible ASCII characters, without spaces or line breaks", Self::MIN_CHARS);
            return Err(Error::misconfigured("apiKey", &must));
        }
        Ok(Self(key.to_owned()))
    }

    /// The key itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this is an access token of a gateway's: those begin with `midapi_`, and are nothing to the vendor.
    pub fn is_gateway_token(&self) -> bool {
        self.0.starts_with("midapi_")
    }

    /// Takes every occurrence of the key out of the text.
    pub fn redact(&self, text: &mut String) {
        if text.contains(&self.0) {
            *text = text.replace(&self.0, "[redacted]");
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret([redacted])")
    }
}
