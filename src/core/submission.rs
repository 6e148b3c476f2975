use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

use super::link::PrivateLink;
use super::terms::Word;
use super::{Error, Given, Speed, Task, TaskType, decode};

/// The routes that create tasks, below `/api/v1/mj/`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, IntoStaticStr, VariantArray, VariantNames,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum SubmitRoute {
    /// A new task from a prompt.
    Generate,
    /// An upscale, in the quick start's form.
    Upscale,
    /// An upscale, in the reference's form.
    GenerateUpscale,
    /// Variations.
    GenerateVary,
    /// A longer video.
    GenerateVideoExtend,
}

/// A submit that passed every rule: a route, and the body that goes there. What creates a task and spends credits goes
/// through one of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Submission {
    pub(crate) form: SubmitForm,
    /// The same submit for a server that answers the first form with 404.
    pub(crate) alternative: Option<SubmitForm>,
    pub(crate) task_type: Option<String>,
    #[serde(default, deserialize_with = "super::de::lenient_word")]
    pub(crate) speed: Option<Speed>,
    /// The type whose prices count.
    #[serde(default, deserialize_with = "super::de::lenient_word")]
    pub(crate) price_type: Option<TaskType>,
    /// The speeds that Midjourney's own flags in the prompt ask for.
    #[serde(skip)]
    pub(crate) flagged_speeds: Vec<Speed>,
    #[serde(skip)]
    pub(crate) private_link: Option<PrivateLink>,
}

/// A route, and the JSON body in the form that it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SubmitForm {
    pub route: SubmitRoute,
    pub body: String,
}

impl SubmitForm {
    pub fn new(route: SubmitRoute, body: &impl Serialize) -> Self {
        // What the crate's own types hold is always JSON.
        Self { route, body: serde_json::to_string(body).unwrap_or_default() }
    }
}

impl Submission {
    /// The route below `/api/v1/mj/`.
    pub fn route(&self) -> &'static str {
        self.form.route.as_str()
    }

    /// The JSON body.
    pub fn body(&self) -> &str {
        &self.form.body
    }

    /// Refuses a link into a private network: whoever fetches it would look into their own. A server on this machine may
    /// be given links to this machine, as in development.
    pub fn check_links(&self, server_is_loopback: bool) -> Result<(), Error> {
        match &self.private_link {
            Some(link) if !(link.is_loopback && server_is_loopback) => {
                let must = format!("must be on the public internet, and {} is not", link.host);
                Err(Error::invalid(link.field, &must))
            }
            _ => Ok(()),
        }
    }

    /// The same submit with the result posted to this URL, or nowhere, whatever address its caller named.
    #[cfg(feature = "gateway")]
    pub(crate) fn called_back_at(mut self, url: Option<&str>) -> Self {
        for form in [Some(&mut self.form), self.alternative.as_mut()].into_iter().flatten() {
            let Ok(mut body) = serde_json::from_str::<serde_json::Map<_, serde_json::Value>>(&form.body) else {
                continue;
            };
            match url {
                Some(url) => body.insert("callBackUrl".to_owned(), url.into()),
                None => body.remove("callBackUrl"),
            };
            *form = SubmitForm::new(form.route, &body);
        }
        self
    }
}

/// A submit whose outcome nobody knows: what is needed to ask a gateway about it, plain data to keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnknownSubmit {
    pub(crate) route: SubmitRoute,
    pub(crate) body: String,
    pub(crate) idempotency_key: String,
}

impl UnknownSubmit {
    /// Takes one of the submit routes, the body as it was sent, byte for byte, and the key it was sent under.
    pub fn new(route: &str, body: impl Into<String>, idempotency_key: impl Into<String>) -> Result<Self, Error> {
        let route = SubmitRoute::from_word(route).ok_or_else(Self::is_none)?;
        Self { route, body: body.into(), idempotency_key: idempotency_key.into() }.checked()
    }

    /// The route below `/api/v1/mj/`.
    pub fn route(&self) -> &'static str {
        self.route.as_str()
    }

    /// The body as it was sent, byte for byte.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The key it was sent under.
    pub fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    /// What a submit of this form leaves while nobody knows its outcome.
    pub(crate) fn of(form: &SubmitForm, idempotency_key: &str) -> Self {
        Self { route: form.route, body: form.body.clone(), idempotency_key: idempotency_key.to_owned() }
    }

    /// The task that the submit turned out to have created, with what its body says of it.
    pub(crate) fn task(&self, task_id: String) -> Task {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Ordered {
            #[serde(deserialize_with = "super::de::lenient_text")]
            task_type: Option<String>,
            #[serde(deserialize_with = "super::de::lenient_word")]
            speed: Option<Speed>,
        }
        let Ordered { task_type, speed } = decode::given(&self.body).and_then(decode::lenient).unwrap_or_default();
        Task { task_type, speed, ..Task::running(task_id) }
    }

    /// Reads it from JSON.
    pub fn parse(json: &str) -> Result<Self, Error> {
        Self::given(decode::given(json).unwrap_or(Given::Nothing))
    }

    /// What a caller has kept of one.
    pub(crate) fn given(submit: Given) -> Result<Self, Error> {
        let text = |name| submit.field(name).cloned().and_then(Given::into_text).unwrap_or_default();
        Self::new(&text("route"), text("body"), text("idempotencyKey"))
    }

    fn checked(self) -> Result<Self, Error> {
        if self.body.is_empty() {
            return Err(Self::is_none());
        }
        checked_idempotency_key(&self.idempotency_key)?;
        Ok(self)
    }

    fn is_none() -> Error {
        let must = "must be the `submit` of an error, as it was thrown or stored; without one nobody can be asked";
        Error::invalid("submit", must)
    }
}

/// A key goes into a header: visible ASCII, and not endless.
pub fn checked_idempotency_key(key: &str) -> Result<&str, Error> {
    if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::invalid("idempotencyKey", "must be 1 to 255 visible ASCII characters"));
    }
    Ok(key)
}
