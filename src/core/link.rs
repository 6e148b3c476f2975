//! Links in a request and in a result: what may be fetched, and by whom.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::url::{Host, Url};

/// The longest link, in bytes.
const MAX_BYTES: usize = 2048;

/// The most links in one request: more than any documented use has.
pub(super) const MAX_LINKS: usize = 16;

/// The sentence about what is no link at all.
const MUST_BE_URL: &str = "must be an absolute http or https URL of at most 2048 bytes";

/// Returns a link that the vendor or a caller's server may be asked to fetch, spelled as a browser spells it; or what is
/// wrong with it.
pub(super) fn checked(text: &str) -> Result<String, String> {
    parsed(text).map(Url::into_href)
}

/// A link to a host that only a private network has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PrivateLink {
    /// The field it stands in.
    pub field: &'static str,
    /// Its host.
    pub host: String,
    /// Whether that is this machine.
    pub is_loopback: bool,
}

/// The first of some fields whose link leads into a private network: it would have somebody else's server look into it.
/// One to this machine is named only where there is no other, as a server on this machine may be given it.
pub(super) fn first_private<'a>(links: impl IntoIterator<Item = (&'static str, &'a str)>) -> Option<PrivateLink> {
    let private = |(field, link): (&'static str, &str)| {
        let url = Url::parse(link).filter(is_private)?;
        Some(PrivateLink { field, is_loopback: url.is_loopback(), host: url.hostname().to_owned() })
    };
    let mut found = links.into_iter().filter_map(private);
    let first = found.next()?;
    if !first.is_loopback {
        return Some(first);
    }
    found.find(|link| !link.is_loopback).or(Some(first))
}

/// Returns a link to a result, spelled as a browser spells it, if it is one that may stand in a page.
pub(crate) fn of_result(text: &str) -> Option<String> {
    parsed(text).ok().map(Url::into_href)
}

fn parsed(text: &str) -> Result<Url, String> {
    let text = text.trim();
    if text.len() > MAX_BYTES {
        return Err(format!("must be at most {MAX_BYTES} bytes long, and is {}", text.len()));
    }
    let Some((scheme, _)) = text.split_once(':') else { return Err(MUST_BE_URL.to_owned()) };
    if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return Err(format!(
            "{MUST_BE_URL}; upload the file first, a link that begins with something else can't be fetched"
        ));
    }
    if text.get(scheme.len()..).is_none_or(|rest| !rest.starts_with("://")) || text.contains('\\') {
        return Err(MUST_BE_URL.to_owned());
    }
    if holds_two(text) {
        return Err("must be one link, and holds two; give several in `fileUrls`".to_owned());
    }
    let url = Url::parse(text).ok_or_else(|| MUST_BE_URL.to_owned())?;
    if url.has_user() {
        // `https://vendor.example@evil.example` names evil.example.
        return Err("must be a URL without a user name or password".to_owned());
    }
    Ok(url)
}

fn holds_two(text: &str) -> bool {
    let separators = [',', ' ', ';', '\n', '|'];
    text.matches("://").nth(1).is_some()
        && text.split(separators).skip(1).any(|part| part.starts_with("http://") || part.starts_with("https://"))
}

/// Whether a host is this machine, a private network, or a name that only such a network knows.
fn is_private(url: &Url) -> bool {
    match &url.host() {
        Host::V4(address) => is_private_v4(*address),
        Host::V6(address) => is_private_v6(*address),
        Host::Name(name) => {
            // A name with a dot at its end is the same name to a resolver, and another to most checks.
            let last = name.rsplit('.').next().unwrap_or_default();
            !name.contains('.')
                || last.is_empty()
                || matches!(last, "localhost" | "local" | "internal" | "lan" | "home" | "corp" | "arpa")
        }
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        // "This network", shared address space (CGNAT), protocol assignments, 6to4 relays, benchmarks, and what is reserved.
        || first == 0
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 192 && second == 88 && third == 99)
        || (first == 198 && (18..20).contains(&second))
        || first >= 240
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let [first, second, third, ..] = address.segments();
    address.to_ipv4_mapped().is_some()
        // Only 2000::/3 is in use on the internet; of it 6to4, Teredo and the documentation's are not for us.
        || first & 0xe000 != 0x2000
        || first == 0x2002
        || (first == 0x2001 && second == 0)
        || (first == 0x2001 && second == 0xdb8)
        || (first == 0x2001 && second == 2 && third == 0)
}
