use crate::core::Error;

/// A variable or a secret: its name, and what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name in the Worker's environment.
    pub name: &'static str,
    /// What its text must be.
    pub must: &'static str,
    /// Whether there must be one. An empty or blank text is none.
    pub required: bool,
}

impl Setting {
    pub(super) const fn required(name: &'static str, must: &'static str) -> Self {
        Self { name, must, required: true }
    }

    pub(super) const fn optional(name: &'static str, must: &'static str) -> Self {
        Self { name, must, required: false }
    }

    /// What is wrong with a value that isn't shown, as it may be a secret.
    pub(super) fn fault(&self) -> Error {
        Error::misconfigured(self.name, &["must be ", self.must].concat())
    }
}

/// Reads settings one after the other, and notes all that is wrong.
pub(super) struct Reader<F> {
    get: F,
    pub faults: Vec<Error>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub const fn new(get: F) -> Self {
        Self { get, faults: Vec::new() }
    }

    /// The value of a setting, by the rule for its text.
    pub fn read<T>(&mut self, setting: &Setting, rule: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.try_read(setting, |text| rule(text).ok_or_else(|| setting.fault()))
    }

    /// The same by a rule that says what is wrong.
    pub fn try_read<T>(&mut self, setting: &Setting, rule: impl FnOnce(&str) -> Result<T, Error>) -> Option<T> {
        let outcome = match (self.get)(setting.name).filter(|text| !text.trim_ascii().is_empty()) {
            None if setting.required => Err(setting.fault()),
            None => return None,
            Some(text) => rule(&text),
        };
        outcome.map_err(|fault| self.faults.push(fault)).ok()
    }
}
