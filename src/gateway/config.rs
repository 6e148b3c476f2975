use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::access::{Subject, Token, tokens};
use super::browser::is_origin;
use super::session::SessionSecret;
use crate::client::Client;
use crate::core::{Account, Endpoint, Error, History, Kind, Prices, Secret};
use crate::web::{Fetch, HostTimer, given};

/// What the Worker is set up to be.
pub struct Gateway {
    /// The client of the vendor's account.
    pub client: Client<Fetch, HostTimer>,
    /// The vendor's key.
    pub key: Secret,
    /// Who may call with a token.
    pub tokens: Vec<Token>,
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
    /// Whether no task is to be submitted any more.
    pub stopped: bool,
    values: Values,
}

/// The sessions of pages.
pub struct Sessions {
    /// What signs their cookies.
    pub secret: SessionSecret,
    /// Whose pages may open one.
    pub origins: Vec<String>,
    /// What one may spend in a day.
    pub daily_credits: u32,
    /// What all of them may spend in a day.
    pub all_daily_credits: u32,
    /// The secret that asks Turnstile whether a person is there, if one has to be.
    pub turnstile: Option<Secret>,
}

impl Sessions {
    /// Who has this session, at this network address.
    pub fn subject(&self, session: &str, network: &str) -> Subject {
        let address = self.secret.pseudonym(network);
        Subject::of_session(session, &address, self.daily_credits, self.all_daily_credits)
    }
}

/// Who is told when a share of a cap is reached.
pub struct Alerts {
    /// The address to post to.
    pub url: String,
    /// The shares, in percent.
    pub percent: Vec<i64>,
}

const NAMES: [&str; 14] = [
    "MIDAPI_API_KEY",
    "MIDAPI_UPSTREAM_URL",
    "MIDAPI_PUBLIC_URL",
    "MIDAPI_TOKENS",
    "MIDAPI_SESSION_SECRET",
    "MIDAPI_SESSION_ORIGINS",
    "MIDAPI_SESSION_DAILY_CREDITS",
    "MIDAPI_SESSIONS_DAILY_CREDITS",
    "MIDAPI_TURNSTILE_SECRET",
    "MIDAPI_DAILY_CREDITS",
    "MIDAPI_PRICES",
    "MIDAPI_ALERT_URL",
    "MIDAPI_ALERT_PERCENT",
    "MIDAPI_STOPPED",
];

/// The variables and secrets as they are set; blank is unset.
#[derive(PartialEq, Eq)]
struct Values([Option<String>; 14]);

impl Values {
    fn of(env: &JsValue) -> Self {
        let value = |name| given(env, name)?.as_string().filter(|value| !value.trim_ascii().is_empty());
        Self(NAMES.map(value))
    }

    fn get(&self, name: &str) -> Option<&str> {
        let at = NAMES.iter().position(|known| *known == name)?;
        self.0.get(at)?.as_deref()
    }

    fn words(&self, name: &str) -> Vec<String> {
        self.get(name).unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect()
    }

