use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::access::Caller;
use super::archive::ArchiveRules;
use super::bucket::Bucket;
use super::host::{FETCH, console_log};
use super::ledger::{Account, MS_PER_DAY};
use super::session::{SessionHolder, session_holder};
use crate::client::Client;
use crate::core::{Endpoint, Error, Kind, Prices, Secret};
use crate::policy::{Configuration, Faults, Origin, SECRETS, SessionSecret, Setting, Tokens, VARIABLES};
use crate::web::{Fetch, HostTimer, given};

/// What the Worker is set up to be.
pub struct Gateway {
    /// The client of the vendor's account.
    pub client: Client<Fetch, HostTimer>,
    /// The vendor's key.
    pub key: Secret,
    /// Who may call with a token.
    pub tokens: Tokens,
    /// The sessions of pages, if they are allowed.
    pub sessions: Option<Sessions>,
    /// What all may spend in a day.
    pub daily_credits: u32,
    /// What a submit may cost.
    pub prices: Prices,
    /// Who is told of what was spent.
    pub alerts: Option<Alerts>,
    /// The address the vendor can call back at, if it is known: never a request's own, which the caller decides.
    pub public_url: Option<Endpoint>,
    /// Which results are copied: none without a bucket, or without an address for links to the copies.
    pub archive: Option<ArchiveRules>,
    /// Whether no task is to be submitted any more.
    pub stopped: bool,
    values: Values,
}

/// The sessions of pages.
pub struct Sessions {
    /// What signs their cookies.
    pub secret: SessionSecret,
    /// Whose pages may open one.
    pub origins: Vec<Origin>,
    /// What one may spend in a day. 0: a page gets one only for a token.
    pub daily_credits: u32,
    /// What all of them may spend in a day.
    pub all_daily_credits: u32,
    /// The secret that asks Turnstile whether a person is there, if one has to be.
    pub turnstile: Option<Secret>,
    /// What a page shows its widget by.
    pub turnstile_site_key: Option<String>,
}

impl Sessions {
    /// Who has this session, at this network address: nobody, where a browser needs a token and has none that is known.
    pub fn caller(&self, session: &str, network: &str, tokens: &Tokens) -> Option<Caller> {
        match session_holder(session, tokens)? {
            SessionHolder::Token(token) => Some(Caller::of_token(token)),
            SessionHolder::Browser if self.daily_credits == 0 => None,
            SessionHolder::Browser => {
                let address = self.secret.pseudonym(network);
                Some(Caller::of_session(session, &address, self.daily_credits, self.all_daily_credits))
            }
        }
    }
}

/// Who is told when a share of a cap is reached.
pub struct Alerts {
    /// The address to post to.
    pub url: String,
    /// The shares, in percent.
    pub percent: Vec<u8>,
}

/// What the log says of a gateway that can't be called back.
const NO_PUBLIC_URL: &str = r#"{"note":"MIDAPI_PUBLIC_URL is not set: the vendor isn't asked to call back, tasks are looked at on schedule, and no results are kept"}"#;

/// The variables and secrets as they are set, and whether there is a bucket.
#[derive(PartialEq, Eq)]
struct Values {
    texts: Vec<Option<String>>,
    has_bucket: bool,
}

impl Values {
    fn of(env: &JsValue) -> Self {
        let texts = Self::names().map(|name| given(env, name)?.as_string()).collect();
        Self { texts, has_bucket: Bucket::of(env).is_some() }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let at = Self::names().position(|known| known == name)?;
        self.texts.get(at)?.as_deref()
    }

    fn names() -> impl Iterator<Item = &'static str> {
        VARIABLES.iter().chain(&SECRETS).map(|Setting { name, .. }| *name)
    }
}

thread_local! {
    /// One for the life of the isolate: the client remembers which upscale route the vendor has.
    static GATEWAY: RefCell<Option<Rc<Gateway>>> = const { RefCell::new(None) };
    /// The `env` it was read from: reading a dozen variables anew for every request is a tenth of its work.
    static ENV: RefCell<JsValue> = const { RefCell::new(JsValue::UNDEFINED) };
}

