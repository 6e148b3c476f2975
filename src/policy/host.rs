use super::text::text;

text! {
    /// The name of a host on the internet.
    HostName,
    "a lowercase DNS name with a dot, such as hooks.example.com, without scheme and port",
    |text| is_dns_name(text) && text.contains('.')
}

/// The last label begins with a letter: browsers read a host that ends in a number, decimal or hexadecimal, as an address.
pub(super) fn is_dns_name(host: &str) -> bool {
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
    use crate::policy::text::tests::all;

    #[test]
    fn a_host_name_is_a_dns_name_with_a_dot() {
        all::<HostName>(&["example.com", "hooks.a-b.example", "xn--bcher-kva.example", "1.example"], true);
        let wrong = ["", "localhost", "Example.com", "example.com.", ".example.com", "example.com:443", "127.0.0.1"];
        all::<HostName>(&wrong, false);
        all::<HostName>(&["https://example.com", "a_b.example", "*.example.com", "example.com/x"], false);
        let label = "a".repeat(63);
        all::<HostName>(&[&format!("{label}.example")], true);
        all::<HostName>(&[&format!("a{label}.example"), &[label.as_str(); 4].join(".")], false);
    }
}
