//! The vendor's documented times.

use super::text::digits;

/// The time an RFC 3339 text stands for, in milliseconds since 1970.
///
/// By hand: the `time` crate's parser is a tenth of the package's module, and the host's `Date.parse` guesses at much
/// else. The tests hold it against that crate.
pub(super) fn rfc3339_ms(text: &str) -> Option<i64> {
    let digits = |from: usize, to: usize| digits(text.get(from..to)?);
    let is = |at: usize, any_of: &[u8]| text.as_bytes().get(at).is_some_and(|byte| any_of.contains(byte));
    if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":")) {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
    let mut at = 19;
    let mut milliseconds = 0;
    if is(at, b".") {
        let fraction = text.get(20..)?.bytes().take_while(u8::is_ascii_digit).count();
        let shown = fraction.min(3);
        milliseconds = digits(20, 20 + shown).filter(|_| fraction > 0)? * [1, 100, 10, 1].get(shown)?;
        at = 20 + fraction;
    }
    let offset_minutes = if is(at, b"Zz") && text.len() == at + 1 {
        0
    } else if is(at, b"+-") && is(at + 3, b":") && text.len() == at + 6 {
        let (hours, minutes) = (digits(at + 1, at + 3)?, digits(at + 4, at + 6)?);
        if hours > 23 || minutes > 59 {
            return None;
        }
        (hours * 60 + minutes) * if is(at, b"-") { -1 } else { 1 }
    } else {
        return None;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day < 1 || day > days_in_month || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some((((days(year, month, day) * 24 + hour) * 60 + minute - offset_minutes) * 60 + second) * 1000 + milliseconds)
}

/// The days from 1970 to a date.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    // Counted in years that begin in March, so that the leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    days + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// The seconds from now that a `Retry-After` header asks to wait: a whole number, or the one form of date that servers
/// still send, `Wed, 21 Oct 2026 07:28:00 GMT`. `None` for anything else.
pub(super) fn retry_after_s(header: &str, now_ms: i64) -> Option<u32> {
    let header = header.trim_ascii();
    if header.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than fits is very long, too.
        return (!header.is_empty()).then(|| digits(header).and_then(|s| s.try_into().ok()).unwrap_or(u32::MAX));
    }
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let number = |from: usize, to: usize| digits(header.get(from..to)?);
    let month = MONTHS.iter().position(|month| header.get(8..11) == Some(month))? as i64 + 1;
    let (hour, minute, second) = (number(17, 19)?, number(20, 22)?, number(23, 25)?);
    if header.len() != 29 || !header.ends_with(" GMT") {
        return None;
    }
    let at_s = (days(number(12, 16)?, month, number(5, 7)?) * 24 + hour) * 3600 + minute * 60 + second;
    Some((at_s - now_ms.div_euclid(1000)).clamp(0, u32::MAX.into()) as u32)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use ::time::{OffsetDateTime, format_description::well_known::Rfc3339};
    use proptest::prelude::*;

    use super::{retry_after_s, rfc3339_ms};

    fn theirs(text: &str) -> Option<i64> {
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        Some(time.unix_timestamp() * 1000 + i64::from(time.millisecond()))
    }

    proptest! {
        #[test]
        fn it_reads_what_the_library_reads(
            text in "(0[0-9]{3}|[12][0-9]{3})-[01][0-9]-[0-3][0-9][Tt][0-2][0-9]:[0-6][0-9]:[0-5][0-9](\\.[0-9]{0,9})?(Z|z|[+-][0-2][0-9]:[0-6][0-9])",
        ) {
            prop_assert_eq!(rfc3339_ms(&text), theirs(&text), "{}", text);
        }

        #[test]
        fn anything_else_is_no_time(text in "\\PC{0,30}") {
            if theirs(&text).is_none() {
                prop_assert_eq!(rfc3339_ms(&text), None);
            }
        }
    }

    #[test]
    fn the_documented_times() {
        assert_eq!(rfc3339_ms("2024-03-20T10:30:00Z"), Some(1_710_930_600_000));
        assert_eq!(rfc3339_ms("1970-01-01T00:00:00.5Z"), Some(500));
        assert_eq!(rfc3339_ms("2024-02-29T23:59:59.999+02:00"), Some(1_709_243_999_999));
        for text in ["2024-03-20", "2023-02-29T00:00:00Z", "2024-03-20T10:30:00", "yesterday", ""] {
            assert_eq!(rfc3339_ms(text), None, "{text}");
        }
    }

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        let now = 1_792_567_680_000; // Wed, 21 Oct 2026 07:28:00 GMT
        for (header, seconds) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("1000000000", Some(1_000_000_000)),
            ("99999999999999", Some(u32::MAX)),
            ("Wed, 21 Oct 2026 07:28:30 GMT", Some(30)),
            ("Wed, 21 Oct 2020 07:28:30 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(u32::MAX)),
            ("-1", None),
            ("1.5", None),
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