/// The gateway its variables describe. Without a usable key, address, policy and cap there is none, and nothing is sent:
/// it fails closed.
pub fn gateway(env: &JsValue) -> Result<Rc<Gateway>, Error> {
    let same = ENV.with_borrow(|known| known == env);
    GATEWAY.with_borrow_mut(|current| {
        if let Some(gateway) = current.as_ref().filter(|_| same) {
            return Ok(gateway.clone());
        }
        let values = Values::of(env);
        ENV.set(env.clone());
        // An object's `env` is another than the Worker's, with the same in it.
        if let Some(gateway) = current.as_ref().filter(|gateway| gateway.values == values) {
            return Ok(gateway.clone());
        }
        *current = None;
        Ok(current.insert(Rc::new(Gateway::of(values)?)).clone())
    })
}

impl Gateway {
    fn of(values: Values) -> Result<Self, Error> {
        let set_up = Configuration::parse(|name| values.get(name).map(str::to_owned));
        let Configuration { variables, secrets } = set_up.map_err(Faults::into_first).map_err(of_the_gateway)?;
        let from_loopback = variables.upstream.is_loopback();
        let client = Client::new(FETCH, HostTimer, variables.upstream, Some(secrets.api_key.clone()));
        // The secret may be there already while no page is allowed.
        let secret = secrets.session.filter(|_| !variables.session_origins.is_empty());
        let client = client.map_err(of_the_gateway)?;
        let archive = variables.public_url.as_ref().filter(|_| values.has_bucket).map(|_| ArchiveRules {
            hosts: variables.file_hosts,
            from_loopback,
            kept_ms: i64::from(variables.files_days) * MS_PER_DAY,
        });
        if variables.public_url.is_none() {
            console_log(NO_PUBLIC_URL);
        }
        Ok(Self {
            // Its callers try again themselves.
            client: client.for_a_gateway(),
            key: secrets.api_key,
            tokens: secrets.tokens,
            sessions: secret.map(|secret| Sessions {
                secret,
                origins: variables.session_origins,
                daily_credits: variables.session_daily_credits,
                all_daily_credits: variables.sessions_daily_credits,
                turnstile: secrets.turnstile,
                turnstile_site_key: variables.turnstile_site_key,
            }),
            daily_credits: variables.daily_credits,
            prices: variables.prices,
            alerts: variables.alert_url.map(|url| Alerts { url, percent: variables.alert_percent }),
            public_url: variables.public_url,
            archive,
            stopped: secrets.stopped,
            values,
        })
    }

    /// The accounts that a caller's submits are charged to, and what each may spend in a day.
    pub fn accounts(&self, caller: &Caller) -> Vec<Account> {
        let all = Account::new("gateway", self.daily_credits);
        caller.accounts.iter().cloned().chain([all]).collect()
    }

    /// What a refusal of the vendor's is to a caller: what is wrong with the gateway's key is no fault of theirs.
    pub fn refused_by_vendor(&self, error: Error) -> Error {
        error.with(|error| {
            self.key.redact(&mut error.message);
            if error.kind == Kind::Unauthorized {
                error.kind = Kind::Misconfigured;
                error.message = "the vendor refused the gateway's key".to_owned();
            }
        })
    }

    /// The origins whose pages may call at all, each with whether its cookies count.
    pub fn page_origin(&self, origin: &str) -> Option<PageOrigin> {
        let of = |origins: &[Origin]| origins.iter().any(|known| known.as_str() == origin);
        if self.sessions.as_ref().is_some_and(|sessions| of(&sessions.origins)) {
            return Some(PageOrigin { credentials: true });
        }
        self.tokens.iter().any(|token| of(&token.origins)).then_some(PageOrigin { credentials: false })
    }
}

/// An origin whose pages may call.
#[derive(Clone, Copy)]
pub struct PageOrigin {
    /// Whether they may send cookies.
    pub credentials: bool,
}

/// A caller is told whose setting it is.
fn of_the_gateway(fault: Error) -> Error {
    fault.with(|fault| fault.message.insert_str(0, "the gateway's "))
}
