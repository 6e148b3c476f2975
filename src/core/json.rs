//! JSON in and out, small and quick: reading cuts the text into pieces, writing is one growing string.
//!
//! What a rule doesn't look into stays the piece of text it was. By hand, as this is what every call does most:
//! `serde_json` would make the package's module half as large again, `hifijson` a tenth, and values of the host, read
//! field by field, cost four crossings each. The tests hold it against `serde_json`.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::text::push_decimal;

/// Deeper JSON than this is refused, so that no sender can exhaust the stack.
const MAX_DEPTH: u32 = 64;

/// The text of one JSON value.
#[derive(Clone, Copy)]
pub(crate) struct Json<'a>(&'a str);

/// The fields of a JSON object, in their order.
#[derive(Default)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Json<'a> {
    /// The value of a text that is JSON, or is going to be read as an object, a list or a string.
    pub fn of(text: &'a str) -> Self {
        Self(text.trim_ascii())
    }

    /// The object, if this is one.
    pub fn object(self) -> Option<Object<'a>> {
        let mut fields = Vec::new();
        self.members(b'{', &mut |name, value| fields.push((unquoted(name), Json(value))))?;
        Some(Object(fields))
    }

    /// The items of the array, if this is one.
    pub fn items(self) -> Option<Vec<Json<'a>>> {
        let mut items = Vec::new();
        self.members(b'[', &mut |_, value| items.push(Json(value)))?;
        Some(items)
    }

    /// Goes through what stands between these brackets; `None` if they aren't there, or anything is wrong.
    fn members(self, open: u8, each: Each<'_, 'a>) -> Option<()> {
        let first = self.0.as_bytes().get(past_space(self.0, 0));
        if first == Some(&open) { one_value(self.0, each) } else { None }
    }

    /// The text of a string; `None` if this is none.
    pub fn text(self) -> Option<String> {
        let bytes = self.0.as_bytes();
        let is_string = bytes.first() == Some(&b'"') && past_string(bytes, 0) == Some(bytes.len());
        is_string.then(|| unquoted(self.0).into_owned())
    }

    /// The number as it is spelled; `None` if this is none.
    pub fn number(self) -> Option<&'a str> {
        matches!(self.0.as_bytes().first(), Some(b'-' | b'0'..=b'9')).then_some(self.0)
    }

    pub fn boolean(self) -> Option<bool> {
        match self.0 {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The value as it is spelled.
    pub fn raw(self) -> &'a str {
        self.0
    }

    /// A whole number.
    pub fn whole(self) -> Option<i64> {
        whole(self.number()?)
    }

    /// A whole number, or a string of one: the vendor's own pages and its server disagree on which it sends.
    pub fn integer(self) -> Option<i64> {
        self.whole().or_else(|| whole(self.text()?.trim_ascii()))
    }
}

/// Whether a text is JSON at all.
#[cfg(any(feature = "gateway", all(test, not(target_arch = "wasm32"))))]
pub(crate) fn is_json(text: &str) -> bool {
    one_value(text, &mut |_, _| ()).is_some()
}

/// Goes through a text that is one value and nothing else but space.
fn one_value<'a>(text: &'a str, each: Each<'_, 'a>) -> Option<()> {
    let end = past_value(text, past_space(text, 0), MAX_DEPTH, each)?;
    (past_space(text, end) == text.len()).then_some(())
}

impl<'a> Object<'a> {
    /// The object a text is; `None` if it isn't JSON, or no object.
    pub fn parse(text: &'a str) -> Option<Self> {
        Json(text).object()
    }

    /// The names of the fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// The field of this name, with `null` read as absent: the vendor sends both for "none". Of two with one name the
    /// last counts, as it does for JavaScript.
    pub fn given(&self, name: &str) -> Option<Json<'a>> {
        let value = self.0.iter().rfind(|(known, _)| known == name)?.1;
        (value.0 != "null").then_some(value)
    }

    /// The text of a field that is a string.
    pub fn text(&self, name: &str) -> Option<String> {
        self.given(name)?.text()
    }
}

