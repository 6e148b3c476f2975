use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Must;
use crate::core::words;

words! {
    /// What a caller may be allowed to do. Everybody may look at the tasks they made.
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "String", into = "&str")]
    Permission {
        /// New pictures and videos.
        Generate = "generate",
        /// A picture in full size.
        Upscale = "upscale",
        /// Variations of a picture.
        Vary = "vary",
        /// More of a video.
        ExtendVideo = "extendVideo",
        /// To see the credits of the vendor's account: what is the owner's business isn't allowed unless said.
        Credits = "credits",
    }
}

impl Permission {
    /// What a word must be to be one.
    pub const MUST: Must = Must("one of generate, upscale, vary, extendVideo, credits");

    /// What a caller may do of whom nothing else is said.
    pub fn usual() -> Vec<Self> {
        Self::ALL.iter().copied().filter(|permission| *permission != Self::Credits).collect()
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Permission {
    type Err = Must;

    fn from_str(word: &str) -> Result<Self, Must> {
        Self::from_word(word).ok_or(Self::MUST)
    }
}

impl TryFrom<String> for Permission {
    type Error = Must;

    fn try_from(word: String) -> Result<Self, Must> {
        word.parse()
    }
}

impl From<Permission> for &str {
    fn from(permission: Permission) -> Self {
        permission.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::text::tests::all;

    #[test]
    fn a_permission_is_one_of_its_words() {
        all::<Permission>(Permission::WORDS, true);
        all::<Permission>(&["generate", "upscale", "vary", "extendVideo", "credits"], true);
        all::<Permission>(&["", "Generate", "extend_video", "all"], false);
        assert_eq!(Permission::MUST.0, format!("one of {}", Permission::WORDS.join(", ")));
    }
}
