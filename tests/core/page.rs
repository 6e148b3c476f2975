//! The studio's form offers what the core takes: all of it and nothing else.

use midapi::core::{AspectRatio, MAX_PROMPT_CHARS, Speed, TaskType, Version, Word};

const PAGE: &str = include_str!("../../www/index.html");
const COMPOSER: &str = include_str!("../../www/composer.js");

fn offered(start: &str, end: &str) -> Vec<String> {
    let part = PAGE.split_once(start).unwrap().1.split_once(end).unwrap().0;
    let mut words: Vec<_> =
        part.split("value=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
    words.sort();
    words
}

fn sorted<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut words: Vec<_> = words.map(str::to_owned).collect();
    words.sort();
    words
}

#[test]
fn the_studios_form_offers_exactly_the_values_that_the_core_accepts() {
    assert_eq!(offered("name=\"taskType\"", "</select>"), sorted(TaskType::all().iter().map(|word| word.as_str())));
    assert_eq!(offered("name=\"version\"", "</select>"), sorted(Version::all().iter().map(|word| word.as_str())));
    assert_eq!(offered("<legend>Speed", "</fieldset>"), sorted(Speed::all().iter().map(|word| word.as_str())));
    assert_eq!(offered("<legend>Aspect", "</fieldset>"), sorted(AspectRatio::all().iter().map(|word| word.as_str())));
    assert!(COMPOSER.contains(&format!("MAX_PROMPT = {MAX_PROMPT_CHARS};")));
}
