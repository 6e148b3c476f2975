//! Closed vocabularies: those of a request here, and the macro that makes them.

/// An enum whose every variant is one word on the wire.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every value, in the order the documentation lists them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The words, in the same order.
            pub const WORDS: &[&str] = &[$($word,)+];

            /// The word on the wire.
            pub fn as_str(self) -> &'static str {
                // From a table, which is smaller than a choice.
                Self::WORDS.get(self as usize).copied().unwrap_or_default()
            }

            /// The value a word stands for.
            pub fn from_word(word: &str) -> Option<Self> {
                let at = Self::WORDS.iter().position(|known| *known == word)?;
                Self::ALL.get(at).copied()
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What to make of the prompt. *Q* names the text-to-image, image-to-image and video types; the rest is *R*.
    TaskType {
        /// Four images from text.
        TextToImage = "mj_txt2img",
        /// Four images from an image and text.
        ImageToImage = "mj_img2img",
        /// Four images in the style of an image.
        StyleReference = "mj_style_reference",
        /// Four images that show the thing in an image.
        OmniReference = "mj_omni_reference",
        /// Videos from one image.
        Video = "mj_video",
        /// Videos from one image, in high definition.
        VideoHd = "mj_video_hd",
    }
}

words! {
    /// How fast, and how dear. Real tasks took about 214 s relaxed and 60 s fast (*T*).
    Speed {
        /// Cheapest and slowest.
        Relaxed = "relaxed",
        /// The standard.
        Fast = "fast",
        /// Fastest and dearest.
        Turbo = "turbo",
    }
}

words! {
    /// Width to height of the result.
    AspectRatio {
        /// 1:2
        R1x2 = "1:2",
        /// 9:16
        R9x16 = "9:16",
        /// 2:3
        R2x3 = "2:3",
        /// 3:4
        R3x4 = "3:4",
        /// 5:6
        R5x6 = "5:6",
        /// 6:5
        R6x5 = "6:5",
        /// 4:3
        R4x3 = "4:3",
        /// 3:2
        R3x2 = "3:2",
        /// 1:1
        R1x1 = "1:1",
        /// 16:9
        R16x9 = "16:9",
        /// 2:1
        R2x1 = "2:1",
    }
}

words! {
    /// The Midjourney model.
    Version {
        /// 7, the vendor's recommendation.
        V7 = "7",
        /// 6.1
        V6_1 = "6.1",
        /// 6
        V6 = "6",
        /// 5.2
        V5_2 = "5.2",
        /// 5.1
        V5_1 = "5.1",
        /// Niji 7; only one restatement of the reference lists it.
        Niji7 = "niji7",
        /// Niji 6, for anime and illustration.
        Niji6 = "niji6",
    }
}

words! {
    /// How much a video moves.
    Motion {
        /// Much.
        High = "high",
        /// Little.
        Low = "low",
    }
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
