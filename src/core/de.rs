//! How the fields of the wire are read. Two kinds of `deserialize_with` helpers: what a caller gives is *checked*, and a
//! refusal says what would be right; what the vendor sends is read *leniently*, and nonsense counts as absent.

use serde::de::{Deserialize, Deserializer, Error};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::given::Given;
use super::terms::{Speed, Version, Word};
use super::{ErrorCode, checked_task_id, link, prompt};

/// A whole number from `LEAST` to `MOST`.
pub fn whole<'de, D: Deserializer<'de>, const LEAST: u16, const MOST: u16>(from: D) -> Result<Option<u16>, D::Error> {
    whole_within(Given::deserialize(from)?, LEAST, MOST).map_err(Error::custom)
}

fn whole_within(given: Given, least: u16, most: u16) -> Result<Option<u16>, String> {
    if given == Given::Nothing {
        return Ok(None);
    }
    let number = given.whole().and_then(|number| u16::try_from(number).ok());
    let number = number.filter(|number| (least..=most).contains(number));
    number.map(Some).ok_or_else(|| must_be_within(least, most))
}

/// The sentence about a number outside its range.
pub fn must_be_within(least: u16, most: u16) -> String {
    format!("must be a whole number from {least} to {most}")
}

/// How many videos: 1, 2 or 4.
pub fn batch_size<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    let given = Given::deserialize(from)?;
    match given.whole() {
        None if given == Given::Nothing => Ok(None),
        Some(number @ (1 | 2 | 4)) => Ok(Some(number as u16)),
        _ => Err(Error::custom("must be 1, 2 or 4")),
    }
}

/// One of an enum's words.
pub fn word<'de, D: Deserializer<'de>, W: Word>(from: D) -> Result<W, D::Error> {
    optional_word(from)?.ok_or_else(|| Error::custom("is required"))
}

/// One of an enum's words, or none.
pub fn optional_word<'de, D: Deserializer<'de>, W: Word>(from: D) -> Result<Option<W>, D::Error> {
    let given = Given::deserialize(from)?;
    if given == Given::Nothing {
        return Ok(None);
    }
    one_of(&given.into_text().unwrap_or_default())
}

fn one_of<W: Word, E: Error>(word: &str) -> Result<Option<W>, E> {
    let known = <W as strum::VariantNames>::VARIANTS;
    W::from_word(word).map(Some).ok_or_else(|| E::custom(format_args!("must be one of {}", known.join(", "))))
}

/// A speed in any case, or `relax`, which the vendor's own sample says for `relaxed`.
pub fn speed<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Speed>, D::Error> {
    let given = Given::deserialize(from)?;
    if given == Given::Nothing {
        return Ok(None);
    }
    let word = given.into_text().unwrap_or_default().to_ascii_lowercase();
    one_of(if word == "relax" { Speed::Relaxed.as_str() } else { &word })
}

/// A version; a number is taken for its word, as the vendor does (*T*).
pub fn version<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Version>, D::Error> {
    let word = match Given::deserialize(from)? {
        Given::Nothing => return Ok(None),
        // A number's own formatting is 4 KB of the package's module, for one decimal.
        Given::Number(number) if (0.0..100.0).contains(&number) && (number * 10.0).fract().abs() < 1e-9 => {
            let tenths = (number * 10.0).round() as u32;
            format!("{}.{}", tenths / 10, tenths % 10)
        }
        given => given.into_text().unwrap_or_default(),
    };
    one_of(word.strip_suffix(".0").unwrap_or(&word))
}

/// `true` or `false`.
pub fn boolean<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    match Given::deserialize(from)? {
        Given::Nothing => Ok(None),
        Given::Boolean(value) => Ok(Some(value)),
        _ => Err(Error::custom("must be true or false")),
    }
}

/// A text; an empty one counts as absent.
pub fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let given = Given::deserialize(from)?;
    if given == Given::Nothing {
        return Ok(None);
    }
    let text = given.into_text().ok_or_else(|| Error::custom("must be a string"))?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// A prompt, or none.
pub fn optional_prompt<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    text(from)?.map(|text| prompt::checked(text).map_err(Error::custom)).transpose()
}

/// A prompt; one that is absent is left empty, for the request to refuse.
pub fn prompt<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(optional_prompt(from)?.unwrap_or_default())
}

