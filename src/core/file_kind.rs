use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// What a result's bytes are. Told from the bytes alone: what a server says of them may be wrong, and decides what a
/// browser does with them.
///
/// A table of our own: the crate `infer` takes `GIF` for a picture and any `WEBP` after eight bytes for another, and wants
/// 257 bytes of a WebM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, VariantArray)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A picture, as Midjourney makes them.
    Png,
    /// A picture.
    Jpeg,
    /// A picture.
    Webp,
    /// A picture, which may move.
    Gif,
    /// A video, as Midjourney makes them.
    Mp4,
    /// A video.
    Webm,
}

impl FileKind {
    /// How many bytes of a file's beginning it is told from.
    pub const HEAD_BYTES: usize = 64;

    /// The kind of a file that begins with these bytes; `None` for any other.
    pub fn of(head: &[u8]) -> Option<Self> {
        let at = |from: usize, bytes: &[u8]| head.get(from..).is_some_and(|rest| rest.starts_with(bytes));
        if at(0, b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if at(0, b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else if at(0, b"RIFF") && at(8, b"WEBP") {
            Some(Self::Webp)
        } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
            Some(Self::Gif)
        } else if at(4, b"ftyp") && MP4_BRANDS.iter().any(|brand| at(8, brand)) {
            Some(Self::Mp4)
        } else if at(0, b"\x1a\x45\xdf\xa3") && head.windows(4).take(Self::HEAD_BYTES).any(|name| name == b"webm") {
            Some(Self::Webm)
        } else {
            None
        }
    }

    /// All there are.
    pub const fn all() -> &'static [Self] {
        Self::VARIANTS
    }

    /// Its media type, such as `image/png`.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Mp4 => "video/mp4",
            Self::Webm => "video/webm",
        }
    }

    /// How the name of such a file ends, without the dot.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
            Self::Gif => "gif",
            Self::Mp4 => "mp4",
            Self::Webm => "webm",
        }
    }

    /// Whether it is a video.
    pub const fn is_video(self) -> bool {
        matches!(self, Self::Mp4 | Self::Webm)
    }
}

/// The brands of files that are MP4. Pictures (AVIF, HEIC) and QuickTime's films are boxed alike, under others.
const MP4_BRANDS: [&[u8]; 6] = [b"iso", b"mp4", b"avc1", b"M4V", b"dash", b"MSNV"];
