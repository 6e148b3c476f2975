use std::error::Error;
use std::fmt;

/// What a value that is refused would have to be: "must be …".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Must(pub &'static str);

impl fmt::Display for Must {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "must be {}", self.0)
    }
}

impl Error for Must {}

/// A type for texts that keep a rule. Nothing else gets in, from JSON neither.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $must:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// What a text must be to be one.
            pub const MUST: $crate::policy::Must = $crate::policy::Must($must);

            /// As it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::policy::Must;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let fits: fn(&str) -> bool = $fits;
                if fits(&text) { Ok(Self(text)) } else { Err(Self::MUST) }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::policy::Must;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.to_owned().try_into()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}
pub(super) use text;

#[cfg(test)]
pub(super) mod tests {
    use std::fmt::Debug;
    use std::str::FromStr;

    /// All these texts can be read, or none.
    pub fn all<T: FromStr + Debug>(texts: &[&str], expected: bool) {
        for text in texts {
            assert_eq!(text.parse::<T>().is_ok(), expected, "{text}");
        }
    }
}
