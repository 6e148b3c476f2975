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

/// An absolute URL, as the URL Standard spells it: `https://user@host:port/path`, each part in one spelling alone.
pub(crate) struct Url {
    href: String,
}

impl Url {
    pub fn parse(text: &str) -> Option<Self> {
        standard_spelling(text).map(|href| Self { href })
    }

    pub fn href(&self) -> &str {
        &self.href
    }

    pub fn into_href(self) -> String {
        self.href
    }

    pub fn is_https(&self) -> bool {
        self.href.starts_with("https:")
    }

    pub fn has_user(&self) -> bool {
        self.authority().contains('@')
    }

    /// The host as it is spelled.
    pub fn hostname(&self) -> &str {
        self.host_and_port().0
    }

    /// The port, unless it is the scheme's own.
    pub fn port(&self) -> Option<u16> {
        self.host_and_port().1
    }

    pub fn host(&self) -> Host {
        let hostname = self.hostname();
        let in_brackets = hostname.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        match (hostname.parse(), in_brackets.map(str::parse)) {
            (Ok(address), _) => Host::V4(address),
            (_, Some(Ok(address))) => Host::V6(address),
            _ => Host::Name(hostname.to_owned()),
        }
    }

    /// Whether its host is this machine.
    pub fn is_loopback(&self) -> bool {
        match self.host() {
            Host::V4(address) => address.is_loopback(),
            Host::V6(address) => address.is_loopback(),
            Host::Name(name) => name == "localhost",
        }
    }

    fn authority(&self) -> &str {
        let rest = self.href.split_once("://").map_or("", |(_, rest)| rest);
        rest.split(['/', '?', '#']).next().unwrap_or_default()
    }

    fn host_and_port(&self) -> (&str, Option<u16>) {
        let authority = self.authority();
        let host = authority.rsplit('@').next().unwrap_or_default();
        // Of an IPv6 address what follows the last colon ends in a bracket.
        let with_port = host.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        with_port.map_or((host, None), |(host, port)| (host, Some(port)))
    }
}

#[cfg(all(feature = "web", target_arch = "wasm32"))]
fn standard_spelling(text: &str) -> Option<String> {
    web_sys::Url::new(text).ok().map(|url| url.href())
}

#[cfg(not(all(feature = "web", target_arch = "wasm32")))]
fn standard_spelling(text: &str) -> Option<String> {
    // The tables of the letters of all scripts are left out. What stands in for them panics in debug builds, and
    // leaves a letter behind a percent sign as it is: such a host is spelled `xn--…` here, or in plain letters.
    let authority = text.split_once("://")?.1.split(['/', '?', '#', '\\']).next()?;
    let is_plain = authority.is_ascii() && !authority.contains('%');
    is_plain.then(|| url::Url::parse(text).ok().map(String::from)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_url_are_found_in_its_standard_spelling() {
        for (text, hostname, port, has_user) in [
            ("https://Example.COM:443/a:1@b?c=https://d.example:2/#@", "example.com", None, false),
            ("http://example.com:8080?@", "example.com", Some(8080), false),
            ("https://user:secret@example.com:1/", "example.com", Some(1), true),
            ("https://user@[::1]:1/", "[::1]", Some(1), true),
            ("https://[2001:DB8::0]/", "[2001:db8::]", None, false),
            ("http://0x7f.1", "127.0.0.1", None, false),
            ("https://:@example.com/", "example.com", None, false),
        ] {
            let url = Url::parse(text);
            let parts = url.as_ref().map(|url| (url.hostname(), url.port(), url.has_user()));
            assert_eq!(parts, Some((hostname, port, has_user)), "{text}");
        }
    }
}
