use std::fmt;

use super::secrets::{SESSION_SECRET, TOKENS};
use super::setting::Reader;
use super::{Secrets, Variables};
use crate::core::Error;

/// How a gateway is set up.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What stands in `wrangler.toml`.
    pub variables: Variables,
    /// What `wrangler secret put` put.
    pub secrets: Secrets,
}

impl Configuration {
    /// Reads all of it by name, or says of each variable and secret that is wrong what it must be. A blank one is not set.
    pub fn parse(get: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let mut reader = Reader::new(get);
        let (secrets, variables) = (Secrets::read(&mut reader), Variables::read(&mut reader));
        let mut faults = reader.faults;
        let configuration = secrets.zip(variables).map(|(secrets, variables)| Self { variables, secrets });
        // Of what can't be read nobody knows who may call.
        if let Some(configuration) = configuration.as_ref().filter(|_| faults.is_empty()) {
            faults.extend(configuration.without_policy());
        }
        Faults::or(faults, configuration)
    }

    fn without_policy(&self) -> Option<Error> {
        let pages = !self.variables.session_origins.is_empty();
        if pages && self.secrets.session.is_none() {
            let must = format!("must be {}, as MIDAPI_SESSION_ORIGINS is set", SESSION_SECRET.must);
            return Some(Error::misconfigured(SESSION_SECRET.name, &must));
        }
        let nobody = !pages && self.secrets.tokens.is_empty();
        nobody
            .then(|| Error::misconfigured(TOKENS.name, "must say who may call, or MIDAPI_SESSION_ORIGINS whose pages"))
    }
}

/// All that is wrong: one at least.
#[derive(Debug)]
pub struct Faults {
    first: Error,
    others: Vec<Error>,
}

impl Faults {
    /// These, if there are any; else what could be read.
    pub(super) fn or<T>(faults: Vec<Error>, read: Option<T>) -> Result<T, Self> {
        let mut faults = faults.into_iter();
        match (faults.next(), read) {
            (None, Some(read)) => Ok(read),
            (Some(first), _) => Err(Self { first, others: faults.collect() }),
            // What can't be read has left a fault.
            (None, None) => {
                Err(Self { first: Error::misconfigured("settings", "must be readable"), others: Vec::new() })
            }
        }
    }

    /// The first of them.
    pub fn into_first(self) -> Error {
        self.first
    }

