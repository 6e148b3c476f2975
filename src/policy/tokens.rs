use serde_path_to_error::Segment;

use super::{CallbackSecret, DailyCredits, HostName, Origin, Permission, Token, TokenHash, TokenName};
use crate::core::Error;

/// The tokens of a gateway: the text of the secret `MIDAPI_TOKENS`, and of the file that `cargo xtask token` keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens(Vec<Token>);

impl Tokens {
    /// What a variable of a Worker may hold, in bytes (Cloudflare's limit).
    pub const MAX_BYTES: usize = 5_000;

    /// Reads a JSON list. What is wrong is told to whoever calls the gateway, so no value is shown: only which entry it is,
    /// counted from 1, and which of its fields.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let list: Vec<Token> = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| wrong(&error))?;
        deserializer.end().map_err(|error| no_json(&error))?;
        let mut tokens = Self::default();
        for (at, token) in list.into_iter().enumerate() {
            tokens.check(&token).map_err(|(field, must)| of_entry(at, field, must))?;
            tokens.0.push(token);
        }
        tokens.check_length()?;
        Ok(tokens)
    }

    /// Adds a token, unless its name or its text is another's, or the list becomes too long.
    pub fn add(&mut self, token: Token) -> Result<(), Error> {
        self.check(&token).map_err(|(field, must)| Error::misconfigured(field, must))?;
        let mut longer = self.clone();
        longer.0.push(token);
        longer.check_length()?;
        *self = longer;
        Ok(())
    }

    /// Takes out the token of this name.
    pub fn remove(&mut self, name: &str) -> Result<(), Error> {
        let Some(at) = self.0.iter().position(|token| token.name.as_str() == name) else {
            let names: Vec<_> = self.iter().map(|token| token.name.as_str()).collect();
            let must = format!("must be one of those that there are ({}), not `{name}`", names.join(", "));
            return Err(Error::misconfigured("name", &must));
        };
        self.0.remove(at);
        Ok(())
    }

    /// The token of this text. Hashes are compared, so that the time it takes tells nothing.
    pub fn find(&self, credential: &str) -> Option<&Token> {
        let hash = TokenHash::of(credential);
        self.0.iter().find(|token| token.sha256 == hash)
    }

    /// Each of them, in the order they were added.
    pub fn iter(&self) -> std::slice::Iter<'_, Token> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As JSON, one entry a line, to be read, compared and kept small.
    pub fn to_text(&self) -> String {
        // A token has nothing that JSON can't hold.
        let lines: Vec<_> = self.iter().map(|token| serde_json::to_string(token).unwrap_or_default()).collect();
        if lines.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", lines.join(",\n")) }
    }

    fn check_length(&self) -> Result<(), Error> {
        let (length, most) = (self.to_text().len(), Self::MAX_BYTES);
        if length <= most {
            return Ok(());
        }
        let must = format!(
            "would have {length} bytes and a Worker's secret holds {most}: revoke those that nobody uses, or give fewer origins"
        );
        Err(Error::misconfigured("tokens", &must))
    }

    /// What is wrong with one more, beside those that are there.
    fn check(&self, token: &Token) -> Result<(), (&'static str, &'static str)> {
        if self.iter().any(|known| known.name == token.name) {
            return Err(("name", "must be one that no other token has"));
        }
        // One token of two names would spend on the account of either.
        if self.iter().any(|known| known.sha256 == token.sha256) {
            return Err(("sha256", "must be that of no other token"));
        }
        Ok(())
    }
}

