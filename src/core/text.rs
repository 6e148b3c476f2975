//! Numbers and pieces of text. The standard library's own ways are 2 KB of the package's module, after brotli.

use alloc::string::String;

/// The number a text of nothing but digits stands for; `None` for any other text, and for more than fits.
pub(crate) fn digits(text: &str) -> Option<i64> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let add = |number: i64, byte| number.checked_mul(10)?.checked_add(digit(byte)?);
    if text.is_empty() { None } else { text.bytes().try_fold(0, add) }
}

/// A whole number, written out.
pub(crate) fn decimal(number: i64) -> String {
    let mut text = String::new();
    push_decimal(&mut text, number);
    text
}

/// The same, at the end of a text.
pub(crate) fn push_decimal(text: &mut String, number: i64) {
    if number < 0 {
        text.push('-');
    }
    if number.unsigned_abs() >= 10 {
        push_decimal(text, (number / 10).saturating_abs());
    }
    text.push(char::from(b'0' + (number % 10).unsigned_abs() as u8));
}

/// Texts, one after the other.
pub(crate) fn concat(parts: &[&str]) -> String {
    join(parts, "")
}

/// The same, with another text between each two.
pub(crate) fn join(parts: &[&str], between: &str) -> String {
    let mut text = String::new();
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            text.push_str(between);
        }
        text.push_str(part);
    }
    text
}

/// Whether a word stands in a text, between spaces.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    text.split_ascii_whitespace().any(|known| known == word)
}

/// What stands before the first of some bytes; `None` if none of them is there.
pub(crate) fn before<'a>(text: &'a str, any_of: &[u8]) -> Option<&'a str> {
    text.get(..text.bytes().position(|byte| any_of.contains(&byte))?)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_written_as_elsewhere(number in any::<i64>()) {
            prop_assert_eq!(decimal(number), number.to_string());
            prop_assert_eq!(digits(&decimal(number)), (number >= 0).then_some(number));
        }

        #[test]
        fn digits_are_read_as_elsewhere(text in "[0-9+-]{0,20}") {
            let theirs = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
            prop_assert_eq!(digits(&text), theirs);
        }

        #[test]
        fn texts_are_joined_as_elsewhere(parts in prop::collection::vec("[a-é,]{0,3}", 0..4), between in "[, é]{0,2}") {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            prop_assert_eq!(join(&parts, &between), parts.join(&between));
            prop_assert_eq!(concat(&parts), parts.concat());
        }

        #[test]
        fn before_is_what_split_gives(text in "[a-c:/é]{0,9}") {
            prop_assert_eq!(before(&text, b":/"), text.split_once([':', '/']).map(|(before, _)| before));
        }
    }

    #[test]
    fn the_ends_of_the_range() {
        for number in [i64::MIN, -10, -9, 0, 9, 10, i64::MAX] {
            assert_eq!(decimal(number), number.to_string());
        }
    }
}
