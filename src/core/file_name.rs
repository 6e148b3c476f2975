use super::{FileKind, ResultFile};

/// The longest part of a task's id in a name: file systems take some 255 bytes in all.
const MAX_ID_BYTES: usize = 100;

/// The name of a result as a file: the task's id, its number and what it is, such as `0123abcd-1.png`. The same result has
/// the same name every time.
///
/// The id comes from a server. One that isn't letters, digits, `_` and `-`, and short, is told by a hash beside what is left
/// of it: so no name leaves a folder, hides, or is reserved anywhere, and no two ids have one.
///
/// ```
/// use midapi::core::{FileKind, ResultFile, file_name};
///
/// let file = |task_id: &str| ResultFile { task_id: task_id.to_owned(), index: 1, url: String::new() };
/// assert_eq!(file_name(&file("0123abcd"), FileKind::Png), "0123abcd-1.png");
/// assert_eq!(file_name(&file("../Up"), FileKind::Mp4), "Up-e63459f187c922bb-1.mp4");
/// ```
pub fn file_name(file: &ResultFile, kind: FileKind) -> String {
    let ResultFile { task_id, index, .. } = file;
    let ending = kind.ending();
    if (1..=MAX_ID_BYTES).contains(&task_id.len()) && !task_id.starts_with('-') && task_id.bytes().all(is_plain) {
        return format!("{task_id}-{index}.{ending}");
    }
    let plain: String = task_id.bytes().map(plain).skip_while(|char| !char.is_ascii_alphanumeric()).collect();
    let plain = plain.get(..MAX_ID_BYTES).unwrap_or(&plain);
    let id = if plain.is_empty() { "task" } else { plain };
    format!("{id}-{:016x}-{index}.{ending}", hash(task_id))
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn plain(byte: u8) -> char {
    if is_plain(byte) { byte.into() } else { '_' }
}

/// FNV-1a: the same in every version and on every machine, and a few bytes of the package's module.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
