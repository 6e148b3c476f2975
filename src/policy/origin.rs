use std::net::Ipv4Addr;

use super::host::is_dns_name;
use super::number::whole_number;
use super::text::text;

text! {
    /// The origin of a page. Any other spelling would never equal what a browser sends.
    Origin,
    "an origin as a browser sends it: https://host or https://host:port in lowercase, without a path, a slash at the end or \
     the default port; http:// only with 127.0.0.1, localhost or [::1]",
    is_origin
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::text::tests::all;

    const RIGHT: [&str; 11] = [
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

    #[test]
    fn an_origin_is_spelled_as_a_browser_sends_it() {
        all::<Origin>(&RIGHT, true);
        all::<Origin>(&["https://app.example", "http://[::1]:1", "https://a-b.example:8443"], true);
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
            "https://a b",
            "ftp://example.com",
            "https://*.example.com",
        ];
        all::<Origin>(&wrong, false);
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod against_the_standard {
        use proptest::prelude::*;
        use url::Url;

        use super::*;

        fn sent_by_a_browser(text: &str) -> Option<String> {
            Url::parse(text).ok().map(|url| url.origin().ascii_serialization())
        }

        #[test]
        fn these_are_what_the_url_standard_makes_of_themselves() {
            for origin in RIGHT {
                assert_eq!(sent_by_a_browser(origin).as_deref(), Some(origin));
            }
        }

        proptest! {
            #[test]
            fn every_origin_is_what_the_url_standard_makes_of_itself(
                text in "https?://([a-z0-9x-]{1,6}|[0-9]{1,3}|0x[0-9a-f]{1,2}|127\\.0\\.0\\.1|localhost|\\[::1\\])(\\.[a-z0-9-]{1,4}){0,4}(:[0-9]{0,6})?/?",
            ) {
                if text.parse::<Origin>().is_ok() {
                    prop_assert_eq!(sent_by_a_browser(&text), Some(text));
                }
            }
        }
    }
}