/// A link that somebody else is asked to fetch.
pub fn link<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    text(from)?.map(|text| link::checked(&text).map_err(Error::custom)).transpose()
}

/// Links that somebody else is asked to fetch.
pub fn links<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let items = match Given::deserialize(from)? {
        Given::Nothing => Vec::new(),
        Given::List(items) => items,
        _ => return Err(Error::custom("must be a list of strings")),
    };
    if items.len() > link::MAX_LINKS {
        return Err(Error::custom(format_args!("must hold at most {} links", link::MAX_LINKS)));
    }
    let checked = |item: Given| {
        let text = item.into_text().ok_or("must be a list of strings".to_owned())?;
        link::checked(&text)
    };
    items.into_iter().map(checked).collect::<Result<_, _>>().map_err(Error::custom)
}

/// The id of a task.
pub fn task_id<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let id = text(from)?.ok_or_else(|| Error::custom("is required"))?;
    checked_task_id(&id).map_err(|error| Error::custom(error.sentence()))?;
    Ok(id)
}

/// A number of milliseconds, 0 or more; half a millisecond is no time to anyone, and infinity is long enough.
#[cfg(feature = "js")]
pub fn milliseconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    match Given::deserialize(from)? {
        Given::Nothing => Ok(None),
        Given::Number(number) if number >= 0.0 => Ok(Some(number.min((1_i64 << 53) as f64) as i64)),
        _ => Err(Error::custom("must be a number of milliseconds, 0 or more")),
    }
}

/// A number of bytes, 1 or more; infinity is as many as there are.
#[cfg(feature = "js")]
pub fn bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    match Given::deserialize(from)? {
        Given::Nothing => Ok(None),
        Given::Number(number) if number >= 1.0 => Ok(Some(number as u64)),
        _ => Err(Error::custom("must be a number of bytes, 1 or more")),
    }
}

/// Leniently: a whole number, or a string of one. The vendor's own pages and its server disagree on which it sends.
pub fn lenient_integer<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let given = Given::deserialize(from)?;
    Ok(given.whole().or_else(|| given.into_text()?.trim_ascii().parse().ok()))
}

/// Leniently: a text with something in it.
pub fn lenient_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = Given::deserialize(from)?.into_text();
    Ok(text.filter(|text| !text.trim_ascii().is_empty()))
}

/// Leniently: a whole number.
pub fn lenient_whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(Given::deserialize(from)?.whole())
}

/// Leniently: one of an enum's words.
pub fn lenient_word<'de, D: Deserializer<'de>, W: Word>(from: D) -> Result<Option<W>, D::Error> {
    Ok(Given::deserialize(from)?.into_text().and_then(|word| W::from_word(&word)))
}

/// Leniently: a time. Milliseconds since 1970 as recorded traffic has them, or the RFC 3339 text of the reference pages.
pub fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let given = Given::deserialize(from)?;
    if let Some(ms) = given.whole() {
        return Ok(Some(ms));
    }
    let Some(text) = given.into_text() else { return Ok(None) };
    let parsed = || {
        let time = OffsetDateTime::parse(&text, &Rfc3339).ok()?;
        i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
    };
    Ok(text.trim_ascii().parse().ok().or_else(parsed))
}

/// Leniently: the code of a failed task.
pub fn error_code<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ErrorCode>, D::Error> {
    let given = Given::deserialize(from)?;
    Ok(match given {
        Given::Number(_) => given.whole().map(ErrorCode::Number),
        given => given.into_text().filter(|text| !text.is_empty()).map(ErrorCode::Text),
    })
}

/// A key that a gateway knows a submit by.
#[cfg(feature = "js")]
pub fn idempotency_key<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let given = Given::deserialize(from)?;
    if given == Given::Nothing {
        return Ok(None);
    }
    let key = given.into_text().unwrap_or_default();
    super::checked_idempotency_key(&key).map_err(|error| Error::custom(error.sentence()))?;
    Ok(Some(key))
}

/// Whatever is given where a text belongs: what is none comes out empty, for the rule of the text to refuse.
pub fn any_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let given = Given::deserialize(from)?;
    Ok((given != Given::Nothing).then(|| given.into_text().unwrap_or_default()))
}
