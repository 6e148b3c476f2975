use super::setting::Reader;
use super::{Setting, Tokens};
use crate::core::{Error, Secret};

const API_KEY: Setting = Setting::required("MIDAPI_API_KEY", "8 or more visible ASCII characters");
pub(super) const TOKENS: Setting = Setting::optional("MIDAPI_TOKENS", "the text of tokens.json");
pub(super) const SESSION_SECRET: Setting = Setting::optional("MIDAPI_SESSION_SECRET", "32 to 256 characters");
const TURNSTILE_SECRET: Setting = Setting::optional("MIDAPI_TURNSTILE_SECRET", API_KEY.must);
const STOPPED: Setting = Setting::optional("MIDAPI_STOPPED", "any text");

/// Every secret.
pub const SECRETS: [Setting; 5] = [API_KEY, TOKENS, SESSION_SECRET, TURNSTILE_SECRET, STOPPED];

/// What only the owner of a gateway knows of how it is set up.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// The vendor's key.
    pub api_key: Secret,
    /// Who may call with a token.
    pub tokens: Tokens,
    /// What signs the cookies of sessions.
    pub session: Option<SessionSecret>,
    /// What asks Turnstile whether a person is there, if one has to be.
    pub turnstile: Option<Secret>,
    /// Whether no task is to be submitted any more.
    pub stopped: bool,
}

/// What signs the cookies of sessions.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionSecret(String);

impl SessionSecret {
    /// Takes 32 to 256 characters.
    pub fn new(secret: &str) -> Option<Self> {
        (32..=256).contains(&secret.len()).then(|| Self(secret.to_owned()))
    }

    /// The secret itself, for the one place that signs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SessionSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SessionSecret([redacted])")
    }
}

impl Secrets {
    pub(super) fn read<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>) -> Option<Self> {
        let api_key = reader.read(&API_KEY, |text| Secret::new(text).ok());
        let tokens = reader.try_read(&TOKENS, |text| {
            Tokens::parse(text).map_err(|error| Error::misconfigured(TOKENS.name, &error.message))
        });
        let session = reader.read(&SESSION_SECRET, SessionSecret::new);
        let turnstile = reader.read(&TURNSTILE_SECRET, |text| Secret::new(text).ok());
        let stopped = reader.read(&STOPPED, |_| Some(())).is_some();
        Some(Self { api_key: api_key?, tokens: tokens.unwrap_or_default(), session, turnstile, stopped })
    }
}
