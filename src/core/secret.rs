use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use super::Error;

/// The vendor's key. It has no `Display`, its `Debug` shows nothing, and [`Secret::redact`] takes it out of whatever
/// a server echoes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the key, or says what is wrong with it without showing it.
    pub fn new(key: &str) -> Result<Self, Error> {
        let fits_a_header = key.bytes().all(|byte| byte.is_ascii_graphic());
        // A shorter one would be taken out of ordinary words, too.
        if key.len() < 8 || !fits_a_header {
            return Err(Error::misconfigured("apiKey", "must be 8 or more visible ASCII characters"));
        }
        Ok(Self(key.to_owned()))
    }

    /// The key itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Takes every occurrence of the key out of the text.
    pub fn redact(&self, text: &mut String) {
        let mut clean = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = self.split(rest) {
            clean.push_str(before);
            clean.push_str("[redacted]");
            rest = after;
        }
        if !clean.is_empty() {
            clean.push_str(rest);
            *text = clean;
        }
    }

    /// What stands before and after the key. The standard library's search is a large part of a small module.
    fn split<'a>(&self, text: &'a str) -> Option<(&'a str, &'a str)> {
        let at = (0..text.len()).find(|at| text.as_bytes().get(*at..at + self.0.len()) == Some(self.0.as_bytes()))?;
        Some((text.get(..at)?, text.get(at + self.0.len()..)?))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret([redacted])")
    }
}
