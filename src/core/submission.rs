use alloc::string::String;

use super::json::{Json, Writer};
use super::{Error, Speed};
#[cfg(feature = "gateway")]
use super::{json::quoted, text::concat};

/// A submit that passed every rule: a route, and the body that goes there. What creates a task and spends credits goes
/// through one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    pub(crate) route: &'static str,
    pub(crate) body: String,
    /// The same submit for a server that answers the route with 404.
    pub(crate) instead: Option<(&'static str, String)>,
    pub(crate) task_type: Option<String>,
    pub(crate) speed: Option<Speed>,
}

/// The routes that create tasks, below `/api/v1/mj/`.
pub const SUBMIT_ROUTES: [&str; 5] = ["generate", "upscale", "generateUpscale", "generateVary", "generateVideoExtend"];

impl Submission {
    /// The route below `/api/v1/mj/`.
    pub fn route(&self) -> &'static str {
        self.route
    }

    /// The JSON body.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The same submit with the result posted to this URL, unless it names another.
    #[cfg(feature = "gateway")]
    pub(crate) fn called_back_at(self, url: &str) -> Self {
        let with = |body: String| match Json::of(&body).object() {
            Some(fields) if fields.given("callBackUrl").is_none() => {
                let start = body.strip_suffix('}').unwrap_or(&body);
                concat(&[start, ",\"callBackUrl\":", &quoted(url), "}"])
            }
            _ => body,
        };
        Self { body: with(self.body), instead: self.instead.map(|(route, body)| (route, with(body))), ..self }
    }
}

/// A submit whose outcome nobody knows: what is needed to ask a gateway about it, plain data to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    pub(crate) route: &'static str,
    pub(crate) body: String,
    pub(crate) idempotency_key: String,
}

impl Unresolved {
    /// Takes one of [`SUBMIT_ROUTES`], the body as it was sent, byte for byte, and the key it was sent under.
    pub fn new(route: &str, body: impl Into<String>, idempotency_key: impl Into<String>) -> Result<Self, Error> {
        let (body, idempotency_key) = (body.into(), idempotency_key.into());
        let route = SUBMIT_ROUTES.into_iter().find(|known| *known == route && !body.is_empty());
        let route = route.ok_or_else(|| {
            Error::invalid(
                "submit",
                "must be the `submit` of an error, as it was thrown or stored; without one nobody can be asked",
            )
        })?;
        checked_idempotency_key(&idempotency_key)?;
        Ok(Self { route, body, idempotency_key })
    }

    /// The route below `/api/v1/mj/`.
    pub fn route(&self) -> &'static str {
        self.route
    }

    /// The body as it was sent, byte for byte.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The key it was sent under.
    pub fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    /// As JSON, to keep.
    pub fn to_json(&self) -> String {
        Writer::new()
            .text("route", Some(self.route))
            .text("body", Some(&self.body))
            .text("idempotencyKey", Some(&self.idempotency_key))
            .end()
    }

    /// Reads what [`Unresolved::to_json`] gave.
    pub fn parse(json: &str) -> Result<Self, Error> {
        Self::decode(Json::of(json))
    }

    pub(crate) fn decode(json: Json<'_>) -> Result<Self, Error> {
        let object = json.object();
        let text = |name| object.as_ref().and_then(|object| object.text(name)).unwrap_or_default();
        Self::new(&text("route"), text("body"), text("idempotencyKey"))
    }
}

/// A key goes into a header: visible ASCII, and not endless.
pub fn checked_idempotency_key(key: &str) -> Result<&str, Error> {
    if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::invalid("idempotencyKey", "must be 1 to 255 visible ASCII characters"));
    }
    Ok(key)
}
