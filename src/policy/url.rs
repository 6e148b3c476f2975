use super::Origin;
use crate::core::Endpoint;

/// An address to which a key may go: https, or http on this machine. Its host is one that an origin could have.
pub(super) fn endpoint(text: &str, read: fn(&str) -> Option<Endpoint>) -> Option<Endpoint> {
    read(text).filter(|_| has_origin(text))
}

/// The same of an address that may have a query.
pub(super) fn is_address(text: &str) -> bool {
    let without_query = text.split('?').next().unwrap_or_default();
    text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'@' | b'#' | b'\\'))
        && Endpoint::new(without_query, true).is_ok()
        && has_origin(text)
}

/// A URL may have what an origin has not: capitals, and the default port.
fn has_origin(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    let host = authority.strip_suffix(default_port).unwrap_or(authority).to_ascii_lowercase();
    [scheme, "://", &host].concat().parse::<Origin>().is_ok()
}
