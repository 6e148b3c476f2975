//! JSON in and out, small and quick: reading cuts the text into pieces, writing is one growing string.
//!
//! What a rule doesn't look into stays the piece of text it was. `serde_json` would make the package's module half as
//! large again, as it parses and prints floats and stands in the module once for every type it meets; and values of the
//! host, read field by field, cost four crossings each.

use std::borrow::Cow;

use hifijson::str::LexAlloc;
use hifijson::token::Lex;
use hifijson::{Error, Expect, SliceLexer};

/// Deeper JSON than this is refused, so that no sender can exhaust the stack.
const MAX_DEPTH: usize = 64;

/// The text of one JSON value.
#[derive(Clone, Copy)]
pub(crate) struct Json<'a>(&'a str);

/// The fields of a JSON object, in their order.
#[derive(Default)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Json<'a> {
    /// The value of a text that is known to be JSON, or is going to be read as an object or a list.
    pub fn of(text: &'a str) -> Self {
        Self(text)
    }

    /// The object, if this is one.
    pub fn object(self) -> Option<Object<'a>> {
        let mut fields = Vec::new();
        self.each(b'{', |lexer, pieces| {
            let name = name(lexer)?;
            fields.push((name, pieces.next(lexer)?));
            Ok(())
        })?;
        Some(Object(fields))
    }

    /// The items of the array, if this is one.
    pub fn items(self) -> Option<Vec<Json<'a>>> {
        let mut items = Vec::new();
        self.each(b'[', |lexer, pieces| {
            items.push(pieces.next(lexer)?);
            Ok(())
        })?;
        Some(items)
    }

    /// Reads what stands between the brackets; `None` if these aren't there, or anything is wrong.
    fn each(self, open: u8, mut read: impl FnMut(&mut SliceLexer<'a>, &Pieces<'a>) -> Result<(), Error>) -> Option<()> {
        let pieces = Pieces(self.0);
        let mut lexer = SliceLexer::new(self.0.as_bytes());
        let read = |next, lexer: &mut SliceLexer<'a>| match next == open {
            // The closing bracket is the second next character, in ASCII, of each kind.
            true => lexer.discarded().seq(open + 2, SliceLexer::ws_peek, |_, lexer| read(lexer, &pieces)),
            false => Err(Expect::Value.into()),
        };
        lexer.exactly_one(SliceLexer::ws_peek, read).ok()
    }

    /// The text of a string; `None` if this is none.
    pub fn text(self) -> Option<Cow<'a, str>> {
        let mut lexer = SliceLexer::new(self.0.strip_prefix('"')?.as_bytes());
        lexer.str_string().ok()
    }

    /// The number as it is spelled; `None` if this is none.
    pub fn number(self) -> Option<&'a str> {
        self.0.starts_with(|first: char| first == '-' || first.is_ascii_digit()).then_some(self.0)
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
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.given(name)?.text()
    }

    /// The same, as a string of its own.
    pub fn string(&self, name: &str) -> Option<String> {
        self.text(name).map(Cow::into_owned)
    }
}

/// Cuts the values out of the text that a lexer goes through.
struct Pieces<'a>(&'a str);

impl<'a> Pieces<'a> {
    fn next(&self, lexer: &mut SliceLexer<'a>) -> Result<Json<'a>, Error> {
        let next = lexer.ws_peek().ok_or(Expect::Value)?;
        let start = self.0.len() - lexer.as_slice().len();
        skip(MAX_DEPTH, next, lexer)?;
        let end = self.0.len() - lexer.as_slice().len();
        Ok(Json(self.0.get(start..end).unwrap_or_default()))
    }
}

fn name<'a>(lexer: &mut SliceLexer<'a>) -> Result<Cow<'a, str>, Error> {
    lexer.expect(SliceLexer::ws_peek, b'"').ok_or(Expect::String)?;
    let name = lexer.str_string().map_err(Error::Str)?;
    lexer.expect(SliceLexer::ws_peek, b':').ok_or(Expect::Colon)?;
    Ok(name)
}

