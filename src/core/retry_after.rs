use std::time::UNIX_EPOCH;

/// The whole seconds from now that a `Retry-After` header asks to wait: a number, rounded up, or an HTTP date. `None` for
/// anything else.
pub(crate) fn retry_after_s(header: &str, now_ms: i64) -> Option<u32> {
    let header = header.trim_ascii();
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = header.split_once('.').unwrap_or((header, "0"));
    if is_digits(whole) && is_digits(fraction) {
        // More than fits is very long, too.
        let whole = whole.parse().unwrap_or(u32::MAX);
        return Some(if fraction.bytes().all(|digit| digit == b'0') { whole } else { whole.saturating_add(1) });
    }
    let at = httpdate::parse_http_date(header).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let seconds = at.as_secs().saturating_sub(now_ms.div_euclid(1000).try_into().unwrap_or_default());
    Some(seconds.try_into().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::retry_after_s;

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        let now = 1_792_567_680_000; // Wed, 21 Oct 2026 07:28:00 GMT
        for (header, seconds) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("1.5", Some(2)),
            ("1000000000", Some(1_000_000_000)),
            ("99999999999999", Some(u32::MAX)),
            ("Wed, 21 Oct 2026 07:28:30 GMT", Some(30)),
            ("Wed, 21 Oct 2020 07:28:30 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(u32::MAX)),
            ("-1", None),
            ("1e3", None),
            ("1.2.3", None),
            ("", None),
            ("soon", None),
            ("Wed, 21 Foo 2026 07:28:30 GMT", None),
            ("Wed, 21 Oct 2026 07:28:30 CET", None),
            ("2026-10-21T07:28:30Z", None),
        ] {
            assert_eq!(retry_after_s(header, now), seconds, "{header}");
        }
    }
}
