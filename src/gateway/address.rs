use std::net::IpAddr;

/// What counts as one network address: of IPv6 the whole /64, which one subscriber has to itself. The header is
/// Cloudflare's own; what a caller says of itself (`X-Forwarded-For`) is not looked at.
pub fn network(connecting_ip: Option<&str>) -> String {
    match connecting_ip.unwrap_or_default().trim_ascii().parse() {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        },
        Err(_) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn row_11_a_rotation_inside_a_64_is_one_network() {
        assert_eq!(network(Some("2001:db8:1:2::1")), network(Some("2001:db8:1:2:ffff:ffff:ffff:ffff")));
        assert_ne!(network(Some("2001:db8:1:2::1")), network(Some("2001:db8:1:3::1")));
        assert_eq!(network(Some("::ffff:203.0.113.7")), network(Some("203.0.113.7")));
        for none in [None, Some(""), Some("203.0.113.7, 10.0.0.1"), Some("localhost")] {
            assert_eq!(network(none), "unknown");
        }
    }
}