/// Goes past a value.
fn skip(depth: usize, next: u8, lexer: &mut SliceLexer<'_>) -> Result<(), Error> {
    use hifijson::{num::Lex as _, str::Lex as _};
    let depth = depth.checked_sub(1).ok_or(Error::Depth)?;
    match next {
        b'"' => Ok(lexer.discarded().str_ignore()?),
        b'0'..=b'9' | b'-' => Ok(lexer.num_ignore().validate().map(|_| ())?),
        b'[' | b'{' => lexer.discarded().seq(next + 2, SliceLexer::ws_peek, |at, lexer| {
            if next == b'{' {
                name(lexer)?;
            }
            let at = if next == b'{' { lexer.ws_peek().ok_or(Expect::Value)? } else { at };
            skip(depth, at, lexer)
        }),
        _ => lexer.null_or_bool().map(|_| ()).ok_or_else(|| Expect::Value.into()),
    }
}

/// The whole number a JSON number is, if it is one that JavaScript can hold. `1.0` and `1e3` are whole numbers, too.
fn whole(number: &str) -> Option<i64> {
    const SAFE: i64 = (1 << 53) - 1;
    let mut integer: i64 = 0;
    let mut shift: i32 = 0;
    let mut fraction = false;
    let mut rest = number.strip_prefix('-').unwrap_or(number).bytes();
    for byte in rest.by_ref() {
        match byte {
            b'0'..=b'9' => {
                integer = integer.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
                shift -= i32::from(fraction);
            }
            b'.' if !fraction => fraction = true,
            b'e' | b'E' => {
                let exponent = number.get(number.len() - rest.len()..)?;
                shift = shift.checked_add(exponent.parse().ok()?)?;
                break;
            }
            _ => return None,
        }
    }
    while shift < 0 && integer % 10 == 0 && integer != 0 {
        integer /= 10;
        shift += 1;
    }
    while shift > 0 && integer != 0 {
        integer = integer.checked_mul(10)?;
        shift -= 1;
    }
    let holds = integer <= SAFE && (shift == 0 || integer == 0) && number.ends_with(|last: char| last.is_ascii_digit());
    holds.then_some(if number.starts_with('-') { -integer } else { integer })
}

/// Writes an object, field by field; an absent value leaves its field out.
pub(crate) struct Writer(String);

impl Writer {
    pub fn new() -> Self {
        Self(String::from("{"))
    }

    pub fn text(self, name: &str, text: Option<&str>) -> Self {
        let Some(text) = text else { return self };
        let mut writer = self.named(name);
        quote(&mut writer.0, text);
        writer
    }

    pub fn whole(self, name: &str, number: Option<i64>) -> Self {
        let Some(number) = number else { return self };
        self.raw(name, &number.to_string())
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
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0..0x20 => "\\u00",
            _ => continue,
        };
        out.push_str(text.get(plain..at).unwrap_or_default());
        out.push_str(escaped);
        if byte < 0x20 {
            out.push(if byte < 0x10 { '0' } else { '1' });
            out.extend(char::from_digit(u32::from(byte & 0xf), 16));
        }
        plain = at + 1;
    }
    out.push_str(text.get(plain..).unwrap_or_default());
    out.push('"');
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parses(text: &str) -> bool {
        let mut lexer = SliceLexer::new(text.as_bytes());
        lexer.exactly_one(SliceLexer::ws_peek, |next, lexer| skip(MAX_DEPTH, next, lexer)).is_ok()
    }

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
            prop_assert_eq!(object.string("a \"name\""), Some(text));
            prop_assert_eq!(object.given("n").and_then(Json::whole), Some(number));
            prop_assert_eq!(object.given("b").and_then(Json::boolean), Some(true));
        }

        #[test]
        fn it_takes_what_serde_json_takes(text in "[\\[\\]{}:,\"\\\\0-9eE.+\\-a-u \n]{0,24}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            // Numbers past a double's range are theirs to refuse; here they are text.
            if theirs.is_ok() {
                prop_assert!(parses(&text), "{}", text);
            }
            if parses(&text) && !text.contains(['e', 'E']) {
                prop_assert!(theirs.is_ok(), "{}", text);
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
            ("1e3", Some(1000)),
            ("1.760557532E12", Some(1_760_557_532_000)),
            ("1500e-2", Some(15)),
            ("0.0e99999", Some(0)),
            ("0.5", None),
            ("1e-1", None),
            ("1e99999", None),
            ("9007199254740991", Some((1 << 53) - 1)),
            ("9007199254740992", None),
            ("1e9999999999999", None),
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
