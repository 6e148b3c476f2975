//! Where a key may be sent.

use midapi::core::{Endpoint, Kind};

#[test]
fn a_key_travels_encrypted_or_stays_on_this_machine() {
    for url in [
        "https://api.midapi.ai/api/v1/mj",
        "https://example.com",
        "http://127.0.0.1:8787/api/v1/mj/",
        "http://localhost/api",
        "http://[::1]:80",
    ] {
        assert!(Endpoint::new(url, true).is_ok(), "{url}");
    }
    for url in [
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com:80",
        "http://127.0.0.1@example.com",
        "http://localhost:80:evil.example",
        "https://user@example.com",
        "https://example.com/?a",
        "https://example.com/#a",
        "https:///path",
        "ftp://example.com",
        "example.com",
        "/api/v1/mj",
        "https://exa mple.com",
        "http:\\\\127.0.0.1",
        "",
    ] {
        assert_eq!(Endpoint::new(url, true).unwrap_err().kind, Kind::Misconfigured, "{url}");
    }
    assert!(
        Endpoint::new("http://intranet.example/api/v1/mj", false).is_ok(),
        "without a key there is none to protect"
    );
}

#[test]
fn an_upstream_is_an_origin_or_the_apis_own_path() {
    for url in
        ["https://a.example", "https://a.example/", "https://a.example/api/v1/mj", "https://a.example/api/v1/mj/"]
    {
        assert_eq!(Endpoint::upstream(url).unwrap().route("generate"), "https://a.example/api/v1/mj/generate");
    }
}

#[test]
fn a_route_beside_it_is_on_the_same_host() {
    for (url, beside) in [
        (Endpoint::VENDOR, "https://api.midapi.ai/api/v1/health"),
        ("https://a.example/api/v1/mj/", "https://a.example/api/v1/health"),
        ("https://a.example/mj", "https://a.example/health"),
        ("https://a.example", "https://a.example/health"),
        ("https://a.example/", "https://a.example/health"),
        ("http://127.0.0.1:8787", "http://127.0.0.1:8787/health"),
    ] {
        assert_eq!(Endpoint::new(url, true).unwrap().sibling("health"), beside, "{url}");
    }
}

#[test]
fn the_vendor_is_known_by_its_own_address() {
    let is_vendor = |url| Endpoint::new(url, true).unwrap().is_vendor();
    assert!(is_vendor(Endpoint::VENDOR) && is_vendor("https://api.midapi.ai/api/v1/mj/"));
    for other in
        ["https://a.example/api/v1/mj", "https://api.midapi.ai.a.example/api/v1/mj", "http://localhost/api/v1/mj"]
    {
        assert!(!is_vendor(other), "{other}");
    }
    assert!(Endpoint::upstream("https://api.midapi.ai").unwrap().is_vendor());
}
