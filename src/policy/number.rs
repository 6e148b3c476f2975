use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Must;

/// What a token may spend in a day, in credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32")]
pub struct DailyCredits(u32);

impl DailyCredits {
    /// What a number must be to be such a cap.
    pub const MUST: Must = Must("a whole number from 1 to 1000000");

    /// The most.
    pub const MAX: Self = Self(1_000_000);

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for DailyCredits {
    type Error = Must;

    fn try_from(credits: u32) -> Result<Self, Must> {
        if (1..=Self::MAX.0).contains(&credits) { Ok(Self(credits)) } else { Err(Self::MUST) }
    }
}

impl FromStr for DailyCredits {
    type Err = Must;

    fn from_str(text: &str) -> Result<Self, Must> {
        whole_number(text).ok_or(Self::MUST)?.try_into()
    }
}

impl fmt::Display for DailyCredits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Digits alone: Rust's own reading takes a plus sign, too.
pub(super) fn whole_number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::text::tests::all;

    #[test]
    fn a_tokens_cap_is_a_whole_number_from_1_to_a_million() {
        all::<DailyCredits>(&["1", "200", "1000000"], true);
        all::<DailyCredits>(
            &["", "0", "-1", "+1", " 1", "1.5", "1e3", "1000001", "4294967297", "99999999999999999999", "many"],
            false,
        );
    }
}
