//! The options of calls and of the client, read before anything is sent: a mistake in them must not cost a task. A
//! misspelt option is refused by its name.

use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortSignal, Url};

use super::log::LogLevel;
use super::value::{from_js, given_of};
use crate::client::DEFAULT_WAIT_MS;
use crate::core::decode::from_object;
use crate::core::{Endpoint, Error, Given, History, Prices, Secret, de};
use crate::web::given;

/// The options that calls have, each with its rule; which of them a call has, it says itself.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CallOptions {
    #[serde(deserialize_with = "de::idempotency_key")]
    pub idempotency_key: Option<String>,
    #[serde(deserialize_with = "de::milliseconds")]
    pub timeout: Option<i64>,
    #[serde(deserialize_with = "de::text")]
    pub water_mark: Option<String>,
    #[serde(deserialize_with = "de::link")]
    pub call_back_url: Option<String>,
    #[serde(deserialize_with = "de::optional_prompt")]
    pub prompt: Option<String>,
    #[serde(deserialize_with = "de::whole::<_, 1, 100>")]
    pub concurrency: Option<u16>,
    #[serde(deserialize_with = "de::boolean")]
    pub archived: Option<bool>,
    #[serde(deserialize_with = "de::bytes")]
    pub max_bytes: Option<u64>,
}

impl CallOptions {
    /// Reads the options of a call that has these; `null` and `undefined` for none.
    pub fn read(value: &JsValue, known: &'static [&'static str]) -> Result<Self, Error> {
        if value.is_undefined() || value.is_null() {
            return Ok(Self::default());
        }
        let given = given_of(value).map_err(|error| error.in_field("options"))?;
        if let Some(unknown) = given.names().find(|name| !known.contains(name)) {
            return Err(Error::unknown_field(unknown, known));
        }
        from_object(given, "options")
    }

    /// Whether a task is waited for until its files are copied.
    pub fn archived(&self) -> bool {
        self.archived.unwrap_or_default()
    }

    /// How long a task is waited for.
    pub fn timeout_ms(&self) -> i64 {
        self.timeout.unwrap_or(DEFAULT_WAIT_MS)
    }
}

/// The options of the client itself.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientOptions {
    #[serde(deserialize_with = "de::any_text")]
    endpoint: Option<String>,
    #[serde(deserialize_with = "de::any_text")]
    api_key: Option<String>,
    history: History,
    #[serde(deserialize_with = "de::optional_word")]
    pub log_level: Option<LogLevel>,
    /// These two are no data, and come apart.
    #[serde(rename = "fetch")]
    _fetch: IgnoredAny,
    #[serde(rename = "logger")]
    _logger: IgnoredAny,
    /// Read when somebody asks about prices.
    #[serde(rename = "prices")]
    _prices: IgnoredAny,
    /// Minded by the class itself.
    #[serde(rename = "dangerouslyAllowBrowser")]
    _dangerously_allow_browser: IgnoredAny,
}

impl ClientOptions {
    /// Reads what the constructor was given.
    pub fn read(given: &JsValue) -> Result<Self, Error> {
        let read = || {
            let options = given_of(given).map_err(|error| error.in_field("options"))?;
            for name in ["endpoint", "apiKey"] {
                // Where one is set but empty, another than the caller means would be used.
                if options.field(name) == Some(&Given::Nothing) {
                    return Err(Error::invalid(name, "must not be null"));
                }
            }
            from_object(options, "options")
        };
        read().map_err(|error| {
            let field = error.field.clone().unwrap_or_default();
            let is_endpoint = ["baseurl", "base_url", "url", "host"].contains(&field.to_ascii_lowercase().as_str());
            let must = if is_endpoint { "unknown field; did you mean endpoint?" } else { error.sentence() };
            Error::misconfigured(&field, must)
        })
    }

    /// Where to send requests, with which key.
    pub fn account(&self) -> Result<(Endpoint, Option<Secret>), Error> {
        let key = self.api_key.as_ref().map(|key| Secret::new(key)).transpose()?;
        let endpoint = match &self.endpoint {
            Some(endpoint) => &absolute(endpoint),
            None if key.is_some() => Endpoint::VENDOR,
            None => {
                let must = "is required without an endpoint; is the variable it comes from set?";
                return Err(Error::misconfigured("apiKey", must));
            }
        };
        Ok((Endpoint::new(endpoint, key.is_some())?, key))
    }

    pub fn history(self) -> History {
        self.history
    }
}

/// In a page an endpoint may be relative to it, such as "/api/v1/mj". What is no URL comes out empty, which is refused.
fn absolute(endpoint: &str) -> String {
    let base = given(&js_sys::global(), "location").and_then(|location| given(&location, "href")?.as_string());
    let url = match base {
        Some(base) => Url::new_with_base(endpoint, &base),
        None => Url::new(endpoint),
    };
    url.map(|url| url.href()).unwrap_or_default()
}

/// A caller's own prices; `undefined` for none.
pub fn prices(value: &JsValue) -> Result<Prices, Error> {
    if value.is_undefined() {
        return Ok(Prices::default());
    }
    from_js(value, "prices").map_err(|_| Prices::wrong())
}

/// A caller's signal, by its shape: one of another realm or of a polyfill is one, too.
pub fn signal(value: JsValue) -> Result<Option<AbortSignal>, Error> {
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    let is_signal = value.is_object()
        && given(&value, "aborted").is_some_and(|aborted| aborted.as_bool().is_some())
        && given(&value, "addEventListener").is_some_and(|method| method.is_function());
    if is_signal { Ok(Some(value.unchecked_into())) } else { Err(Error::invalid("signal", "must be an AbortSignal")) }
}

/// A caller's function, such as one that sees every update.
pub fn function(name: &str, value: JsValue) -> Result<Option<js_sys::Function>, Error> {
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    value.dyn_into().map(Some).map_err(|_| Error::invalid(name, "must be a function"))
}
