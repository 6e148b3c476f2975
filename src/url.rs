//! URLs, read as whoever fetches them reads them: by the host where there is one, natively by the crate of that name. The
//! host's own is the right one in a page, and the crate's would be a tenth of the package's module.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A URL's host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    /// A name, in lower case.
    Name(String),
}

/// An absolute URL.
pub(crate) struct Url(Parsed);

impl Url {
    pub fn parse(text: &str) -> Option<Self> {
        Parsed::parse(text).map(Self)
    }

    /// The URL as the URL Standard spells it.
    pub fn href(&self) -> String {
        self.0.href()
    }

    pub fn is_https(&self) -> bool {
        self.0.is_https()
    }

    /// The host as it is spelled.
    pub fn hostname(&self) -> String {
        self.0.hostname()
    }

    pub fn host(&self) -> Host {
        let hostname = self.hostname();
        let in_brackets = hostname.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        match (hostname.parse(), in_brackets.map(str::parse)) {
            (Ok(address), _) => Host::V4(address),
            (_, Some(Ok(address))) => Host::V6(address),
            _ => Host::Name(hostname),
        }
    }

    /// The port, unless it is the scheme's own.
    pub fn port(&self) -> Option<u16> {
        self.0.port()
    }

    pub fn has_user(&self) -> bool {
        self.0.has_user()
    }

    /// Whether its host is this machine.
    pub fn is_loopback(&self) -> bool {
        match self.host() {
            Host::V4(address) => address.is_loopback(),
            Host::V6(address) => address.is_loopback(),
            Host::Name(name) => name == "localhost",
        }
    }
}

#[cfg(all(feature = "web", target_arch = "wasm32"))]
struct Parsed(web_sys::Url);

#[cfg(all(feature = "web", target_arch = "wasm32"))]
impl Parsed {
    fn parse(text: &str) -> Option<Self> {
        web_sys::Url::new(text).ok().map(Self)
    }

    fn href(&self) -> String {
        self.0.href()
    }

    fn is_https(&self) -> bool {
        self.0.protocol() == "https:"
    }

    fn hostname(&self) -> String {
        self.0.hostname()
    }

    fn port(&self) -> Option<u16> {
        self.0.port().parse().ok()
    }

    fn has_user(&self) -> bool {
        !self.0.username().is_empty() || !self.0.password().is_empty()
    }
}

#[cfg(not(all(feature = "web", target_arch = "wasm32")))]
struct Parsed(url::Url);

#[cfg(not(all(feature = "web", target_arch = "wasm32")))]
impl Parsed {
    fn parse(text: &str) -> Option<Self> {
        // The tables of the letters of all scripts are left out. What stands in for them panics in debug builds, and
        // leaves a letter behind a percent sign as it is: such a host is spelled `xn--…` here, or in plain letters.
        let authority = text.split_once("://")?.1.split(['/', '?', '#', '\\']).next()?;
        let is_plain = authority.is_ascii() && !authority.contains('%');
        is_plain.then(|| url::Url::parse(text).ok().map(Self)).flatten()
    }

    fn href(&self) -> String {
        self.0.as_str().to_owned()
    }

    fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    fn hostname(&self) -> String {
        self.0.host_str().unwrap_or_default().to_owned()
    }

    fn port(&self) -> Option<u16> {
        self.0.port()
    }

    fn has_user(&self) -> bool {
        !self.0.username().is_empty() || self.0.password().is_some()
    }
}
