use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::json::{Json, Object, Writer, quoted};
use super::text::{concat, decimal, join};
use super::{Error, checked_task_id};

/// The longest prompt, in Unicode characters (*R*).
pub const MAX_PROMPT_CHARS: usize = 2000;

/// A field of a request: its name on the wire and what it must be.
pub(crate) type Field = (&'static str, Rule);

/// What a field must be. `null` and an empty text or list count as absent, as in the vendor's own samples.
pub(crate) enum Rule {
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these words in any case, or `relax`, which the vendor's own sample says for `relaxed`.
    Speed(&'static [&'static str]),
    /// One of these words; a number is taken for its word, as the vendor does (*T*).
    Version(&'static [&'static str]),
    /// A whole number within a range, both ends included.
    Whole(i64, i64),
    /// 1, 2 or 4.
    BatchSize,
    Boolean,
    Text,
    /// 1 to 2000 characters, not all of them space.
    Prompt,
    TaskId,
    /// A link the vendor or a caller's server is asked to fetch.
    Link,
    Links,
}

/// Reads an object by a table of fields, and writes it again as the vendor takes it: in the table's order, with the
/// words spelled as the reference spells them. A refusal names the field and what would be right.
pub(crate) fn checked(body: &Object<'_>, table: &[Field]) -> Result<String, Error> {
    known_only(body, &mut table.iter().map(|(name, _)| *name))?;
    let mut out = Writer::new();
    for (name, rule) in table {
        if let Some(value) = body.given(name) {
            out = match rule.check(name, value)? {
                Goes::AsItIs => out.raw(name, value.raw()),
                Goes::As(json) => out.raw(name, &json),
                Goes::Nowhere => out,
            };
        }
    }
    Ok(out.end())
}

/// Refuses a field that isn't known: a misspelt one would be dropped without a word, and paid for.
#[inline(never)]
pub(crate) fn known_only(body: &Object<'_>, known: &mut dyn Iterator<Item = &'static str>) -> Result<(), Error> {
    let known: Vec<_> = known.collect();
    let Some(name) = body.names().find(|name| !known.contains(name)) else { return Ok(()) };
    let must = match known.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        Some(meant) => concat(&["unknown field; did you mean ", meant, "?"]),
        None => concat(&["unknown field; known are ", &join(&known, ", ")]),
    };
    // A caller's own word as it may stand in an error: bounded, and without anything a terminal would obey.
    let shortened: String = name.chars().filter(|char| !char.is_control()).take(40).collect();
    Err(Error::invalid(&shortened, &must))
}

/// How a value that was found right is passed on.
enum Goes {
    AsItIs,
    As(String),
    /// It counts as absent.
    Nowhere,
}

impl Rule {
    fn check(&self, name: &str, value: Json<'_>) -> Result<Goes, Error> {
        let text = value.text();
        let must = match self {
            Self::Whole(least, most) => match value.whole() {
                Some(number) if (*least..=*most).contains(&number) => return Ok(Goes::As(decimal(number))),
                _ => return Err(outside(name, *least, *most)),
            },
            Self::BatchSize => match value.whole() {
                Some(1 | 2 | 4) => return Ok(Goes::AsItIs),
                _ => "must be 1, 2 or 4",
            },
            Self::Boolean => match value.boolean() {
                Some(_) => return Ok(Goes::AsItIs),
                None => "must be true or false",
            },
            Self::Links => match value.items() {
                Some(links) if links.is_empty() => return Ok(Goes::Nowhere),
                Some(links) => {
                    for link in links {
                        check_link(name, &link.text().unwrap_or_default())?;
                    }
                    return Ok(Goes::AsItIs);
                }
                None => "must be a list of strings",
            },
            Self::Word(words) | Self::Speed(words) | Self::Version(words) => {
                let mut word = text.unwrap_or_default();
                match self {
                    Self::Speed(_) => {
                        word.make_ascii_lowercase();
                        if word == "relax" {
                            word.push_str("ed");
                        }
                    }
                    Self::Version(_) => {
                        let number = value.number().unwrap_or(&word);
                        word = number.strip_suffix(".0").unwrap_or(number).to_owned();
                    }
                    _ => {}
                }
                return match words.contains(&word.as_str()) {
                    true => Ok(Goes::As(quoted(&word))),
                    false => Err(Error::invalid(name, &concat(&["must be one of ", &join(words, ", ")]))),
                };
            }
            Self::Text | Self::Prompt | Self::TaskId | Self::Link => match text {
                Some(text) if text.is_empty() => return Ok(Goes::Nowhere),
                Some(text) => {
                    match self {
                        Self::Prompt => check_prompt(name, &text)?,
                        Self::TaskId => checked_task_id(&text).map(|_| ())?,
                        Self::Link => check_link(name, &text)?,
                        _ => {}
                    }
                    return Ok(Goes::AsItIs);
                }
                None => "must be a string",
            },
        };
        Err(Error::invalid(name, must))
    }
}

/// The refusal of a number outside its range.
#[cold]
pub(crate) fn outside(name: &str, least: i64, most: i64) -> Error {
    let must = concat(&["must be a whole number from ", &decimal(least), " to ", &decimal(most)]);
    Error::invalid(name, &must)
}

fn check_prompt(name: &str, prompt: &str) -> Result<(), Error> {
    if prompt.chars().all(char::is_whitespace) {
        return Err(Error::invalid(name, "must be 1 to 2000 characters of text"));
    }
    // Bytes that begin a character; the standard count is longer code, for speed nobody needs here.
    let length = prompt.bytes().filter(|byte| (*byte as i8) >= -0x40).count();
    if length > MAX_PROMPT_CHARS {
        let must = concat(&["must be at most 2000 characters, and is ", &decimal(length as i64)]);
        return Err(Error::invalid(name, &must));
    }
    Ok(())
}

/// A link must be absolute, on the web, and without a user: `https://vendor.example@evil.example` names evil.example.
pub(crate) fn check_link(name: &str, link: &str) -> Result<(), Error> {
    let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://")).unwrap_or_default();
    let mut authority = rest.bytes().take_while(|byte| !matches!(byte, b'/' | b'?' | b'#')).peekable();
    let named = authority.peek().is_some() && authority.all(|byte| byte != b'@');
    // Browsers drop tabs and line breaks, and read a backslash as a slash.
    let clean = link.bytes().all(|byte| byte > b' ' && byte != 0x7f && byte != b'\\');
    if !named || !clean || link.len() > 2048 {
        return Err(Error::invalid(name, "must be an absolute http or https URL of at most 2048 bytes"));
    }
    Ok(())
}
