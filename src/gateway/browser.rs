//! What a browser says of where a request comes from, and who may share the answer. Pure.

use super::access::forbidden;
use crate::core::Error;
use crate::policy::Origin;

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
    pub fn check_origin(&self, allowed: &[Origin]) -> Result<(), Error> {
        match &self.origin {
            Some(origin) if !allowed.iter().any(|known| known.as_str() == origin) => Err(foreign()),
            _ => Ok(()),
        }
    }

    /// The same where a cookie says who calls: a browser sends that by itself, so it has to say from where.
    pub fn check_cookie_origin(&self, allowed: &[Origin], spends: bool) -> Result<(), Error> {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn browser(origin: Option<&str>, site: Option<&str>) -> Browser {
        Browser { origin: origin.map(str::to_owned), site: site.map(str::to_owned), mode: Some("cors".to_owned()) }
    }

    #[test]
    fn row_14_an_origin_is_allowed_exactly_as_it_is_spelled() {
        let allowed = ["https://app.example".parse().unwrap()];
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
        let allowed = ["https://app.example".parse().unwrap()];
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
}
