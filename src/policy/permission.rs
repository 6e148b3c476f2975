use std::str::FromStr;

use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

use super::Must;
use crate::core::Word;

/// What a caller may be allowed to do. Everybody may look at the tasks they made.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, IntoStaticStr, VariantArray, VariantNames,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Permission {
    /// New pictures and videos.
    Generate,
    /// A picture in full size.
    Upscale,
    /// Variations of a picture.
    Vary,
    /// More of a video.
    ExtendVideo,
    /// To see the credits of the vendor's account: what is the owner's business isn't allowed unless said.
    Credits,
    /// To see what all callers have spent, and where their tasks stand.
    AdminUsage,
}

impl Permission {
    /// What a word must be to be one.
    pub const MUST: Must = Must("one of generate, upscale, vary, extendVideo, credits, adminUsage");

    /// What a caller may do of whom nothing else is said.
    pub fn usual() -> Vec<Self> {
        let owners = [Self::Credits, Self::AdminUsage];
        Self::all().iter().copied().filter(|permission| !owners.contains(permission)).collect()
    }
}

impl FromStr for Permission {
    type Err = Must;

    fn from_str(word: &str) -> Result<Self, Must> {
        Self::from_word(word).ok_or(Self::MUST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::text::tests::all;

    #[test]
    fn a_permission_is_one_of_its_words() {
        all::<Permission>(<Permission as VariantNames>::VARIANTS, true);
        all::<Permission>(&["generate", "upscale", "vary", "extendVideo", "credits"], true);
        all::<Permission>(&["", "Generate", "extend_video", "all"], false);
        assert_eq!(Permission::MUST.0, format!("one of {}", <Permission as VariantNames>::VARIANTS.join(", ")));
    }
}
