use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A JSON value, wherever it lives: `serde_json`'s in a native program, an object of the host in WebAssembly.
///
/// Decoding goes through this instead of through `serde`, so that a reply the host has parsed already is read where
/// it lies: only the fields a decision hangs on cross into Rust.
pub trait Json: Sized {
    /// The value of a JSON text, or `None` if the text isn't JSON.
    fn parse(text: &str) -> Option<Self>;
    /// The time an RFC 3339 text stands for, in milliseconds since 1970, by the library the host has for it.
    fn rfc3339_ms(text: &str) -> Option<i64>;
    /// The field of an object; `None` if this is no object or has no such field.
    fn field(&self, name: &str) -> Option<Self>;
    /// The names of an object's fields; `None` if this is no object.
    fn names(&self) -> Option<Vec<String>>;
    /// The items of an array; `None` if this is none.
    fn items(&self) -> Option<Vec<Self>>;
    /// The text of a string; `None` if this is none.
    fn text(&self) -> Option<String>;
    /// The number; `None` if this is none.
    fn number(&self) -> Option<f64>;
    /// The boolean; `None` if this is none.
    fn boolean(&self) -> Option<bool>;
    /// Whether this is `null`.
    fn is_null(&self) -> bool;

    /// The field of an object, with `null` read as absent: the vendor sends both for "none".
    fn given(&self, name: &str) -> Option<Self> {
        self.field(name).filter(|value| !value.is_null())
    }

    /// A whole number that JavaScript can hold, or a string of one: the vendor's own pages and its server disagree
    /// on which it sends.
    fn integer(&self) -> Option<i64> {
        const SAFE: i64 = (1 << 53) - 1;
        let integer = match self.number() {
            Some(number) => Some(number as i64).filter(|integer| *integer as f64 == number),
            None => self.text()?.trim_ascii().parse().ok(),
        };
        integer.filter(|integer| (-SAFE..=SAFE).contains(integer))
    }
}

impl Json for serde_json::Value {
    fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    fn rfc3339_ms(text: &str) -> Option<i64> {
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        Some(time.unix_timestamp() * 1000 + i64::from(time.millisecond()))
    }

    fn field(&self, name: &str) -> Option<Self> {
        self.get(name).cloned()
    }

    fn names(&self) -> Option<Vec<String>> {
        Some(self.as_object()?.keys().cloned().collect())
    }

    fn items(&self) -> Option<Vec<Self>> {
        self.as_array().cloned()
    }

    fn text(&self) -> Option<String> {
        self.as_str().map(str::to_owned)
    }

    fn number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn boolean(&self) -> Option<bool> {
        self.as_bool()
    }

    fn is_null(&self) -> bool {
        serde_json::Value::is_null(self)
    }
}

/// The JSON text of a structure of ours: strings, whole numbers and lists, with nothing that can fail to serialise.
pub fn to_json(data: &impl Serialize) -> String {
    serde_json::to_string(data).unwrap_or_default()
}
