use super::json::{Json, Writer};
use super::{Error, Speed};

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
}

/// A submit whose outcome nobody knows: what is needed to ask a gateway about it, plain data to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// The route below `/api/v1/mj/`.
    pub route: String,
    /// The body as it was sent, byte for byte.
    pub body: String,
    /// The key it was sent under.
    pub idempotency_key: String,
}

impl Unresolved {
    /// As JSON, to keep.
    pub fn to_json(&self) -> String {
        Writer::new()
            .text("route", Some(&self.route))
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
        let text = |name| object.as_ref().and_then(|object| object.string(name)).unwrap_or_default();
        let (route, body) = (text("route"), text("body"));
        if !SUBMIT_ROUTES.contains(&route.as_str()) || body.is_empty() {
            return Err(Error::invalid("submit", "must be the `submit` of an error, as it was thrown or stored"));
        }
        let idempotency_key = text("idempotencyKey");
        checked_idempotency_key(&idempotency_key)?;
        Ok(Self { route, body, idempotency_key })
    }
}

/// A key goes into a header: visible ASCII, and not endless.
pub fn checked_idempotency_key(key: &str) -> Result<&str, Error> {
    if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::invalid("idempotencyKey", "must be 1 to 255 visible ASCII characters"));
    }
    Ok(key)
}
