//! What a browser says of where a request comes from, and who may share the answer. Pure.

use super::access::forbidden;
use crate::core::Error;

/// The headers that a page can't set itself.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// `Origin`.
    pub origin: Option<String>,
    /// `Sec-Fetch-Site`.
    pub site: Option<String>,
    /// `Sec-Fetch-Mode`.
    pub mode: Option<String>,
}

impl Browser {
    /// Refuses what no program of a page sends on purpose: navigations, forms, images. An answer to those can't be read,
    /// so they could only be meant to spend.
    pub fn check_mode(&self) -> Result<(), Error> {
        match self.mode.as_deref() {
            Some("navigate" | "no-cors" | "websocket" | "nested-navigate") => {
                Err(forbidden("origin", "this API is for `fetch` and programs, not for links, forms and images"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a page of another origin than these, if it is a page.
    pub fn check_origin(&self, allowed: &[String]) -> Result<(), Error> {
        match &self.origin {
            Some(origin) if !allowed.contains(origin) => Err(foreign()),
            _ => Ok(()),
        }
    }

    /// The same where a cookie says who calls: a browser sends that by itself, so it has to say from where.
    pub fn check_cookie_origin(&self, allowed: &[String], spends: bool) -> Result<(), Error> {
        let from_here = self.site.as_deref().is_none_or(|site| site == "same-origin");
        match &self.origin {
            // The origin is exact; `same-site` is a page beside ours that is configured.
            Some(_) if self.site.as_deref() != Some("cross-site") => self.check_origin(allowed),
            // A read within one origin carries no `Origin`.
            None if !spends && from_here => Ok(()),
            _ => Err(foreign()),
        }
    }
}

fn foreign() -> Error {
    forbidden("origin", "pages of this origin are not allowed here")
}

/// Whether a text is an origin as a browser sends it, so that one that is never sent isn't taken for configured.
pub fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        let fits = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b':' | b'[' | b']')
        };
        !host.is_empty() && host.bytes().all(fits) && !host.ends_with([':', '.'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn browser(origin: Option<&str>, site: Option<&str>) -> Browser {
        Browser { origin: origin.map(str::to_owned), site: site.map(str::to_owned), mode: Some("cors".to_owned()) }
    }

    #[test]
    fn row_14_an_origin_is_allowed_exactly_as_it_is_spelled() {
        let allowed = ["https://app.example".to_owned()];
        assert!(browser(Some("https://app.example"), None).check_origin(&allowed).is_ok());
        assert!(browser(None, None).check_origin(&allowed).is_ok());
        for foreign in [
            "null",
            "",
            "https://evil.example",
            "https://app.example.evil.example",
            "https://evilapp.example",
            "https://APP.example",
            "http://app.example",
            "https://app.example:8443",
            "https://app.example/",
            "https://app.example, https://app.example",
        ] {
            assert!(browser(Some(foreign), None).check_origin(&allowed).is_err(), "{foreign}");
            assert!(browser(Some(foreign), None).check_cookie_origin(&allowed, true).is_err(), "{foreign}");
        }
    }

    #[test]
    fn row_14_a_cookie_spends_only_where_the_origin_is_said() {
        let allowed = ["https://app.example".to_owned()];
        for (origin, site, spends, fine) in [
            (Some("https://app.example"), Some("same-origin"), true, true),
            (Some("https://app.example"), Some("same-site"), true, true),
            (Some("https://app.example"), None, true, true),
            (Some("https://app.example"), Some("cross-site"), true, false),
            (None, Some("same-origin"), true, false),
            (None, None, true, false),
            (None, Some("same-origin"), false, true),
            (None, None, false, true),
            (None, Some("same-site"), false, false),
            (None, Some("cross-site"), false, false),
            (None, Some("none"), false, false),
        ] {
            assert_eq!(
                browser(origin, site).check_cookie_origin(&allowed, spends).is_ok(),
                fine,
                "{origin:?} {site:?} {spends}"
            );
        }
    }

    #[test]
    fn what_no_browser_sends_is_no_origin() {
        for origin in ["https://app.example", "http://127.0.0.1:8787", "http://[::1]:1", "https://a-b.example:8443"] {
            assert!(is_origin(origin), "{origin}");
        }
        for text in
            ["", "*", "null", "app.example", "https://", "https://App.example", "https://app.example/", "https://a b"]
        {
            assert!(!is_origin(text), "{text}");
        }
    }
}