    /// Each of them; its `field` is the name of the variable or secret.
    pub fn iter(&self) -> impl Iterator<Item = &Error> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

/// A line each.
impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(formatter)?;
        self.others.iter().try_for_each(|fault| write!(formatter, "\n{fault}"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::core::Kind;
    use crate::policy::{SECRETS, Token, Tokens, VARIABLES};

    const SESSION: &str = "a-secret-of-the-tests-0123456789abcdef";

    /// What every gateway needs, and a caller.
    fn settings(changes: &[(&'static str, &str)]) -> HashMap<&'static str, String> {
        let mut tokens = Tokens::default();
        tokens.add(Token::new("alice".parse().unwrap(), "midapi_alice", "200".parse().unwrap())).unwrap();
        let mut settings = HashMap::from([
            ("MIDAPI_API_KEY", "a-key-of-the-tests".to_owned()),
            ("MIDAPI_TOKENS", tokens.to_text()),
            ("MIDAPI_UPSTREAM_URL", "https://api.midapi.ai".to_owned()),
            ("MIDAPI_DAILY_CREDITS", "500".to_owned()),
            ("MIDAPI_SESSION_DAILY_CREDITS", "50".to_owned()),
            ("MIDAPI_SESSIONS_DAILY_CREDITS", "250".to_owned()),
            ("MIDAPI_PRICES", "{}".to_owned()),
            ("MIDAPI_ALERT_PERCENT", "50 80 100".to_owned()),
        ]);
        settings.extend(changes.iter().map(|(name, value)| (*name, (*value).to_owned())));
        settings
    }

    fn parsed(changes: &[(&'static str, &str)]) -> Result<Configuration, Faults> {
        let settings = settings(changes);
        Configuration::parse(|name| settings.get(name).cloned())
    }

    fn faults(changes: &[(&'static str, &str)]) -> Vec<String> {
        let Err(faults) = parsed(changes) else { return Vec::new() };
        assert!(faults.iter().all(|fault| fault.kind == Kind::Misconfigured));
        faults.iter().map(|fault| fault.message.clone()).collect()
    }

    #[test]
    fn what_is_set_is_what_is_read() {
        let changes = [
            ("MIDAPI_PUBLIC_URL", "https://gateway.example"),
            ("MIDAPI_SESSION_ORIGINS", "https://a.example http://127.0.0.1:8787"),
            ("MIDAPI_SESSION_SECRET", SESSION),
            ("MIDAPI_ALERT_URL", "https://alerts.example/hook?channel=1"),
            ("MIDAPI_STOPPED", "the bill"),
        ];
        let Configuration { variables, secrets } = parsed(&changes).unwrap();
        assert_eq!(variables.upstream.route("generate"), "https://api.midapi.ai/api/v1/mj/generate");
        assert_eq!(variables.public_url.unwrap().route("x"), "https://gateway.example/x");
        assert_eq!(
            [variables.daily_credits, variables.session_daily_credits, variables.sessions_daily_credits],
            [500, 50, 250]
        );
        assert_eq!(variables.session_origins.len(), 2);
        assert_eq!(variables.alert_url.as_deref(), Some("https://alerts.example/hook?channel=1"));
        assert_eq!(variables.alert_percent, [50, 80, 100]);
        assert_eq!(secrets.api_key.expose(), "a-key-of-the-tests");
        assert_eq!(secrets.session.as_ref().unwrap().expose(), SESSION);
        assert!(secrets.stopped && secrets.turnstile.is_none());
        assert!(!format!("{secrets:?}").contains(SESSION));
    }

    #[test]
    fn all_that_is_wrong_is_told_by_name_and_without_its_value() {
        let found = faults(&[
            ("MIDAPI_API_KEY", "short"),
            ("MIDAPI_TOKENS", "{}"),
            ("MIDAPI_DAILY_CREDITS", "many"),
            ("MIDAPI_ALERT_PERCENT", "150"),
        ]);
        let expected = [
            "MIDAPI_API_KEY: must be 8 or more visible ASCII characters",
            "MIDAPI_TOKENS: tokens: must be a JSON list",
            "MIDAPI_DAILY_CREDITS: must be a whole number from 1 to 4294967295",
            "MIDAPI_ALERT_PERCENT: must be whole numbers from 1 to 100, rising, separated by spaces",
        ];
        assert_eq!(found, expected);
        let faults = parsed(&[("MIDAPI_API_KEY", "short"), ("MIDAPI_PRICES", "[]")]).unwrap_err();
        assert_eq!(faults.to_string().lines().count(), 2);
        let names: Vec<_> = faults.iter().filter_map(|fault| fault.field.as_deref()).collect();
        assert_eq!(names, ["MIDAPI_API_KEY", "MIDAPI_PRICES"]);
        assert_eq!(faults.into_first().field.as_deref(), Some("MIDAPI_API_KEY"));
    }

    #[test]
    fn a_blank_one_is_not_set() {
        for setting in VARIABLES.iter().chain(&SECRETS) {
            for blank in ["", "  "] {
                // Without its tokens this gateway has nobody who may call.
                let expected = usize::from(setting.required || setting.name == "MIDAPI_TOKENS");
                assert_eq!(faults(&[(setting.name, blank)]).len(), expected, "{}", setting.name);
            }
        }
    }

    #[test]
    fn somebody_must_be_allowed_to_call() {
        let nobody = "MIDAPI_TOKENS: must say who may call, or MIDAPI_SESSION_ORIGINS whose pages";
        for tokens in ["", "[]"] {
            assert_eq!(faults(&[("MIDAPI_TOKENS", tokens)]), [nobody]);
            assert_eq!(faults(&[("MIDAPI_TOKENS", tokens), ("MIDAPI_SESSION_SECRET", SESSION)]), [nobody]);
            let pages = [("MIDAPI_SESSION_ORIGINS", "https://a.example"), ("MIDAPI_SESSION_SECRET", SESSION)];
            assert_eq!(faults(&[&pages[..], &[("MIDAPI_TOKENS", tokens)]].concat()), [""; 0]);
        }
        let unsigned = "MIDAPI_SESSION_SECRET: must be 32 to 256 characters, as MIDAPI_SESSION_ORIGINS is set";
        assert_eq!(faults(&[("MIDAPI_SESSION_ORIGINS", "https://a.example")]), [unsigned]);
    }

    /// A setting is read with each of the first texts, and refused with each of the others.
    fn judged(name: &'static str, right: &[&str], wrong: &[&str]) {
        for text in right {
            assert_eq!(faults(&[("MIDAPI_SESSION_SECRET", SESSION), (name, text)]), [""; 0], "{name} {text}");
        }
        for text in wrong {
            let faults = faults(&[(name, text)]);
            assert!(faults.len() == 1 && faults.iter().all(|fault| fault.starts_with(name)), "{text} {faults:?}");
            assert!(text.len() < 8 || !faults.concat().contains(text), "{text} {faults:?}");
        }
    }

    #[test]
    fn addresses_are_https_or_on_this_machine() {
        let right = [
            "https://vendor.example:8443/api/v1/mj",
            "https://Vendor.example/",
            "https://a.example:443",
            "http://127.0.0.1:8788",
            "http://localhost/api/v1/mj",
            "http://[::1]:8788",
        ];
        let wrong = [
            // A port that `fetch` connects to nowhere.
            "http://[::1]:1",
            "http://api.midapi.ai",
            "http://127.0.0.1.example",
            "ftp://vendor.example",
            "https://",
            "https://a:b@c.example",
            "https://c.example#x",
            "https://a b.example",
            "https://-a.example",
            "https://a.example:port",
            "https://a.example\\x",
            " https://a.example",
            "c.example",
            "not a URL",
        ];
        for name in ["MIDAPI_UPSTREAM_URL", "MIDAPI_PUBLIC_URL", "MIDAPI_ALERT_URL"] {
            judged(name, &right, &wrong);
        }
        judged("MIDAPI_UPSTREAM_URL", &[], &["https://c.example?x"]);
        judged("MIDAPI_PUBLIC_URL", &[], &["https://c.example?x"]);
        judged("MIDAPI_ALERT_URL", &["https://c.example?x", "http://127.0.0.1:8787/x?y=z"], &[]);
    }

    #[test]
    fn credits_are_whole_and_more_than_none_but_a_browsers_may_be_none() {
        judged("MIDAPI_SESSION_DAILY_CREDITS", &["0"], &[]);
        for name in ["MIDAPI_DAILY_CREDITS", "MIDAPI_SESSIONS_DAILY_CREDITS"] {
            judged(name, &[], &["0"]);
        }
        for name in ["MIDAPI_DAILY_CREDITS", "MIDAPI_SESSION_DAILY_CREDITS", "MIDAPI_SESSIONS_DAILY_CREDITS"] {
            let wrong = ["+1", "-1", " 1", "1 ", "1.5", "1e3", "4294967296", "many", "99999999999999999999"];
            judged(name, &["1", "1000000", "4294967295"], &wrong);
        }
    }

    #[test]
    fn session_origins_are_as_browsers_send_them() {
        let right = ["https://a.example", "https://a.example https://b.example:8443", "http://127.0.0.1:8787"];
        let wrong = [
            "*",
            "https://a.example/",
            "https://a.example:443",
            "http://a.example",
            "https://A.example",
            "https://a.example, https://b.example",
            "https://a.example  https://b.example",
            "https://a.example ",
        ];
        judged("MIDAPI_SESSION_ORIGINS", &right, &wrong);
    }

    #[test]
    fn shares_rise_and_none_comes_twice() {
        let wrong = ["0", "101", "80 50", "50 50", "50,80", "50  80", "half", "+50", "256"];
        judged("MIDAPI_ALERT_PERCENT", &["1", "100", "1 2 100"], &wrong);
        // Also while nobody is told.
        judged("MIDAPI_ALERT_PERCENT", &["50 80 100"], &["150"]);
    }

    #[test]
    fn prices_are_judged_as_the_core_judges_them() {
        let right = ["{}", "{\"fast\": 10}", "{\"video\": [20, 40], \"videoHd\": [0, 0]}", "{\"change\": 4294967295}"];
        let wrong = [
            "[]",
            "{\"fast\": \"10\"}",
            "{\"fast\": 1.5}",
            "{\"fast\": -1}",
            "{\"slow\": 1}",
            "{\"fast\": [2, 1]}",
            "{\"fast\": [1]}",
        ];
        judged("MIDAPI_PRICES", &right, &wrong);
    }

    #[test]
    fn secrets_are_long_enough_to_be_kept() {
        let [short, long] = ["x".repeat(31), "x".repeat(257)];
        judged("MIDAPI_SESSION_SECRET", &[SESSION], &["short", &short, &long]);
        for name in ["MIDAPI_API_KEY", "MIDAPI_TURNSTILE_SECRET"] {
            judged(name, &["8-of-any"], &["7-of-it", "two\nlines", "two words", "käseküche"]);
        }
    }
}
