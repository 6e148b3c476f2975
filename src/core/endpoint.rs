use alloc::borrow::ToOwned;
use alloc::string::String;

use super::Error;
use super::text::{before, concat};

/// Where the API is served: `https`, or `http` on this machine alone, so that a key never travels in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// The vendor's own.
    pub const VENDOR: &str = "https://api.midapi.ai/api/v1/mj";

    /// Takes an absolute URL without query, such as [`Endpoint::VENDOR`] or `https://example.com/api/v1/mj`.
    /// `carries_key` says whether a key will be sent there.
    pub fn new(url: &str, carries_key: bool) -> Result<Self, Error> {
        let wrong = |must| Err(Error::misconfigured("endpoint", must));
        let mut url = url;
        while let Some(shorter) = url.strip_suffix('/') {
            url = shorter;
        }
        let secure = url.strip_prefix("https://");
        let rest = secure.or_else(|| url.strip_prefix("http://")).unwrap_or_default();
        let authority = before(rest, b"/").unwrap_or(rest);
        let clean = url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'@' | b'?' | b'#' | b'\\'));
        if authority.is_empty() || !clean {
            return wrong("must be an absolute http or https URL without user, query or fragment");
        }
        if carries_key && secure.is_none() && !is_loopback(authority) {
            return wrong("must be https: the key would travel in clear");
        }
        Ok(Self(url.to_owned()))
    }

    /// The URL of a route below it.
    pub fn route(&self, route: &str) -> String {
        concat(&[&self.0, "/", route])
    }

    /// The URL of a route beside it: `https://example.com/api/v1/health` for `https://example.com/api/v1/mj`.
    pub fn sibling(&self, route: &str) -> String {
        // Without a path there is nothing above: the last slash is one of `https://`, and what follows it the host.
        let slash = self.0.bytes().rposition(|byte| byte == b'/').filter(|at| *at >= "https://".len());
        let above = slash.and_then(|at| self.0.get(..at)).unwrap_or(&self.0);
        concat(&[above, "/", route])
    }

    /// Whether this is the vendor itself, and no gateway.
    pub fn is_vendor(&self) -> bool {
        self.0 == Self::VENDOR
    }

    /// The endpoint of a configured upstream: its origin alone, or with the API's own path.
    pub fn upstream(url: &str) -> Result<Self, Error> {
        const PATH: &str = "/api/v1/mj";
        let Self(url) = Self::new(url, true)?;
        Ok(Self(if url.ends_with(PATH) { url } else { url + PATH }))
    }
}

/// Whether a URL's host and port name this machine.
fn is_loopback(authority: &str) -> bool {
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|host| match authority.strip_prefix(host) {
        Some(rest) => {
            rest.strip_prefix(':').unwrap_or("0").bytes().all(|byte| byte.is_ascii_digit())
                && (rest.is_empty() || rest.starts_with(':'))
        }
        None => false,
    })
}
