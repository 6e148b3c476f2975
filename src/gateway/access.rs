//! Who calls, and what it may do: by a token, or by the session of a page on a configured origin. Pure.

use super::ledger::Account;
use crate::core::{CallBackUrl, Error, Kind, SubmitRoute, Word};
use crate::policy::{HostName, Permission, Token, Tokens};
use crate::url::Url;

impl Permission {
    /// What a submit's route does.
    pub const fn of_route(route: SubmitRoute) -> Self {
        match route {
            SubmitRoute::Generate => Self::Generate,
            SubmitRoute::Upscale | SubmitRoute::GenerateUpscale => Self::Upscale,
            SubmitRoute::GenerateVary => Self::Vary,
            SubmitRoute::GenerateVideoExtend => Self::ExtendVideo,
        }
    }
}

/// Who calls, once it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// What its tasks belong to.
    pub id: String,
    /// What a log may say of it.
    pub name: String,
    /// The accounts that a submit is charged to, beside the gateway's own, and what each may spend in a day.
    pub accounts: Vec<Account>,
    operations: Vec<Permission>,
    callback_hosts: Vec<HostName>,
}

/// The token that an `Authorization` header names.
pub fn find_token<'a>(authorization: &str, tokens: &'a Tokens) -> Option<&'a Token> {
    let (scheme, credential) = authorization.split_once(' ')?;
    let credential = credential.trim_ascii();
    if !scheme.eq_ignore_ascii_case("bearer") || credential.is_empty() {
        return None;
    }
    tokens.find(credential)
}

impl Caller {
    /// Who shows this token.
    pub fn of_token(token: &Token) -> Self {
        let id = ["token:", token.name.as_str()].concat();
        Self {
            name: token.name.to_string(),
            accounts: vec![Account::new(id.clone(), token.daily_credits.get())],
            id,
            operations: token.permissions(),
            callback_hosts: token.callback_hosts.clone(),
        }
    }

    /// A page's session. What it spends counts for its network address, too, as a cookie is thrown away quickly, and for all
    /// sessions together, as there are many addresses.
    pub fn of_session(session: &str, address: &str, daily_credits: u32, all_daily_credits: u32) -> Self {
        let id = ["session:", session].concat();
        let accounts = vec![
            Account::new(id.clone(), daily_credits),
            Account::new(["address:", address].concat(), daily_credits),
            Account::new("sessions", all_daily_credits),
        ];
        Self { name: "session".to_owned(), accounts, id, operations: Permission::usual(), callback_hosts: Vec::new() }
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
        let Some(url) = CallBackUrl::of(body) else { return Ok(()) };
        let url = Url::parse(&url).filter(|url| url.is_https());
        if url.is_some_and(|url| self.callback_hosts.iter().any(|allowed| allowed.as_str() == url.hostname())) {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::policy::DailyCredits;

    fn alice() -> Token {
        Token::new("alice".parse().unwrap(), "midapi_secret", DailyCredits::MAX)
    }

    #[test]
    fn a_token_is_shown_behind_bearer_and_its_hash_is_none() {
        let mut tokens = Tokens::default();
        tokens.add(alice()).unwrap();
        assert_eq!(find_token("Bearer midapi_secret", &tokens).unwrap().name.as_str(), "alice");
        assert_eq!(find_token("bearer  midapi_secret ", &tokens).unwrap().name.as_str(), "alice");
        for header in ["midapi_secret", "Bearer", "Bearer ", "Basic midapi_secret", "Bearer midapi_secret2", ""] {
            assert!(find_token(header, &tokens).is_none(), "{header}");
        }
        assert!(find_token(&format!("Bearer {}", alice().sha256), &tokens).is_none());
        // Not even for a token of nothing.
        tokens.add(Token::new("none".parse().unwrap(), "", DailyCredits::MAX)).unwrap();
        assert!(find_token("Bearer  ", &tokens).is_none());
    }

    #[test]
    fn what_a_token_may_do_is_said_or_usual() {
        let usual = Caller::of_token(&alice());
        assert!(usual.check(Permission::Vary).is_ok());
        assert_eq!(usual.check(Permission::Credits).unwrap_err().code, Some(403));
        let said = Caller::of_token(&Token { operations: vec![Permission::Credits], ..alice() });
        assert!(said.check(Permission::Credits).is_ok());
        assert!(said.check(Permission::Generate).is_err());
    }

    #[test]
    fn a_callback_goes_to_listed_hosts_alone() {
        let hosts = vec!["hooks.example".parse().unwrap()];
        let caller = Caller::of_token(&Token { callback_hosts: hosts, ..alice() });
        let check = |url: &str| caller.check_callback(&format!(r#"{{"callBackUrl": "{url}"}}"#)).is_ok();
        assert!(check("https://hooks.example/a") && check("https://hooks.example:8443/a") && check(""));
        assert!(check("https://HOOKS.example/"), "a host in capitals is the same host");
        for url in [
            "http://hooks.example/a",
            "https://hooks.example.evil.example/",
            "https://evil.example/hooks.example",
            "https://hooks.example@evil.example/",
            "https://hooks.example./",
        ] {
            assert!(!check(url), "{url}");
        }
    }
}