/// Sees each member of an array or object: its name in quotes, empty in an array, and its value.
type Each<'f, 'a> = &'f mut dyn FnMut(&'a str, &'a str);

/// The end of the value that begins at `at`; `None` if there is no right one.
fn past_value<'a>(text: &'a str, at: usize, depth: u32, each: Each<'_, 'a>) -> Option<usize> {
    let bytes = text.as_bytes();
    let is = |at: usize, byte: u8| bytes.get(at) == Some(&byte);
    match *bytes.get(at)? {
        b'"' => past_string(bytes, at),
        open @ (b'{' | b'[') => {
            // In ASCII the closing bracket of each kind is the next but one.
            let close = open + 2;
            let depth = depth.checked_sub(1)?;
            let mut at = past_space(text, at + 1);
            if is(at, close) {
                return Some(at + 1);
            }
            loop {
                let mut name = "";
                if open == b'{' {
                    let end = is(at, b'"').then(|| past_string(bytes, at))??;
                    name = text.get(at..end)?;
                    let colon = past_space(text, end);
                    at = is(colon, b':').then(|| past_space(text, colon + 1))?;
                }
                let end = past_value(text, at, depth, &mut |_, _| ())?;
                each(name, text.get(at..end)?);
                at = past_space(text, end);
                match *bytes.get(at)? {
                    b',' => at = past_space(text, at + 1),
                    byte if byte == close => return Some(at + 1),
                    _ => return None,
                }
            }
        }
        // A number's form is looked at by who needs its value.
        b'-' | b'0'..=b'9' => {
            let length = bytes
                .get(at..)?
                .iter()
                .position(|byte| !matches!(byte, b'+' | b'-' | b'.' | b'0'..=b'9' | b'E' | b'e'));
            Some(length.map_or(bytes.len(), |length| at + length))
        }
        _ => {
            let word =
                ["true", "false", "null"].into_iter().find(|word| text.get(at..at + word.len()) == Some(word))?;
            Some(at + word.len())
        }
    }
}

/// The end of the string that begins at `at`.
fn past_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += 1;
        at += plain_run(bytes.get(at..)?);
        match *bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => {
                at += 1;
                match *bytes.get(at)? {
                    b'u' if bytes.get(at + 1..at + 5)?.iter().all(u8::is_ascii_hexdigit) => at += 4,
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
}

/// How many bytes there are before the first that means something in a string: nearly all text is passed here.
fn plain_run(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 0xff;
    // Eight at once. A byte less than `n`, at most 0x80, borrows from its top bit; of larger ones the top bit is masked.
    let less = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word;
    let (words, _) = bytes.as_chunks::<8>();
    let plain = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        let special = less(word, 0x20) | less(word ^ (ONES * 0x22), 1) | less(word ^ (ONES * 0x5c), 1);
        special & (ONES * 0x80) == 0
    };
    let mut run = 8 * words.iter().take_while(|word| plain(word)).count();
    while bytes.get(run).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)) {
        run += 1;
    }
    run
}

fn past_space(text: &str, mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.as_bytes().get(at) {
        at += 1;
    }
    at
}

/// The text between the quotes.
fn unquoted(string: &str) -> Cow<'_, str> {
    let inside = string.get(1..string.len().saturating_sub(1)).unwrap_or_default();
    match escape_in(inside) {
        Some(_) => Cow::Owned(unescaped(inside)),
        None => Cow::Borrowed(inside),
    }
}

/// Where the next backslash is: nothing else that isn't plain stands in a string.
fn escape_in(text: &str) -> Option<usize> {
    let run = plain_run(text.as_bytes());
    (run < text.len()).then_some(run)
}

/// Half of a character outside the first plane, without its other half, becomes U+FFFD.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = escape_in(rest) {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        let escape = rest.bytes().next().unwrap_or_default();
        rest = rest.get(1..).unwrap_or_default();
        out.push(match escape {
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut unit = code_unit(rest);
                rest = rest.get(4..).unwrap_or_default();
                let other = rest.strip_prefix("\\u").map(code_unit).filter(|other| other & 0xfc00 == 0xdc00);
                if let (0xd800, Some(other)) = (unit & 0xfc00, other) {
                    unit = 0x10000 + ((unit & 0x3ff) << 10) + (other & 0x3ff);
                    rest = rest.get(6..).unwrap_or_default();
                }
                char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            quote_or_slash => quote_or_slash.into(),
        });
    }
    out.push_str(rest);
    out
}

