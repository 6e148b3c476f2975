//! What a file is, by its bytes, and how it is named.

use std::collections::HashSet;

use midapi::core::{FileKind, ResultFile, file_name};
use proptest::prelude::*;

/// The beginnings of real files.
pub const BEGINNINGS: [(FileKind, &[u8]); 9] = [
    (FileKind::Png, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    (FileKind::Jpeg, b"\xff\xd8\xff\xe0\0\x10JFIF"),
    (FileKind::Webp, b"RIFF\x24\0\0\0WEBPVP8 "),
    (FileKind::Gif, b"GIF89a\x01\0\x01\0"),
    (FileKind::Gif, b"GIF87a\x01\0\x01\0"),
    (FileKind::Mp4, b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41"),
    (FileKind::Mp4, b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"),
    (FileKind::Mp4, b"\0\0\0\x1cftypM4V \0\0\0\x01"),
    (
        FileKind::Webm,
        b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm",
    ),
];

fn file(task_id: &str, index: usize) -> ResultFile {
    ResultFile { task_id: task_id.to_owned(), index, url: "https://example.com/1".to_owned() }
}

#[test]
fn each_kind_is_told_from_its_beginning() {
    for (kind, bytes) in BEGINNINGS {
        assert_eq!(FileKind::of(bytes), Some(kind));
        assert_eq!(kind.media_type().starts_with("video/"), kind.is_video());
    }
    assert_eq!(
        BEGINNINGS.map(|(kind, _)| kind.media_type()).iter().collect::<HashSet<_>>().len(),
        FileKind::all().len()
    );
}

#[test]
fn what_is_boxed_alike_or_pretends_is_none() {
    for bytes in [
        &b""[..],
        b"<!doctype html>",
        b"<svg onload=alert(1)>",
        b"GIF is a fine word",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"12345678WEBP",
        b"\0\0\0\x1cftypavif\0\0\0\0",
        b"\0\0\0\x1cftypheic\0\0\0\0",
        b"\0\0\0\x14ftypqt  \0\0\0\0",
        b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x23\x42\x82\x88matroska",
        b"%PDF-1.7",
        b"MZ\x90\0",
    ] {
        assert_eq!(FileKind::of(bytes), None, "{bytes:?}");
    }
}

#[test]
fn an_ordinary_id_stands_in_the_name_as_it_is() {
    assert_eq!(
        file_name(&file("d0e5b3c2a1f64897b0c1d2e3f4a5b6c7", 3), FileKind::Png),
        "d0e5b3c2a1f64897b0c1d2e3f4a5b6c7-3.png"
    );
    assert_eq!(file_name(&file("mj_task_12345", 1), FileKind::Mp4), "mj_task_12345-1.mp4");
    assert_eq!(file_name(&file("a", 2), FileKind::Jpeg), "a-2.jpg");
    // A gateway's.
    assert_eq!(file_name(&file("_F70zb-Wio9nfxwRaywluc", 1), FileKind::Webm), "_F70zb-Wio9nfxwRaywluc-1.webm");
}

proptest! {
    #[test]
    fn a_kind_stays_what_it_is_whatever_follows_and_half_a_signature_is_none(
        which in 0..BEGINNINGS.len(), rest in any::<Vec<u8>>(),
    ) {
        let (kind, bytes) = BEGINNINGS[which];
        prop_assert_eq!(FileKind::of(&[bytes, &rest].concat()), Some(kind));
        prop_assert_eq!(FileKind::of(&bytes[..2]), None);
        let head: Vec<_> = bytes.iter().chain(&rest).copied().take(FileKind::HEAD_BYTES).collect();
        prop_assert_eq!(FileKind::of(&head), Some(kind));
    }

    #[test]
    fn text_is_no_picture(text in "[ -~\n]{0,200}") {
        prop_assume!(!["GIF87a", "GIF89a"].iter().any(|begin| text.starts_with(begin)));
        prop_assume!(text.get(4..8) != Some("ftyp") && text.get(8..12) != Some("WEBP"));
        prop_assert_eq!(FileKind::of(text.as_bytes()), None);
    }

    #[test]
    fn no_id_leaves_a_folder_hides_or_is_too_long(id in ".{0,400}", index in 1..5_usize) {
        let name = file_name(&file(&id, index), FileKind::Png);
        let end = format!("-{index}.png");
        let stem = name.strip_suffix(&end).unwrap();
        prop_assert!(name.len() <= 200 && stem.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_'), "{}", name);
        prop_assert!(stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')), "{}", name);
    }

    #[test]
    fn two_ids_have_two_names(one in "[A-Ca-c._/-]{1,5}", other in "[A-Ca-c._/-]{1,5}") {
        prop_assume!(one != other);
        let name = |id: &str| file_name(&file(id, 1), FileKind::Png);
        prop_assert_ne!(name(&one), name(&other));
    }
}