impl<'a> IntoIterator for &'a Tokens {
    type Item = &'a Token;
    type IntoIter = std::slice::Iter<'a, Token>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// By where the mistake is: the words of the parser quote what they found.
fn wrong(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    if !error.inner().is_data() {
        return no_json(error.inner());
    }
    let mut path = error.path().iter();
    let Some(Segment::Seq { index }) = path.next() else {
        return Error::misconfigured("tokens", "must be a JSON list");
    };
    let field = match path.next() {
        Some(Segment::Map { key }) => key.as_str(),
        _ => "",
    };
    let is_in_list = path.next().is_some();
    match (field, is_in_list) {
        ("name", _) => of_entry(*index, "name", &TokenName::MUST.to_string()),
        ("sha256", _) => of_entry(*index, "sha256", &TokenHash::MUST.to_string()),
        ("dailyCredits", _) => of_entry(*index, "dailyCredits", &DailyCredits::MUST.to_string()),
        ("origins", true) => of_entry(*index, "each of origins", &Origin::MUST.to_string()),
        ("operations", true) => of_entry(*index, "each of operations", &Permission::MUST.to_string()),
        ("callbackHosts", true) => of_entry(*index, "each of callbackHosts", &HostName::MUST.to_string()),
        ("origins" | "operations" | "callbackHosts", false) => {
            of_entry(*index, field, "must be a list of texts that isn't empty; leave it out for none")
        }
        ("callbackSecret", _) => of_entry(*index, field, &CallbackSecret::MUST.to_string()),
        _ => of_entry(
            *index,
            "fields",
            "must be name, sha256 and dailyCredits, and if wanted origins, operations, callbackHosts and callbackSecret",
        ),
    }
}

fn no_json(error: &serde_json::Error) -> Error {
    Error::misconfigured("tokens", &format!("must be a JSON list: {error}"))
}

fn of_entry(at: usize, field: &str, must: &str) -> Error {
    Error::misconfigured(&format!("entry {}: {field}", at + 1), must)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::core::Kind;

    /// Each name has a text of its own.
    fn token(name: &str) -> Token {
        Token::new(name.parse().unwrap(), &format!("midapi_{name}"), "200".parse().unwrap())
    }

    fn tokens(names: &[&str]) -> Tokens {
        let mut tokens = Tokens::default();
        names.iter().for_each(|name| tokens.add(token(name)).unwrap());
        tokens
    }

    #[test]
    fn a_token_is_known_by_its_hash_alone() {
        let tokens = tokens(&["alice", "bob"]);
        assert_eq!(tokens.find("midapi_bob").unwrap().name.as_str(), "bob");
        let hash = tokens.0[0].sha256.as_str();
        for credential in ["midapi_alice2", "midapi_", "alice", "", hash] {
            assert_eq!(tokens.find(credential), None, "{credential}");
        }
    }

    #[test]
    fn what_was_written_is_read_back() {
        let mut tokens = tokens(&["alice", "bob"]);
        assert_eq!(tokens.to_text().lines().count(), 4, "one entry a line");
        assert_eq!(Tokens::parse(&tokens.to_text()).unwrap(), tokens);
        let taken = tokens.add(token("alice")).unwrap_err();
        assert_eq!(taken.message, "name: must be one that no other token has");
        let unknown = tokens.remove("carol").unwrap_err();
        assert_eq!(unknown.message, "name: must be one of those that there are (alice, bob), not `carol`");
        tokens.remove("alice").unwrap();
        assert_eq!(tokens.iter().map(|token| token.name.as_str()).collect::<Vec<_>>(), ["bob"]);
        tokens.remove("bob").unwrap();
        assert_eq!(tokens.to_text(), "[]\n");
        assert!(Tokens::parse("[]").unwrap().is_empty());
    }

    #[test]
    fn a_malformed_list_is_refused_as_a_whole_and_told_without_its_values() {
        let hash = "0f".repeat(32);
        let good = format!(r#"{{"name":"alice","sha256":"{hash}","dailyCredits":200}}"#);
        assert_eq!(Tokens::parse(&format!("[{good}]")).unwrap().iter().len(), 1);
        let with = |more: &str| format!("[{}]", good.replace('}', &format!(",{more}}}")));
        let credits = "entry 1: dailyCredits: must be a whole number from 1 to 1000000";
        let empty = "must be a list of texts that isn't empty; leave it out for none";
        for (text, reason) in [
            (String::new(), "tokens: must be a JSON list: EOF while parsing"),
            ("{}".to_owned(), "tokens: must be a JSON list"),
            ("[1]".to_owned(), "entry 1: fields: must be name, sha256 and dailyCredits, and if wanted origins"),
            (format!("[{good}"), "tokens: must be a JSON list: EOF while parsing a list"),
            (format!("[{good}] and more"), "tokens: must be a JSON list: trailing characters"),
            (format!("[{good},{good}]"), "entry 2: name: must be one that no other token has"),
            (format!("[{good},{}]", good.replace("alice", "bob")), "entry 2: sha256: must be that of no other token"),
            (format!("[{}]", good.replace("200", "0")), credits),
            (format!("[{}]", good.replace("200", "1000001")), credits),
            (format!("[{}]", good.replace("200", "\"200\"")), credits),
            (format!("[{}]", good.replace("200", "-1")), credits),
            (format!("[{}]", good.replace("200", "1.5")), credits),
            (format!("[{}]", good.replace("0f", "0F")), "entry 1: sha256: must be 64 lowercase hexadecimal"),
            (format!("[{}]", good.replace(&hash, "00")), "entry 1: sha256: must be 64 lowercase hexadecimal"),
            (format!("[{}]", good.replace("alice", "a b")), "entry 1: name: must be 1 to 40"),
            (format!("[{}]", good.replace("sha256", "hash")), "entry 1: fields: must be name, sha256"),
            (r#"[{"name": "alice"}]"#.to_owned(), "entry 1: fields: must be name, sha256"),
            (with(r#""dailyCap":1"#), "entry 1: fields: must be name, sha256"),
            (with(r#""origins":[]"#), &format!("entry 1: origins: {empty}")),
            (with(r#""operations":[]"#), &format!("entry 1: operations: {empty}")),
            (with(r#""callbackHosts":[]"#), &format!("entry 1: callbackHosts: {empty}")),
            (with(r#""origins":"x""#), &format!("entry 1: origins: {empty}")),
            (with(r#""origins":["*"]"#), "entry 1: each of origins: must be an origin as a browser sends it"),
            (with(r#""origins":["https://a.example:443"]"#), "entry 1: each of origins: must be an origin"),
            (with(r#""origins":["http://a.example"]"#), "entry 1: each of origins: must be an origin"),
            (with(r#""operations":["all"]"#), "entry 1: each of operations: must be one of generate"),
            (with(r#""callbackHosts":["a"]"#), "entry 1: each of callbackHosts: must be a lowercase DNS name"),
            (with(r#""callbackHosts":[7]"#), "entry 1: each of callbackHosts: must be a lowercase DNS name"),
            (
                with(r#""callbackSecret":"whsec_c2hvcnQ=""#),
                "entry 1: callbackSecret: must be `whsec_` and the base64 of",
            ),
            (with(r#""callbackSecret":7"#), "entry 1: callbackSecret: must be `whsec_` and the base64 of"),
        ] {
            let error = Tokens::parse(&text).unwrap_err();
            assert!(error.kind == Kind::Misconfigured && error.message.starts_with(reason), "{text} {error}");
            for value in ["alice", "bob", "hash", "dailyCap", "*", "all", "a b", "0f", "whsec_c2hvcnQ="] {
                assert!(!error.message.split([' ', ',', '`', '"']).any(|word| word == value), "{text} {error}");
            }
        }
    }

    #[test]
    fn a_list_too_long_for_a_secret_is_refused() {
        let mut tokens = Tokens::default();
        let refused = (0..50).find_map(|number| tokens.add(token(&format!("token-{number}"))).err()).unwrap();
        let start = "tokens: would have 5";
        assert!(refused.message.starts_with(start) && refused.message.contains("holds 5000"), "{refused}");
        assert!((4_800..=Tokens::MAX_BYTES).contains(&tokens.to_text().len()));
        assert!(Tokens::parse(&tokens.to_text()).is_ok());
        let longer = tokens.to_text().replace(":200}", ":200000}");
        assert!(Tokens::parse(&longer).unwrap_err().message.starts_with("tokens: would have 5"));
    }
}
