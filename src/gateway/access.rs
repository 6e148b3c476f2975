//! Who may call, and what it may do: tokens from a secret, sessions of pages on configured origins. Pure.

use sha2::{Digest, Sha256};

use crate::core::json::{Json, Object};
use crate::core::{Error, Kind, words};

words! {
    /// What a caller may be allowed to do. Everybody may look at the tasks they made.
    Permission {
        /// New pictures and videos.
        Generate = "generate",
        /// A picture in full size.
        Upscale = "upscale",
        /// Variations of a picture.
        Vary = "vary",
        /// More of a video.
        ExtendVideo = "extendVideo",
        /// To see the credits of the vendor's account: what is the owner's business isn't allowed unless said.
        Credits = "credits",
    }
}

impl Permission {
    /// What a submit's route does.
    pub fn of_route(route: &str) -> Self {
        match route {
            "upscale" | "generateUpscale" => Self::Upscale,
            "generateVary" => Self::Vary,
            "generateVideoExtend" => Self::ExtendVideo,
            _ => Self::Generate,
        }
    }
}

/// An access token, of which only the hash is known.
#[derive(Debug)]
pub struct Token {
    name: String,
    sha256: String,
    daily_credits: u32,
    /// The origins whose pages may use it; programs send none.
    pub origins: Vec<String>,
    operations: Vec<Permission>,
    callback_hosts: Vec<String>,
}

/// Who calls, once it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What its tasks belong to.
    pub id: String,
    /// What a log may say of it.
    pub name: String,
    /// The accounts that a submit is charged to, beside the gateway's own, and what each may spend in a day.
    pub accounts: Vec<(String, u32)>,
    operations: Vec<Permission>,
    callback_hosts: Vec<String>,
}

/// Reads the secret: a JSON list of tokens, as `cargo xtask token` keeps it.
pub fn tokens(json: &str) -> Result<Vec<Token>, Error> {
    let entries = Json::of(json).items().ok_or_else(|| wrong("must be a JSON list"))?;
    let tokens =
        entries.into_iter().enumerate().map(|(at, entry)| token(at + 1, entry)).collect::<Result<Vec<_>, _>>()?;
    let doubled = |at: usize, token: &Token| {
        tokens.iter().skip(at + 1).any(|other| other.name == token.name || other.sha256 == token.sha256)
    };
    if tokens.iter().enumerate().any(|(at, token)| doubled(at, token)) {
        return Err(wrong("has a name or a hash twice"));
    }
    Ok(tokens)
}

/// What is wrong is told to whoever calls, so no value is shown: only which entry it is, counted from 1.
fn token(number: usize, entry: Json<'_>) -> Result<Token, Error> {
    let of = |must: &str| wrong(&format!("has an entry, number {number}, whose {must}"));
    let entry = entry.object().ok_or_else(|| wrong("must hold objects"))?;
    let text = |name| entry.text(name).unwrap_or_default();
    let name = text("name");
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if !(1..=40).contains(&name.len()) || !name.bytes().all(fits) {
        return Err(of("name is not 1 to 40 letters, digits, '_', '-' or '.'"));
    }
    const KNOWN: [&str; 6] = ["name", "sha256", "dailyCredits", "origins", "operations", "callbackHosts"];
    if entry.names().any(|name| !KNOWN.contains(&name)) {
        return Err(of(&format!("fields are not all among {}", KNOWN.join(", "))));
    }
    let sha256 = text("sha256");
    if sha256.len() != 64 || !sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(of("sha256 is not 64 lowercase hexadecimal digits"));
    }
    let daily_credits = entry.given("dailyCredits").and_then(Json::whole).and_then(|cap| u32::try_from(cap).ok());
    let list = |name: &str| match entry.given(name) {
        None => Ok(None),
        Some(value) => {
            let items = value.items().and_then(|items| items.into_iter().map(|item| item.text()).collect());
            let items: Vec<String> = items.ok_or_else(|| of(&format!("{name} is no list of strings")))?;
            Ok(Some(items))
        }
    };
    let operations = match list("operations")? {
        None => usual(),
        Some(words) => {
            let operations = words.iter().map(|word| Permission::from_word(word)).collect::<Option<_>>();
            operations.ok_or_else(|| of(&format!("operations are not among {}", Permission::WORDS.join(", "))))?
        }
    };
    Ok(Token {
        sha256,
        daily_credits: daily_credits.ok_or_else(|| of("dailyCredits is no whole number"))?,
        origins: list("origins")?.unwrap_or_default(),
        operations,
        callback_hosts: list("callbackHosts")?.unwrap_or_default(),
        name,
    })
}

fn wrong(must: &str) -> Error {
    Error::new(Kind::Misconfigured, format!("the gateway's secret MIDAPI_TOKENS {must}"))
}

/// What a caller may do of whom nothing else is said.
fn usual() -> Vec<Permission> {
    Permission::ALL.iter().copied().filter(|operation| *operation != Permission::Credits).collect()
}

/// The token that an `Authorization` header shows. The hash is compared, so that the time it takes tells nothing.
pub fn shown<'a>(authorization: &str, tokens: &'a [Token]) -> Option<&'a Token> {
    let (scheme, credential) = authorization.split_once(' ')?;
    let credential = credential.trim_ascii();
    if !scheme.eq_ignore_ascii_case("bearer") || credential.is_empty() {
        return None;
    }
    let hash = hex(&Sha256::digest(credential));
    tokens.iter().find(|token| token.sha256 == hash)
}

