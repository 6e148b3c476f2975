use super::Error;

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
        let url = url.trim_end_matches('/');
        let secure = url.strip_prefix("https://");
        let rest = secure.or_else(|| url.strip_prefix("http://")).unwrap_or_default();
        let authority = rest.split('/').next().unwrap_or_default();
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
        format!("{}/{route}", self.0)
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
    let host = authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let host = host.map_or(authority, |(host, _)| host);
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}
