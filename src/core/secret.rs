use std::fmt;

use super::Error;

/// The vendor's key. It has no `Display`, its `Debug` shows nothing, and [`Secret::redact`] takes it out of whatever
/// a server echoes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the key, or says what is wrong with it without showing it.
    pub fn new(key: &str) -> Result<Self, Error> {
        let fits_a_header = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.is_empty() || !fits_a_header {
            return Err(Error::invalid("apiKey", "must be visible ASCII without spaces or line breaks".to_owned()));
        }
        Ok(Self(key.to_owned()))
    }

    /// The key itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text with every occurrence of the key replaced.
    pub fn redact(&self, text: String) -> String {
        if text.contains(&self.0) { text.replace(&self.0, "[redacted]") } else { text }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret([redacted])")
    }
}