/// The four hexadecimal digits that a text begins with.
fn code_unit(text: &str) -> u32 {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default();
    text.bytes().take(4).fold(0, |unit, byte| unit << 4 | digit(byte))
}

/// The whole number a JSON number is, if it is one that JavaScript can hold; `1.0` is one, too.
fn whole(number: &str) -> Option<i64> {
    const SAFE: i64 = (1 << 53) - 1;
    let digits = number.strip_prefix('-').unwrap_or(number);
    let mut whole: i64 = 0;
    let mut bytes = digits.bytes();
    for byte in bytes.by_ref() {
        match byte {
            b'0'..=b'9' => whole = whole * 10 + i64::from(byte - b'0'),
            b'.' => {
                let fraction = bytes.len() > 0 && bytes.all(|byte| byte == b'0');
                return (fraction && digits.len() > bytes.len() + 2).then_some(whole).filter(|_| number == digits);
            }
            _ => return None,
        }
        if whole > SAFE {
            return None;
        }
    }
    (!digits.is_empty()).then_some(if number == digits { whole } else { -whole })
}

/// Writes an object, field by field; an absent value leaves its field out.
pub(crate) struct Writer(String);

impl Writer {
    pub fn new() -> Self {
        // Most objects fit; a string that grows from nothing is copied five times on the way.
        let mut text = String::with_capacity(256);
        text.push('{');
        Self(text)
    }

    pub fn text(self, name: &str, text: Option<&str>) -> Self {
        let Some(text) = text else { return self };
        let mut writer = self.named(name);
        quote(&mut writer.0, text);
        writer
    }

    pub fn whole(self, name: &str, number: Option<i64>) -> Self {
        let Some(number) = number else { return self };
        let mut writer = self.named(name);
        push_decimal(&mut writer.0, number);
        writer
    }

    pub fn boolean(self, name: &str, value: Option<bool>) -> Self {
        let Some(value) = value else { return self };
        self.raw(name, if value { "true" } else { "false" })
    }

    /// A value that is JSON already.
    pub fn raw(self, name: &str, json: &str) -> Self {
        let mut writer = self.named(name);
        writer.0.push_str(json);
        writer
    }

    /// A value that is JSON already, if there is one.
    pub fn some(self, name: &str, json: Option<String>) -> Self {
        let Some(json) = json else { return self };
        self.raw(name, &json)
    }

    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }

    #[inline(never)]
    fn named(mut self, name: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        quote(&mut self.0, name);
        self.0.push(':');
        self
    }
}

/// A JSON array of values that are JSON already.
pub(crate) fn list(items: &mut dyn Iterator<Item = String>) -> String {
    let mut text = String::from("[");
    for item in items {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&item);
    }
    text.push(']');
    text
}

/// A JSON string.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    quote(&mut quoted, text);
    quoted
}

