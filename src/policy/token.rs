use base64ct::{Base64UrlUnpadded, Encoding};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use super::text::text;
use super::{CallbackSecret, DailyCredits, HostName, Origin, Permission};

/// An access token, of which only the hash is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Token {
    /// Whose it is.
    pub name: TokenName,
    /// The hash of what its holder shows.
    pub sha256: TokenHash,
    /// What it may spend in a day.
    pub daily_credits: DailyCredits,
    /// The origins whose pages may use it; programs send none.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<Origin>,
    /// What it may do, if anything but the usual.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Permission>,
    /// The hosts that its tasks may have their callbacks sent to.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    pub callback_hosts: Vec<HostName>,
    /// What signs those callbacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_secret: Option<CallbackSecret>,
}

text! {
    /// The name of a token.
    TokenName,
    "1 to 40 of the characters A-Z a-z 0-9 . _ -",
    |text| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        (1..=40).contains(&text.len()) && text.bytes().all(known)
    }
}

text! {
    /// The SHA-256 of a token's text.
    TokenHash,
    "64 lowercase hexadecimal digits",
    |text| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl TokenHash {
    /// The hash of what a caller shows.
    pub fn of(credential: &str) -> Self {
        Self(hex(&Sha256::digest(credential)))
    }
}

/// Bytes as lowercase hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text of a new token: random bytes, behind a prefix by which scanners for leaked secrets can know it.
pub fn credential(random: &[u8; 32]) -> String {
    ["midapi_", &Base64UrlUnpadded::encode_string(random)].concat()
}

impl Token {
    /// The token of this text, with nothing said of it but its cap.
    pub fn new(name: TokenName, credential: &str, daily_credits: DailyCredits) -> Self {
        Self {
            name,
            sha256: TokenHash::of(credential),
            daily_credits,
            origins: Vec::new(),
            operations: Vec::new(),
            callback_hosts: Vec::new(),
            callback_secret: None,
        }
    }

    /// What it may do: what is said, or the usual.
    pub fn permissions(&self) -> Vec<Permission> {
        if self.operations.is_empty() { Permission::usual() } else { self.operations.clone() }
    }
}

/// A list with something in it. An empty one would mean "nothing", and be left out, "the usual", when it is written back.
fn filled<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(value)?;
    if list.is_empty() {
        return Err(D::Error::custom("a list must not be empty; leave it out"));
    }
    Ok(list)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::policy::text::tests::all;

    #[test]
    fn names_and_hashes_are_as_told() {
        all::<TokenName>(&["a", "Alice_2.test-x", &"a".repeat(40)], true);
        all::<TokenName>(&["", "a b", "ä", "a/b", &"a".repeat(41)], false);
        all::<TokenHash>(&[&"0f".repeat(32)], true);
        all::<TokenHash>(&["", &"0F".repeat(32), &"0f".repeat(31), &"0g".repeat(32)], false);
    }

    #[test]
    fn a_credential_is_43_characters_of_randomness_behind_a_prefix() {
        let [one, other] = [credential(&[7; 32]), credential(&[255; 32])];
        let (prefix, secret) = one.split_once('_').unwrap();
        assert_eq!((prefix, secret.len()), ("midapi", 43));
        for text in [secret, &other] {
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
        }
        assert_ne!(one, other);
    }

    #[test]
    fn a_token_holds_the_hash_of_its_text_and_what_was_given_alone() {
        let mut token = Token::new("alice".parse().unwrap(), "midapi_alice", "200".parse().unwrap());
        // By `printf midapi_alice | sha256sum`.
        let hash = "a8b7c74655463e5203bd143e7332829b4ef7ac47b1c5c5b674e7fdd74d4a1343";
        let plain = format!(r#"{{"name":"alice","sha256":"{hash}","dailyCredits":200}}"#);
        assert_eq!(serde_json::to_string(&token).unwrap(), plain);
        token.daily_credits = "1".parse().unwrap();
        token.origins = vec!["https://a.example".parse().unwrap(), "http://localhost:5173".parse().unwrap()];
        token.operations = vec![Permission::ExtendVideo];
        token.callback_hosts = vec!["hooks.a.example".parse().unwrap()];
        let lists = concat!(
            r#""origins":["https://a.example","http://localhost:5173"],"operations":["extendVideo"],"#,
            r#""callbackHosts":["hooks.a.example"]"#
        );
        let full = format!(r#"{{"name":"alice","sha256":"{hash}","dailyCredits":1,{lists}}}"#);
        assert_eq!(serde_json::to_string(&token).unwrap(), full);
        assert_eq!(serde_json::from_str::<Token>(&full).unwrap(), token);
    }

    #[test]
    fn what_a_token_may_do_is_said_or_usual() {
        let mut token = Token::new("alice".parse().unwrap(), "midapi_alice", DailyCredits::MAX);
        assert!(token.permissions().contains(&Permission::Vary));
        assert!(!token.permissions().contains(&Permission::Credits));
        token.operations = vec![Permission::Credits];
        assert_eq!(token.permissions(), [Permission::Credits]);
    }
}
