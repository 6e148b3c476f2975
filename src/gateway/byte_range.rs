//! The part of a file that a request asks for. Pure.

use serde::Serialize;

/// What a `Range` header asks for, as R2 takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum WantedRange {
    /// So many bytes from one on.
    Part { offset: u64, length: u64 },
    /// All from one on.
    From { offset: u64 },
    /// The last ones.
    Last { suffix: u64 },
}

/// A part of a file, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// Its first byte.
    pub first: u64,
    /// Its last byte.
    pub last: u64,
}

impl WantedRange {
    /// The one range of a header. What is none, or more than one, is answered with the whole file, as HTTP allows.
    pub fn parse(header: &str) -> Option<Self> {
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
        let (first, last) = header.strip_prefix("bytes=")?.trim_ascii().split_once('-')?;
        match (first, last) {
            ("", suffix) => Some(Self::Last { suffix: number(suffix)? }),
            (offset, "") => Some(Self::From { offset: number(offset)? }),
            (first, last) => {
                let (offset, last): (u64, u64) = (number(first)?, number(last)?);
                Some(Self::Part { offset, length: last.checked_sub(offset)?.checked_add(1)? })
            }
        }
    }

    /// The part of a file of this length, if it has one there.
    pub fn within(self, size: u64) -> Option<ByteRange> {
        let end = size.checked_sub(1)?;
        let range = match self {
            Self::Part { offset, length } => ByteRange { first: offset, last: (offset + (length - 1)).min(end) },
            Self::From { offset } => ByteRange { first: offset, last: end },
            Self::Last { suffix: 0 } => return None,
            Self::Last { suffix } => ByteRange { first: size.saturating_sub(suffix), last: end },
        };
        (range.first <= end).then_some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_the_part_of_the_file_that_it_names() {
        for (header, part) in [
            ("bytes=0-", Some((0, 78))),
            ("bytes=0-0", Some((0, 0))),
            ("bytes=2-5", Some((2, 5))),
            ("bytes=70-2000", Some((70, 78))),
            ("bytes=-4", Some((75, 78))),
            ("bytes=-2000", Some((0, 78))),
            ("bytes=79-", None),
            ("bytes=79-80", None),
            ("bytes=-0", None),
            ("bytes=0-18446744073709551614", Some((0, 78))),
        ] {
            let range = WantedRange::parse(header).map(|wanted| wanted.within(79));
            assert_eq!(range, Some(part.map(|(first, last)| ByteRange { first, last })), "{header}");
        }
        assert_eq!(WantedRange::From { offset: 0 }.within(0), None);
    }

    #[test]
    fn what_is_no_single_range_asks_for_the_whole() {
        let headers =
            ["", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=1-2,4-5", "lines=1-2", "bytes=+1-2", "bytes=a-"];
        for header in headers.into_iter().chain(["bytes=0-18446744073709551615", "bytes=99999999999999999999-"]) {
            assert_eq!(WantedRange::parse(header), None, "{header}");
        }
    }
}
