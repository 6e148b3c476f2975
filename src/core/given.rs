//! A value as somebody gave it, before any rule has looked at it.

use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::Error;

/// What JSON or a JavaScript host can hold. Unlike `serde_json::Value` it keeps NaN and infinity apart from null, as a
/// rule has to refuse them by name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    /// `null` or `undefined`.
    Nothing,
    Boolean(bool),
    Number(f64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Given {
    /// A whole number that JavaScript can hold; `1.0` is one, too.
    pub fn whole(&self) -> Option<i64> {
        const SAFE: f64 = ((1_i64 << 53) - 1) as f64;
        match self {
            Self::Number(number) if number.fract() == 0.0 && number.abs() <= SAFE => Some(*number as i64),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub fn into_text(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The names of an object's fields.
    #[cfg(feature = "js")]
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let fields = if let Self::Object(fields) = self { fields.as_slice() } else { &[] };
        fields.iter().map(|(name, _)| name.as_str())
    }

    /// The field of an object.
    pub fn field(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        fields.iter().rfind(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// Deeper values than this are refused, so that no sender can exhaust the stack.
const MAX_DEPTH: u8 = 64;

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        GivenVisitor { depth: MAX_DEPTH }.deserialize(deserializer)
    }
}

#[derive(Clone, Copy)]
struct GivenVisitor {
    depth: u8,
}

impl GivenVisitor {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("is nested too deeply"))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for GivenVisitor {
    type Value = Given;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Given, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("plain data")
    }

    fn visit_unit<E>(self) -> Result<Given, E> {
        Ok(Given::Nothing)
    }

    fn visit_none<E>(self) -> Result<Given, E> {
        Ok(Given::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Given, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Given, E> {
        Ok(Given::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Given, E> {
        Ok(Given::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Given, E> {
        Ok(Given::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Given, E> {
        Ok(Given::Number(value))
    }

    // The default methods would bring serde's descriptions of what is wrong, 4 KB of the package's module: no host sends
    // these.
    fn visit_i128<E: serde::de::Error>(self, _: i128) -> Result<Given, E> {
        Err(E::custom("is too large"))
    }

    fn visit_u128<E: serde::de::Error>(self, _: u128) -> Result<Given, E> {
        Err(E::custom("is too large"))
    }

    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Given, E> {
        Err(E::custom("must not be bytes"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Given, E> {
        Ok(Given::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Given, E> {
        Ok(Given::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Given, A::Error> {
        let item = self.deeper()?;
        let mut list = Vec::new();
        while let Some(value) = items.next_element_seed(item)? {
            list.push(value);
        }
        Ok(Given::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Given, A::Error> {
        let field = self.deeper()?;
        let mut object = Vec::new();
        while let Some(name) = fields.next_key()? {
            object.push((name, fields.next_value_seed(field)?));
        }
        Ok(Given::Object(object))
    }
}

/// Reads a typed value out of a given one. Whatever the source was, a refusal names the field.
pub(crate) struct Reader {
    given: Given,
    /// Whether a field that the type doesn't have is refused: a misspelt one would be dropped without a word.
    is_strict: bool,
}

impl Reader {
    /// For what callers give: a field that the type doesn't have is refused.
    pub fn strict(given: Given) -> Self {
        Self { given, is_strict: true }
    }

    /// For what the vendor sends, and for what is more than is looked at.
    pub fn lenient(given: Given) -> Self {
        Self { given, is_strict: false }
    }
}

impl<'de> IntoDeserializer<'de, Error> for Given {
    type Deserializer = Reader;

    fn into_deserializer(self) -> Reader {
        Reader::lenient(self)
    }
}

impl<'de> Deserializer<'de> for Reader {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.given {
            Given::Nothing => visitor.visit_unit(),
            Given::Boolean(value) => visitor.visit_bool(value),
            Given::Number(number) => match self.given.whole() {
                Some(whole) => visitor.visit_i64(whole),
                None => visitor.visit_f64(number),
            },
            Given::Text(text) => visitor.visit_string(text),
            Given::List(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter())),
            Given::Object(fields) => visitor.visit_map(MapDeserializer::new(fields.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.given == Given::Nothing { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    /// Field by field, in the type's order: half the code of a visit in the object's order.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Given::Object(fields) = self.given else { return Err(Error::custom("must be an object")) };
        if self.is_strict {
            refuse_foreign_fields(&fields, names)?;
        }
        visitor.visit_seq(Fields { names: names.iter(), fields })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.given.into_text().unwrap_or_default().into_deserializer())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// A field that the type doesn't have, or that is given twice, isn't what its caller means.
fn refuse_foreign_fields(fields: &[(String, Given)], names: &'static [&'static str]) -> Result<(), Error> {
    for (at, (name, _)) in fields.iter().enumerate() {
        let Some(known) = names.iter().find(|known| *known == name) else {
            return Err(Error::unknown_field(name, names));
        };
        if fields.iter().take(at).any(|(earlier, _)| earlier == name) {
            return Err(Error::duplicate_field(known));
        }
    }
    Ok(())
}

/// The fields of a type, each with what is given for it.
struct Fields {
    names: std::slice::Iter<'static, &'static str>,
    fields: Vec<(String, Given)>,
}

impl<'de> SeqAccess<'de> for Fields {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some((name, value)) = self.take_next() else { return Ok(None) };
        match seed.deserialize(value) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(error.in_field(name)),
        }
    }
}

impl Fields {
    /// Apart, so that there is one of it for all types.
    #[inline(never)]
    fn take_next(&mut self) -> Option<(&'static str, Reader)> {
        let name = self.names.next()?;
        let at = self.fields.iter().rposition(|(known, _)| known == name);
        let given = at.map_or(Given::Nothing, |at| self.fields.swap_remove(at).1);
        Some((name, Reader::lenient(given)))
    }
}
