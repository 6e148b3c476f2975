//! The closed vocabularies of a request. Each word stands here once.

use serde_with::SerializeDisplay;
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

/// A closed list of words, each a variant of an enum.
pub trait Word: Copy + VariantArray + VariantNames + Into<&'static str> {
    /// The word on the wire.
    fn as_str(self) -> &'static str {
        self.into()
    }

    /// The variant of a word.
    fn from_word(word: &str) -> Option<Self> {
        let at = <Self as VariantNames>::VARIANTS.iter().position(|known| *known == word)?;
        Self::all().get(at).copied()
    }

    /// Every variant, in the order the documentation lists them.
    fn all() -> &'static [Self] {
        <Self as VariantArray>::VARIANTS
    }
}

impl<T: Copy + VariantArray + VariantNames + Into<&'static str>> Word for T {}

/// What to make of the prompt. *Q* names the text-to-image, image-to-image and video types; the rest is *R*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, IntoStaticStr, SerializeDisplay, VariantArray, VariantNames)]
pub enum TaskType {
    /// Four images from text.
    #[strum(serialize = "mj_txt2img")]
    TextToImage,
    /// Four images from an image and text.
    #[strum(serialize = "mj_img2img")]
    ImageToImage,
    /// Four images in the style of an image.
    #[strum(serialize = "mj_style_reference")]
    StyleReference,
    /// Four images that show the thing in an image.
    #[strum(serialize = "mj_omni_reference")]
    OmniReference,
    /// Videos from one image.
    #[strum(serialize = "mj_video")]
    Video,
    /// Videos from one image, in high definition.
    #[strum(serialize = "mj_video_hd")]
    VideoHd,
}

impl TaskType {
    /// Whether the result is video.
    pub const fn is_video(self) -> bool {
        matches!(self, Self::Video | Self::VideoHd)
    }

    /// Whether it starts from an image, so that `fileUrl` or `fileUrls` is required.
    pub const fn needs_file(self) -> bool {
        !matches!(self, Self::TextToImage)
    }
}

/// How fast, and how expensive. Real tasks took about 214 s relaxed and 60 s fast (*T*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, IntoStaticStr, SerializeDisplay, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Speed {
    /// Cheapest and slowest.
    Relaxed,
    /// The standard.
    Fast,
    /// Fastest and most expensive.
    Turbo,
}

/// Width to height of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, IntoStaticStr, SerializeDisplay, VariantArray, VariantNames)]
pub enum AspectRatio {
    /// 1:2
    #[strum(serialize = "1:2")]
    R1x2,
    /// 9:16
    #[strum(serialize = "9:16")]
    R9x16,
    /// 2:3
    #[strum(serialize = "2:3")]
    R2x3,
    /// 3:4
    #[strum(serialize = "3:4")]
    R3x4,
    /// 5:6
    #[strum(serialize = "5:6")]
    R5x6,
    /// 6:5
    #[strum(serialize = "6:5")]
    R6x5,
    /// 4:3
    #[strum(serialize = "4:3")]
    R4x3,
    /// 3:2
    #[strum(serialize = "3:2")]
    R3x2,
    /// 1:1
    #[strum(serialize = "1:1")]
    R1x1,
    /// 16:9
    #[strum(serialize = "16:9")]
    R16x9,
    /// 2:1
    #[strum(serialize = "2:1")]
    R2x1,
}

/// The Midjourney model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, IntoStaticStr, SerializeDisplay, VariantArray, VariantNames)]
pub enum Version {
    /// 7, the vendor's recommendation.
    #[strum(serialize = "7")]
    V7,
    /// 6.1
    #[strum(serialize = "6.1")]
    V6_1,
    /// 6
    #[strum(serialize = "6")]
    V6,
    /// 5.2
    #[strum(serialize = "5.2")]
    V5_2,
    /// 5.1
    #[strum(serialize = "5.1")]
    V5_1,
    /// Niji 7; only one restatement of the reference lists it.
    #[strum(serialize = "niji7")]
    Niji7,
    /// Niji 6, for anime and illustration.
    #[strum(serialize = "niji6")]
    Niji6,
}

/// How much a video moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, IntoStaticStr, SerializeDisplay, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Motion {
    /// Much.
    High,
    /// Little.
    Low,
}