#[inline(never)]
fn quote(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    loop {
        let run = plain_run(rest.as_bytes());
        out.push_str(rest.get(..run).unwrap_or_default());
        let Some(byte) = rest.as_bytes().get(run) else { break };
        out.push_str(match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            _ => "\\u00",
        });
        if *byte < 0x20 {
            out.push(if *byte < 0x10 { '0' } else { '1' });
            out.extend(char::from_digit(u32::from(byte & 0xf), 16));
        }
        rest = rest.get(run + 1..).unwrap_or_default();
    }
    out.push('"');
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back_here_and_elsewhere(text in any::<String>(), number in -(1i64 << 53) + 1..1 << 53) {
            let json = Writer::new().text("a \"name\"", Some(&text)).whole("n", Some(number)).boolean("b", Some(true));
            let json = json.text("x", None).raw("l", &list(&mut [quoted(&text)].into_iter())).end();
            let theirs: serde_json::Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(&theirs["a \"name\""], &serde_json::json!(text));
            prop_assert_eq!(&theirs["l"], &serde_json::json!([text]));
            prop_assert_eq!(theirs["n"].as_i64(), Some(number));
            let object = Object::parse(&json).unwrap();
            prop_assert_eq!(object.text("a \"name\""), Some(text));
            prop_assert_eq!(object.given("n").and_then(Json::whole), Some(number));
            prop_assert_eq!(object.given("b").and_then(Json::boolean), Some(true));
        }

        #[test]
        fn it_takes_what_serde_json_takes(text in "[\\[\\]{}:,\"\\\\0-9.\\-a-u \n]{0,24}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            if theirs.is_ok() {
                prop_assert!(is_json(&text), "{}", text);
            }
            // The form of a number is not looked at before its value is needed.
            if is_json(&text) && !text.contains(|char: char| char.is_ascii_digit() || char == '-') {
                prop_assert!(theirs.is_ok(), "{}", text);
            }
        }

        #[test]
        fn escapes_mean_what_they_mean_elsewhere(text in "(\\\\(u[dD][89a-fA-F][0-9a-f]{2}|u[0-9a-f]{4}|[\"\\\\/bfnrt])|[ -!#-\\[\\]-~é😀]){0,12}") {
            let text = format!("\"{text}\"");
            prop_assert!(is_json(&text));
            if let Ok(theirs) = serde_json::from_str::<String>(&text) {
                prop_assert_eq!(Json::of(&text).text().unwrap(), theirs);
            }
        }

        #[test]
        fn pieces_are_the_values(value in "\\PC{0,9}", spaces in "[ \n\t]{0,3}") {
            let value = quoted(&value);
            let text = format!("{spaces}{{{spaces}\"a\"{spaces}:{spaces}[{value}{spaces},{spaces}1]{spaces},\"a\":{value}}}{spaces}");
            let object = Object::parse(&text).unwrap();
            prop_assert_eq!(object.given("a").unwrap().raw(), value.as_str());
            let items = object.0[0].1.items().unwrap();
            prop_assert_eq!(items.iter().map(|item| item.raw()).collect::<Vec<_>>(), [value.as_str(), "1"]);
        }

        #[test]
        fn a_run_ends_where_something_means_something(text in "[ -~é\\x00-\\x1f\\x7f]{0,40}") {
            let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
            let ends = text.as_bytes().iter().position(special).unwrap_or(text.len());
            prop_assert_eq!(plain_run(text.as_bytes()), ends);
            let plain: Vec<u8> = text.bytes().map(|byte| if special(&byte) { 0xff } else { byte }).collect();
            prop_assert_eq!(plain_run(&plain), plain.len());
        }

        #[test]
        fn a_string_is_one_string_and_no_more(text in "\"[a\"\\\\ ]{0,6}\"") {
            let theirs = serde_json::from_str::<String>(&text).ok();
            prop_assert_eq!(Json::of(&text).text(), theirs);
        }

        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let text = String::from_utf8_lossy(&bytes);
            let _ = (Object::parse(&text).is_some(), Json::of(&text).items().is_some(), Json::of(&text).text(), whole(&text));
        }
    }

    #[test]
    fn whole_numbers_in_every_spelling() {
        for (text, number) in [
            ("0", Some(0)),
            ("-7", Some(-7)),
            ("100.0", Some(100)),
            ("100.000", Some(100)),
            ("1e3", None),
            ("0.5", None),
            ("9007199254740991", Some((1 << 53) - 1)),
            ("9007199254740992", None),
            ("", None),
            ("-", None),
            ("1.", None),
            ("x", None),
        ] {
            assert_eq!(whole(text), number, "{text}");
        }
    }

    #[test]
    fn deep_json_is_refused_and_not_followed() {
        for deep in ["[".repeat(200_000), "{\"a\":".repeat(200_000)] {
            assert!(Object::parse(&format!("{{\"a\":{deep}")).is_none());
        }
    }
}