    /// A number of credits, which must be set.
    fn credits(&self, name: &str) -> Result<u32, Error> {
        let credits = self.get(name).and_then(|credits| credits.trim_ascii().parse().ok());
        credits.ok_or_else(|| misconfigured(&format!("variable {name} must be a whole number of credits")))
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
        let key = Secret::new(values.get("MIDAPI_API_KEY").unwrap_or_default())
            .map_err(|_| misconfigured("secret MIDAPI_API_KEY is missing or malformed"))?;
        let wrong = |name: &str, error: &Error| misconfigured(&format!("variable {name} is wrong: {error}"));
        let endpoint = Endpoint::upstream(values.get("MIDAPI_UPSTREAM_URL").unwrap_or(Endpoint::VENDOR))
            .map_err(|error| wrong("MIDAPI_UPSTREAM_URL", &error))?;
        let tokens = values.get("MIDAPI_TOKENS").map(tokens).transpose()?.unwrap_or_default();
        let sessions = sessions(&values)?;
        if tokens.is_empty() && sessions.is_none() {
            let policy = "needs to know who may call: set the secret MIDAPI_TOKENS, or MIDAPI_SESSION_ORIGINS";
            return Err(Error::new(Kind::Misconfigured, format!("the gateway {policy}")));
        }
        let public_url = values.get("MIDAPI_PUBLIC_URL").map(|url| Endpoint::new(url, true)).transpose();
        let prices = Prices::parse(values.get("MIDAPI_PRICES").unwrap_or("{}"));
        // Its callers try again themselves.
        let account = Account::new(endpoint, Some(key.clone()), History::default()).for_a_gateway();
        Ok(Self {
            client: Client::of(Fetch, HostTimer, account),
            key,
            tokens,
            sessions,
            daily_credits: values.credits("MIDAPI_DAILY_CREDITS")?,
            prices: prices.map_err(|error| wrong("MIDAPI_PRICES", &error))?,
            alerts: alerts(&values)?,
            public_url: public_url.map_err(|error| wrong("MIDAPI_PUBLIC_URL", &error))?,
            stopped: values.get("MIDAPI_STOPPED").is_some(),
            values,
        })
    }

    /// The accounts that a subject's submits are charged to, and what each may spend in a day.
    pub fn accounts(&self, subject: &Subject) -> Vec<(String, u32)> {
        let all = ("gateway".to_owned(), self.daily_credits);
        subject.accounts.iter().cloned().chain([all]).collect()
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
        let of = |origins: &[String]| origins.iter().any(|known| known == origin);
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

fn sessions(values: &Values) -> Result<Option<Sessions>, Error> {
    let origins = values.words("MIDAPI_SESSION_ORIGINS");
    if origins.is_empty() {
        return Ok(None);
    }
    if !origins.iter().all(|origin| is_origin(origin)) {
        let must = "must hold origins as a browser sends them, such as https://studio.example";
        return Err(misconfigured(&format!("variable MIDAPI_SESSION_ORIGINS {must}")));
    }
    let secret = SessionSecret::new(values.get("MIDAPI_SESSION_SECRET").unwrap_or_default());
    let turnstile = values.get("MIDAPI_TURNSTILE_SECRET").map(Secret::new).transpose();
    Ok(Some(Sessions {
        secret: secret.ok_or_else(|| misconfigured("secret MIDAPI_SESSION_SECRET must be 32 to 256 characters"))?,
        origins,
        daily_credits: values.credits("MIDAPI_SESSION_DAILY_CREDITS")?,
        all_daily_credits: values.credits("MIDAPI_SESSIONS_DAILY_CREDITS")?,
        turnstile: turnstile.map_err(|_| misconfigured("secret MIDAPI_TURNSTILE_SECRET is malformed"))?,
    }))
}

fn alerts(values: &Values) -> Result<Option<Alerts>, Error> {
    let Some(url) = values.get("MIDAPI_ALERT_URL") else { return Ok(None) };
    // Of an endpoint the same is asked: https, or http on this machine.
    Endpoint::new(url.split('?').next().unwrap_or_default(), true)
        .map_err(|_| misconfigured("variable MIDAPI_ALERT_URL must be an https URL"))?;
    let percent: Option<Vec<_>> =
        values.words("MIDAPI_ALERT_PERCENT").iter().map(|percent| percent.parse().ok()).collect();
    let percent = percent.filter(|percent| percent.iter().all(|percent| (1..=100).contains(percent)));
    let must = "variable MIDAPI_ALERT_PERCENT must hold whole numbers from 1 to 100";
    Ok(Some(Alerts { url: url.to_owned(), percent: percent.ok_or_else(|| misconfigured(must))? }))
}

fn misconfigured(what: &str) -> Error {
    Error::new(Kind::Misconfigured, format!("the gateway's {what}"))
}
