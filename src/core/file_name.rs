use super::{FileKind, ResultFile};

/// The longest part of a task's id in a name: file systems take some 255 bytes in all.
const MAX_ID_BYTES: usize = 100;

/// The name of a result as a file: the task's id, its number and what it is, such as `0123abcd-1.png`. The same result has
/// the same name every time.
///
/// The id comes from a server. One that isn't lower-case letters, digits, `_` and `-`, and short, is told by a hash beside
/// what is left of it: so no name leaves a folder, hides, is reserved anywhere, or is another's where case doesn't count.
///
/// ```
/// use midapi::core::{FileKind, ResultFile, file_name};
///
/// let file = |task_id: &str| ResultFile { task_id: task_id.to_owned(), index: 1, url: String::new() };
/// assert_eq!(file_name(&file("0123abcd"), FileKind::Png), "0123abcd-1.png");
/// assert_eq!(file_name(&file("../Up"), FileKind::Mp4), "up-e63459f187c922bb-1.mp4");
/// ```
pub fn file_name(file: &ResultFile, kind: FileKind) -> String {
    let ResultFile { task_id, index, .. } = file;
    let ending = kind.ending();
    let begins_well = |id: &str| id.starts_with(|first: char| first.is_ascii_alphanumeric());
    if task_id.len() <= MAX_ID_BYTES && begins_well(task_id) && task_id.bytes().all(is_plain) {
        return format!("{task_id}-{index}.{ending}");
    }
    let plain: String = task_id.bytes().map(plain).skip_while(|char| !char.is_ascii_alphanumeric()).collect();
    let plain = plain.get(..MAX_ID_BYTES).unwrap_or(&plain);
    let id = if plain.is_empty() { "task" } else { plain };
    format!("{id}-{:016x}-{index}.{ending}", hash(task_id))
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-')
}

fn plain(byte: u8) -> char {
    let byte = byte.to_ascii_lowercase();
    if is_plain(byte) { byte.into() } else { '_' }
}

/// FNV-1a: the same in every version and on every machine, and a few bytes of the package's module.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
