//! The session of a page: an id in a signed cookie. Nothing is stored for it, and another secret ends them all. Pure.

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::hmac_sha256::hmac_sha256;
use crate::policy::{SessionSecret, Token, Tokens};

/// What the id of a token's session begins with; a random one has no such character.
const TOKEN_MARK: &str = "token:";

/// The id of a token's session. It ends with the token: another of the same name has another hash.
pub fn session_of_token(token: &Token) -> String {
    [TOKEN_MARK, token.sha256.as_str()].concat()
}

/// Whose session it is.
#[derive(Debug, PartialEq, Eq)]
pub enum SessionHolder<'a> {
    /// A browser's.
    Browser,
    /// A token's.
    Token(&'a Token),
}

/// Whose session has this id: nobody's, if its token is gone.
pub fn session_holder<'a>(id: &str, tokens: &'a Tokens) -> Option<SessionHolder<'a>> {
    let Some(hash) = id.strip_prefix(TOKEN_MARK) else { return Some(SessionHolder::Browser) };
    tokens.iter().find(|token| token.sha256.as_str() == hash).map(SessionHolder::Token)
}

/// How long a session lasts after it was last renewed: longer than the vendor keeps the files.
const LIFETIME_S: i64 = 30 * 24 * 60 * 60;

/// How far the clocks of the machines that issue and read it may be apart.
const CLOCKS_APART_S: i64 = 300;

impl SessionSecret {
    /// The `Set-Cookie` header of a session. A page can't read it, another site can't send it. In production the name
    /// keeps it from other hosts and from plain http, which a server on this machine speaks.
    pub fn cookie(&self, id: &str, now_s: i64, secure: bool) -> String {
        let value = [id, ".", &now_s.to_string()].concat();
        let secure_attribute = if secure { "; Secure" } else { "" };
        let (name, mac) = (name(id.starts_with(TOKEN_MARK), secure), self.mac("session", &value));
        format!("{name}={value}.{mac}; Path=/; Max-Age={LIFETIME_S}; HttpOnly; SameSite=Strict{secure_attribute}")
    }

    /// The header that ends a token's session in its browser. The browser's own session is there again then.
    pub fn end_cookie(secure: bool) -> String {
        let secure_attribute = if secure { "; Secure" } else { "" };
        format!("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict{secure_attribute}", name(true, secure))
    }

    /// The ids of the sessions that a `Cookie` header holds, as far as they are ours and not too old: a token's before the browser's own.
    pub fn sessions(&self, cookies: &str, now_s: i64, secure: bool) -> impl Iterator<Item = String> {
        [true, false].into_iter().filter_map(move |of_token| {
            let id = self.session(cookies, name(of_token, secure), now_s)?;
            (id.starts_with(TOKEN_MARK) == of_token).then_some(id)
        })
    }

    fn session(&self, cookies: &str, name: &str, now_s: i64) -> Option<String> {
        let ours = |cookie: &str| cookie.trim_ascii().strip_prefix(name)?.strip_prefix('=').map(str::to_owned);
        let cookie = cookies.split(';').find_map(ours)?;
        let (value, mac) = cookie.rsplit_once('.')?;
        let (id, issued_at) = value.split_once('.')?;
        let mac = Base64UrlUnpadded::decode_vec(mac).ok()?;
        // In constant time: the comparison tells nothing of the right one.
        self.hmac("session", value).verify_slice(&mac).ok()?;
        let age = now_s.checked_sub(issued_at.parse().ok()?)?;
        (-CLOCKS_APART_S..=LIFETIME_S).contains(&age).then(|| id.to_owned())
    }

    /// A name for something that must not be known by its own, such as a network address.
    pub fn pseudonym(&self, of: &str) -> String {
        self.mac("pseudonym", of).chars().take(22).collect()
    }

    fn mac(&self, purpose: &str, text: &str) -> String {
        Base64UrlUnpadded::encode_string(&self.hmac(purpose, text).finalize().into_bytes())
    }

    fn hmac(&self, purpose: &str, text: &str) -> Hmac<Sha256> {
        hmac_sha256(self.expose().as_bytes(), &[purpose, "\0", text])
    }
}

const fn name(of_token: bool, secure: bool) -> &'static str {
    match (of_token, secure) {
        (false, true) => "__Host-midapi",
        (false, false) => "midapi",
        (true, true) => "__Host-midapi-token",
        (true, false) => "midapi-token",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn secret(of: &str) -> SessionSecret {
        SessionSecret::new(&of.repeat(32)).unwrap()
    }

    #[test]
    fn a_cookie_is_the_session_it_was_made_for() {
        let cookie = secret("a").cookie("id-1", 1000, true);
        assert!(cookie.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
        let sent = format!("theme=dark; {}; x=y", cookie.split(';').next().unwrap());
        assert_eq!(secret("a").sessions(&sent, 1000, true).next().as_deref(), Some("id-1"));
        assert_eq!(secret("a").sessions(&sent, 1000 + LIFETIME_S, true).next().as_deref(), Some("id-1"));
        assert_eq!(secret("a").sessions(&sent, 999, true).next().as_deref(), Some("id-1"));
        for (secret, now_s, secure) in [
            (secret("b"), 1000, true),
            (secret("a"), 699, true),
            (secret("a"), 1001 + LIFETIME_S, true),
            (secret("a"), 1000, false),
        ] {
            assert_eq!(secret.sessions(&sent, now_s, secure).next(), None);
        }
    }

    #[test]
    fn the_session_of_a_token_ends_with_it() {
        let token =
            |credential: &str| Token::new("alice".parse().unwrap(), credential, crate::policy::DailyCredits::MAX);
        let mut tokens = Tokens::default();
        tokens.add(token("midapi_one")).unwrap();
        let id = session_of_token(&token("midapi_one"));
        assert_eq!(session_holder(&id, &tokens), Some(SessionHolder::Token(&token("midapi_one"))));
        assert_eq!(session_holder("1a-_", &tokens), Some(SessionHolder::Browser));
        tokens.remove("alice").unwrap();
        tokens.add(token("midapi_two")).unwrap();
        assert_eq!(session_holder(&id, &tokens), None, "another token of that name");
    }

    #[test]
    fn every_other_cookie_is_none() {
        let cookie = secret("a").cookie("id-1", 1000, false);
        let value = cookie.split(';').next().unwrap();
        for forged in [
            value.replace("id-1", "id-2"),
            value.replace("1000", "1001"),
            value.rsplit_once('.').unwrap().0.to_owned(),
            value[..value.len() - 1].to_owned(),
            format!("{value}A"),
            format!("evil-{value}"),
            "midapi=".to_owned(),
            "midapi=id-1.1000.".to_owned(),
            String::new(),
        ] {
            assert_eq!(secret("a").sessions(&forged, 1000, false).next(), None, "{forged}");
        }
    }

    #[test]
    fn a_pseudonym_tells_nothing_and_is_none_of_a_session() {
        assert_ne!(secret("a").pseudonym("203.0.113.7"), secret("b").pseudonym("203.0.113.7"));
        assert_eq!(secret("a").pseudonym("203.0.113.7"), secret("a").pseudonym("203.0.113.7"));
        assert!(SessionSecret::new("short").is_none());
    }
}
