use base64ct::{Base64, Encoding};

use super::text::text;

/// The prefix of a secret by Standard Webhooks.
const PREFIX: &str = "whsec_";

text! {
    /// What signs the callbacks to a caller, as Standard Webhooks has it.
    CallbackSecret,
    "`whsec_` and the base64 of 24 to 64 bytes",
    |text| bytes_of(text).is_some_and(|bytes| (24..=64).contains(&bytes.len()))
}

impl CallbackSecret {
    /// The secret of these random bytes.
    pub fn of(random: &[u8; 32]) -> Self {
        Self([PREFIX, &Base64::encode_string(random)].concat())
    }

    /// The key it stands for.
    pub fn bytes(&self) -> Vec<u8> {
        bytes_of(self.as_str()).unwrap_or_default()
    }
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text.strip_prefix(PREFIX)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::text::tests::all;

    #[test]
    fn a_callback_secret_is_one_by_standard_webhooks() {
        all::<CallbackSecret>(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", CallbackSecret::of(&[7; 32]).as_str()], true);
        all::<CallbackSecret>(&["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA", "whsec_?"], false);
        assert_eq!(CallbackSecret::of(&[7; 32]).bytes(), [7; 32]);
    }
}
