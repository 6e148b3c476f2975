//! What a prompt may be, and the Midjourney flags that stand in it.

/// The longest prompt, in Unicode characters (*R*).
pub const MAX_PROMPT_CHARS: usize = 2000;

/// The sentence about a prompt that says nothing.
pub(super) const MUST_BE_TEXT: &str = "must be 1 to 2000 characters of text";

/// Returns the prompt, or what is wrong with it.
pub(super) fn checked(prompt: String) -> Result<String, String> {
    if prompt.contains('\0') {
        return Err("must not contain the character NUL".to_owned());
    }
    // Half of a surrogate pair arrives as U+FFFD; what a person typed has none.
    if prompt.contains(char::REPLACEMENT_CHARACTER) {
        return Err("must be text: it contains half of a character (U+FFFD)".to_owned());
    }
    if prompt.chars().all(is_invisible) {
        return Err(MUST_BE_TEXT.to_owned());
    }
    let length = prompt.chars().count();
    if length > MAX_PROMPT_CHARS {
        return Err(format!("must be at most {MAX_PROMPT_CHARS} characters, and is {length}"));
    }
    Ok(prompt)
}

/// Spaces, control characters, and the characters of Unicode that show nothing by themselves.
fn is_invisible(char: char) -> bool {
    char.is_whitespace()
        || char.is_control()
        || matches!(char, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// A flag of Midjourney's in a prompt, such as `--ar 16:9`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flag {
    /// Its name in lower case, without dashes.
    pub name: String,
    /// The dashes as they are written.
    pub dashes: String,
}

impl Flag {
    /// The flag as it is written.
    pub fn spelled(&self) -> String {
        format!("{}{}", self.dashes, self.name)
    }
}

/// The flags of a prompt, in every spelling that keyboards make of them: phones and word processors write a long dash
/// for two short ones, and put spaces and invisible characters where nobody sees them.
pub(super) fn flags(prompt: &str) -> Vec<Flag> {
    let words = prompt.split(is_invisible).filter(|word| !word.is_empty());
    words.filter_map(flag).collect()
}

fn flag(word: &str) -> Option<Flag> {
    let is_dash =
        |char: char| matches!(char, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}');
    let name = word.trim_start_matches(is_dash);
    let dashes = word.get(..word.len() - name.len())?;
    // One short dash begins a word such as "-ish", not a flag.
    let is_flag = dashes.chars().count() > 1 || dashes.chars().any(|dash| matches!(dash, '\u{2012}'..='\u{2015}'));
    // `--ar=16:9` and `--s250` are flags with their values.
    let end = name.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(name.len());
    let name = name.get(..end)?.to_ascii_lowercase();
    (is_flag && !name.is_empty()).then(|| Flag { name, dashes: dashes.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_found_in_every_spelling() {
        for (prompt, names) in [
            ("a cat --ar 16:9 --turbo", &["ar", "turbo"][..]),
            ("a cat —turbo", &["turbo"]),
            ("a cat –ar 9:16", &["ar"]),
            ("a cat --TURBO", &["turbo"]),
            ("a cat\u{a0}--turbo", &["turbo"]),
            ("a cat --turbo\u{200b}", &["turbo"]),
            ("a cat --ar=9:16 --s250", &["ar", "s"]),
            ("a well-known cat -ish - -- x", &[]),
            ("--", &[]),
        ] {
            let found: Vec<_> = flags(prompt).into_iter().map(|flag| flag.name).collect();
            assert_eq!(found, names, "{prompt}");
        }
    }

    #[test]
    fn a_prompt_is_text_that_a_person_can_see() {
        for wrong in ["", " \n", "\u{200b}\u{feff}", "a\0b", "half \u{fffd}", &"é".repeat(2001)] {
            assert!(checked(wrong.to_owned()).is_err(), "{wrong:?}");
        }
        for right in ["a", "é".repeat(2000).as_str(), "👩\u{200d}👩\u{200d}👧"] {
            assert_eq!(checked(right.to_owned()).as_deref(), Ok(right));
        }
    }
}
