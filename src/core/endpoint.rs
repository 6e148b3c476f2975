use super::Error;
use crate::url::Url;

/// Where the API is served: `https`, or `http` on this machine alone, so that a key never travels in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    is_vendor: bool,
    is_loopback: bool,
}

/// Ports that no browser's or server's `fetch` connects to (the Fetch standard's "bad ports").
const BLOCKED_PORTS: &[u16] = &[
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
    111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
    540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
    6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

impl Endpoint {
    /// The vendor's own.
    pub const VENDOR: &str = "https://api.midapi.ai/api/v1/mj";
    const VENDOR_HOST: &str = "api.midapi.ai";

    /// Takes an absolute URL without query, such as [`Endpoint::VENDOR`] or `https://example.com/api/v1/mj`.
    /// `carries_key` says whether a key will be sent there.
    pub fn new(url: &str, carries_key: bool) -> Result<Self, Error> {
        let wrong = |must: &str| Error::misconfigured("endpoint", must);
        let must_be_absolute = "must be an absolute http or https URL without user, query or fragment";
        let url = url.trim_end_matches('/');
        let authority = ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme));
        let authority = authority.and_then(|rest| rest.split('/').next()).filter(|authority| !authority.is_empty());
        let is_clean = url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'@' | b'?' | b'#' | b'\\'));
        let parsed = Url::parse(url).filter(|_| is_clean && authority.is_some());
        let parsed = parsed.ok_or_else(|| wrong(must_be_absolute))?;
        if let Some(port) = parsed.port().filter(|port| BLOCKED_PORTS.contains(port)) {
            return Err(wrong(&format!("must be on another port: `fetch` connects to none that is {port}")));
        }
        let is_loopback = parsed.is_loopback();
        if carries_key && !parsed.is_https() && !is_loopback {
            return Err(wrong("must be https: the key would travel in clear"));
        }
        let is_vendor = parsed.hostname().trim_end_matches('.') == Self::VENDOR_HOST;
        Ok(Self { url: parsed.href().trim_end_matches('/').to_owned(), is_vendor, is_loopback })
    }

    /// The URL of a route below it.
    pub fn route(&self, route: &str) -> String {
        format!("{}/{route}", self.url)
    }

    /// The URL of a route beside it: `https://example.com/api/v1/health` for `https://example.com/api/v1/mj`.
    pub fn sibling(&self, route: &str) -> String {
        // Without a path there is nothing above: the last slash is one of `https://`, and what follows it the host.
        let above = self.url.rfind('/').filter(|at| *at >= "https://".len()).and_then(|at| self.url.get(..at));
        format!("{}/{route}", above.unwrap_or(&self.url))
    }

    /// Whether this is the vendor itself, however its address is spelled, and no gateway.
    pub fn is_vendor(&self) -> bool {
        self.is_vendor
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// The endpoint of a configured upstream: its origin alone, or with the API's own path.
    pub fn upstream(url: &str) -> Result<Self, Error> {
        const PATH: &str = "/api/v1/mj";
        let endpoint = Self::new(url, true)?;
        Ok(if endpoint.url.ends_with(PATH) { endpoint } else { Self { url: endpoint.url + PATH, ..endpoint } })
    }
}
