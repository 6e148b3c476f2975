//! What an operator may write, wherever it stands: in an argument, in tokens.json or in wrangler.toml.

use std::net::Ipv4Addr;

use anyhow::{Result, ensure};

/// A rule for a piece of text, and the words for what keeps it.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What would be right.
    pub right: &'static str,
    fits: fn(&str) -> bool,
}

pub const NAME: Rule = Rule {
    right: "1 to 40 of the characters A-Z a-z 0-9 . _ -",
    fits: |text| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        (1..=40).contains(&text.len()) && text.bytes().all(known)
    },
};
pub const HASH: Rule = Rule {
    right: "64 lowercase hexadecimal digits",
    fits: |text| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
};
pub const TOKEN_CREDITS: Rule = Rule {
    right: "a whole number from 1 to 1000000",
    fits: |text| whole_number(text).is_some_and(|credits| (1..=1_000_000).contains(&credits)),
};
/// The gateway counts in 32 bits.
pub const CREDITS: Rule = Rule {
    right: "a whole number from 1 to 4294967295",
    fits: |text| whole_number(text).is_some_and(|credits| (1..=u32::MAX.into()).contains(&credits)),
};
pub const ORIGIN: Rule = Rule {
    right: "an origin as a browser sends it: https://host or https://host:port in lowercase, without a path, a slash at \
            the end or the default port; http:// only with 127.0.0.1, localhost or [::1]",
    fits: is_origin,
};
pub const OPERATION: Rule = Rule {
    right: "one of generate, upscale, vary, extendVideo, credits",
    fits: |text| ["generate", "upscale", "vary", "extendVideo", "credits"].contains(&text),
};
pub const CALLBACK_HOST: Rule = Rule {
    right: "a lowercase DNS name with a dot, such as hooks.example.com, without scheme and port",
    fits: |text| is_dns_name(text) && text.contains('.'),
};

impl Rule {
    /// A rule of a caller's own.
    pub const fn new(right: &'static str, fits: fn(&str) -> bool) -> Self {
        Self { right, fits }
    }

    pub fn allows(&self, text: &str) -> bool {
        (self.fits)(text)
    }

    /// Refuses a text that breaks the rule with a sentence about `what` it was given for.
    pub fn check(&self, what: &str, text: &str) -> Result<()> {
        ensure!(self.allows(text), "{what} must be {}, not `{text}`", self.right);
        Ok(())
    }
}

/// Digits alone: Rust's own reading takes a plus sign, too.
pub fn whole_number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Any other spelling of an origin would never equal what a browser sends.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    // An address of IPv6 has colons of its own, and a bracket behind them.
    let port_at = authority.rfind(':').filter(|colon| !authority.ends_with(']') && *colon > 0);
    let (host, port) = authority.split_at(port_at.unwrap_or(authority.len()));
    let is_this_machine = ["127.0.0.1", "localhost", "[::1]"].contains(&host);
    let (host_fits, default_port) = match scheme {
        "https" => (is_this_machine || is_dns_name(host) || is_ipv4(host), ":443"),
        "http" => (is_this_machine, ":80"),
        _ => return false,
    };
    host_fits && port != default_port && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

fn is_port(text: &str) -> bool {
    !text.starts_with('0') && whole_number(text).is_some_and(|port| port <= 65_535)
}

fn is_ipv4(host: &str) -> bool {
    host.parse::<Ipv4Addr>().is_ok()
}

/// The last label begins with a letter: browsers read a host that ends in a number, decimal or hexadecimal, as an address.
fn is_dns_name(host: &str) -> bool {
    let is_label = |label: &str| {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(known) && !label.starts_with('-') && !label.ends_with('-')
    };
    let ends_in_a_name =
        host.rsplit('.').next().is_some_and(|label| label.starts_with(|char: char| char.is_ascii_lowercase()));
    host.len() <= 253 && host.split('.').all(is_label) && ends_in_a_name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(rule: Rule, texts: &[&str], expected: bool) {
        for text in texts {
            assert_eq!(rule.allows(text), expected, "{text}");
        }
    }

    #[test]
    fn an_origin_is_spelled_as_a_browser_sends_it() {
        let right = [
            "https://example.com",
            "https://midapi.example.workers.dev",
            "https://xn--bcher-kva.example:8443",
            "https://192.0.2.7",
            "https://localhost",
            "http://localhost",
            "http://127.0.0.1:8787",
            "http://[::1]:8787",
            "http://[::1]",
            "http://localhost:443",
            "https://example.com:80",
        ];
        all(ORIGIN, &right, true);
        let wrong = [
            "",
            "*",
            "null",
            "example.com",
            "//example.com",
            "https://",
            "https://:8443",
            "HTTPS://example.com",
            "https://Example.com",
            "https://example.com/",
            "https://example.com/page",
            "https://example.com:443",
            "http://localhost:80",
            "https://example.com:0443",
            "https://example.com:0",
            "https://example.com:65536",
            "https://example.com:",
            "https://example.com:+1",
            "http://example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.",
            "https://user@example.com",
            "https://example.com?x",
            "https://bücher.example",
            "https://example..com",
            "https://-a.example",
            "https://127.1",
            "https://0x7f.1",
            "https://1.0x7f",
            "https://[::1",
            "http://[::1]8787",
            "https://a b.example",
            "ftp://example.com",
            "https://*.example.com",
        ];
        all(ORIGIN, &wrong, false);
    }

    #[test]
    fn a_callback_host_is_a_dns_name_with_a_dot() {
        all(CALLBACK_HOST, &["example.com", "hooks.a-b.example", "xn--bcher-kva.example", "1.example"], true);
        let wrong = ["", "localhost", "Example.com", "example.com.", ".example.com", "example.com:443", "127.0.0.1"];
        all(CALLBACK_HOST, &wrong, false);
        all(CALLBACK_HOST, &["https://example.com", "a_b.example", "*.example.com", "example.com/x"], false);
        let label = "a".repeat(63);
        all(CALLBACK_HOST, &[&format!("{label}.example")], true);
        all(CALLBACK_HOST, &[&format!("a{label}.example"), &[label.as_str(); 4].join(".")], false);
    }

    #[test]
    fn names_hashes_operations_and_numbers_are_as_told() {
        all(NAME, &["a", "Alice_2.test-x", &"a".repeat(40)], true);
        all(NAME, &["", "a b", "ä", "a/b", &"a".repeat(41)], false);
        all(HASH, &[&"0f".repeat(32)], true);
        all(HASH, &["", &"0F".repeat(32), &"0f".repeat(31), &"0g".repeat(32)], false);
        all(OPERATION, &["generate", "upscale", "vary", "extendVideo", "credits"], true);
        all(OPERATION, &["", "Generate", "extend_video", "all"], false);
        all(TOKEN_CREDITS, &["1", "200", "1000000"], true);
        all(TOKEN_CREDITS, &["", "0", "-1", "+1", "1.5", "1e3", "1000001", "99999999999999999999", "many"], false);
        all(CREDITS, &["1", "4294967295"], true);
        all(CREDITS, &["", "0", "+1", " 1", "4294967296"], false);
    }
}