impl Subject {
    /// Who shows this token.
    pub fn of_token(token: &Token) -> Self {
        let id = ["token:", &token.name].concat();
        Self {
            name: token.name.clone(),
            accounts: vec![(id.clone(), token.daily_credits)],
            id,
            operations: token.operations.clone(),
            callback_hosts: token.callback_hosts.clone(),
        }
    }

    /// A page's session. What it spends counts for its network address, too, as a cookie is thrown away quickly, and for all
    /// sessions together, as there are many addresses.
    pub fn of_session(session: &str, address: &str, daily_credits: u32, all_daily_credits: u32) -> Self {
        let id = ["session:", session].concat();
        let address = ["address:", address].concat();
        let all = ("sessions".to_owned(), all_daily_credits);
        Self {
            name: "session".to_owned(),
            accounts: vec![(id.clone(), daily_credits), (address, daily_credits), all],
            id,
            operations: usual(),
            callback_hosts: Vec::new(),
        }
    }

    /// Whether it showed a token.
    pub fn has_token(&self) -> bool {
        self.id.starts_with("token:")
    }

    /// Refuses what it may not do.
    pub fn check(&self, operation: Permission) -> Result<(), Error> {
        if self.operations.contains(&operation) {
            return Ok(());
        }
        Err(forbidden("authorization", &format!("this caller is not allowed `{}`", operation.as_str())))
    }

    /// Refuses a `callBackUrl` to a host that this caller doesn't list: the vendor would post to it in our name.
    pub fn check_callback(&self, body: &str) -> Result<(), Error> {
        let body = Object::parse(body).unwrap_or_default();
        let Some(url) = body.text("callBackUrl").filter(|url| !url.is_empty()) else { return Ok(()) };
        let host = url.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#', ':']).next());
        if host.is_some_and(|host| self.callback_hosts.iter().any(|allowed| allowed == host)) {
            return Ok(());
        }
        Err(Error::invalid("callBackUrl", "must be https, and to a host that this caller's token lists"))
    }
}

/// A refusal of who is known, or needn't be.
pub fn forbidden(field: &str, must: &str) -> Error {
    Error::invalid(field, must).with(|error| {
        error.kind = Kind::Unauthorized;
        error.code = Some(403);
    })
}

/// The refusal of who isn't known.
pub fn unauthorized() -> Error {
    forbidden("authorization", "needs `Bearer` with one of this gateway's tokens, or this page's session")
        .with(|error| error.code = Some(401))
}

/// Bytes as lowercase hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    /// `sha256` of "midapi_secret".
    fn entry(more: &str) -> String {
        let hash = hex(&Sha256::digest("midapi_secret"));
        format!(r#"[{{"name": "alice", "sha256": "{hash}", "dailyCredits": 20{more}}}]"#)
    }

    #[test]
    fn the_token_is_known_by_its_hash_alone() {
        let tokens = tokens(&entry("")).unwrap();
        assert_eq!(shown("Bearer midapi_secret", &tokens).unwrap().name, "alice");
        assert_eq!(shown("bearer  midapi_secret ", &tokens).unwrap().name, "alice");
        for header in ["midapi_secret", "Bearer", "Bearer ", "Basic midapi_secret", "Bearer midapi_secret2", ""] {
            assert!(shown(header, &tokens).is_none(), "{header}");
        }
        assert!(shown(&format!("Bearer {}", tokens[0].sha256), &tokens).is_none());
    }

    #[test]
    fn what_a_token_may_do_is_said_or_usual() {
        let usual = Subject::of_token(&tokens(&entry("")).unwrap()[0]);
        assert!(usual.check(Permission::Vary).is_ok());
        assert_eq!(usual.check(Permission::Credits).unwrap_err().code, Some(403));
        let said = Subject::of_token(&tokens(&entry(r#", "operations": ["credits"]"#)).unwrap()[0]);
        assert!(said.check(Permission::Credits).is_ok());
        assert!(said.check(Permission::Generate).is_err());
    }

    #[test]
    fn a_callback_goes_to_listed_hosts_alone() {
        let subject = Subject::of_token(&tokens(&entry(r#", "callbackHosts": ["hooks.example"]"#)).unwrap()[0]);
        let check = |url: &str| subject.check_callback(&format!(r#"{{"callBackUrl": "{url}"}}"#)).is_ok();
        assert!(check("https://hooks.example/a") && check("https://hooks.example:8443/a") && check(""));
        for url in [
            "http://hooks.example/a",
            "https://hooks.example.evil.example/",
            "https://evil.example/hooks.example",
            "https://hooks.example@evil.example/",
            "https://HOOKS.example/",
            "https://hooks.example./",
        ] {
            assert!(!check(url), "{url}");
        }
    }

    #[test]
    fn a_malformed_secret_is_refused_as_a_whole() {
        for (json, says) in [
            ("", "JSON list"),
            ("{}", "JSON list"),
            ("[1]", "objects"),
            (r#"[{"name": "a b"}]"#, "name"),
            (r#"[{"name": "a", "sha256": "00"}]"#, "sha256"),
            (&entry("").replace("20", "\"20\""), "dailyCredits"),
            (&entry("").replace("20", "-1"), "dailyCredits"),
            (&entry(r#", "origins": "x""#), "origins"),
            (&entry(r#", "operations": ["all"]"#), "operations"),
            (&entry(r#", "dailyCap": 1"#), "fields"),
            (&format!("[{0},{0}]", entry("").trim_matches(['[', ']'])), "twice"),
        ] {
            let error = tokens(json).unwrap_err();
            assert!(error.kind == Kind::Misconfigured && error.message.contains(says), "{json}: {error}");
        }
    }
}
