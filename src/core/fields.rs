use std::ops::RangeInclusive;

use super::words::Word;
use super::{Error, Json};

/// The fields of a request's body, read one by one; every refusal names the field and what would be right.
pub(super) struct Fields<'a, J> {
    body: &'a J,
}

impl<'a, J: Json> Fields<'a, J> {
    /// Opens an object, and refuses a field that isn't known: a misspelt one would be dropped without a word, and
    /// paid for.
    pub fn open(body: &'a J, known: &[&str]) -> Result<Self, Error> {
        let Some(names) = body.names() else { return Err(Error::invalid("body", "must be a JSON object")) };
        if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
            let meant = known.iter().find(|known| known.eq_ignore_ascii_case(name));
            let must = match meant {
                Some(meant) => format!("unknown field; did you mean {meant}?"),
                None => format!("unknown field; known are {}", known.join(", ")),
            };
            return Err(Error::invalid(&shortened(name), &must));
        }
        Ok(Self { body })
    }

    /// A string; an empty one counts as absent, as in the vendor's own samples.
    #[inline(never)]
    pub fn text(&self, name: &'static str) -> Result<Option<String>, Error> {
        let Some(value) = self.body.given(name) else { return Ok(None) };
        let text = value.text().ok_or_else(|| Error::invalid(name, "must be a string"))?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// A list of strings; an empty one counts as absent.
    #[inline(never)]
    pub fn texts(&self, name: &'static str) -> Result<Option<Vec<String>>, Error> {
        let Some(value) = self.body.given(name) else { return Ok(None) };
        let texts = value.items().and_then(|items| items.iter().map(Json::text).collect::<Option<Vec<_>>>());
        let texts = texts.ok_or_else(|| Error::invalid(name, "must be a list of strings"))?;
        Ok(Some(texts).filter(|texts| !texts.is_empty()))
    }

    pub fn word<W: Word>(&self, name: &'static str) -> Result<Option<W>, Error> {
        self.body.given(name).map(|value| W::decode(name, &value)).transpose()
    }

    #[inline(never)]
    pub fn boolean(&self, name: &'static str) -> Result<Option<bool>, Error> {
        let Some(value) = self.body.given(name) else { return Ok(None) };
        value.boolean().map(Some).ok_or_else(|| Error::invalid(name, "must be true or false"))
    }

    /// A whole number within a range.
    #[inline(never)]
    pub fn whole(&self, name: &'static str, range: RangeInclusive<u16>) -> Result<Option<u16>, Error> {
        let Some(value) = self.body.given(name) else { return Ok(None) };
        let number = value.number().filter(|number| number.trunc() == *number && (0.0..=65535.0).contains(number));
        let number = number.map(|number| number as u16).filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| outside(name, &range))
    }
}

/// The refusal of a number outside its range.
#[cold]
pub(super) fn outside(name: &'static str, range: &RangeInclusive<u16>) -> Error {
    Error::invalid(name, &format!("must be a whole number from {} to {}", range.start(), range.end()))
}

/// A link the vendor or a caller's server is asked to fetch.
pub(super) fn check_link(name: &'static str, link: &str) -> Result<(), Error> {
    let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
    let authority = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let clean = link.chars().all(|char| !char.is_whitespace() && !char.is_control() && char != '\\');
    if authority.is_empty() || authority.contains('@') || !clean || link.len() > 2048 {
        return Err(Error::invalid(name, "must be an absolute http or https URL of at most 2048 bytes"));
    }
    Ok(())
}

/// A caller's own word as it may stand in an error: bounded, and without anything a terminal would obey.
fn shortened(name: &str) -> String {
    name.chars().filter(|char| !char.is_control()).take(40).collect()
}
