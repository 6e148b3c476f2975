use js_sys::Date;
use wasm_bindgen::JsValue;
use web_sys::{Request, Url};

use super::access::{Subject, forbidden};
use super::config::Gateway;
use super::host::{object, random_id, within};
use super::job_object::LEDGER;
use super::ledger::{MS_PER_DAY, day};
use super::log::Entry;
use super::order::{ID_CHARS, Order};
use super::reply::{self, Told, unknown_task};
use super::turnstile;
use super::visit::Visit;
use crate::core::json::{Json, Writer, is_json, list, quoted};
use crate::core::{
    ChangeRequest, Error, Operation, SUBMIT_ROUTES, Submission, checked_idempotency_key, checked_task_id, generate,
};
use crate::policy::Permission;
use crate::web::{Unreadable, read_text};

/// The longest body a caller may send: many times the longest prompt with a handful of links.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The length of the rate limits' windows, in seconds: see `wrangler.toml`.
const WINDOW_S: u32 = 10;

/// What a caller may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// One of [`SUBMIT_ROUTES`].
    Submit(&'static str),
    RecordInfo,
    /// The credits of the vendor's account.
    Credits,
    /// What the caller has spent today, and may.
    Usage,
    /// A page's session.
    Session,
    /// The vendor's callback, at the address it was given for one job.
    Callback,
    /// Whether the gateway can be used at all.
    Health,
}

const PREFIX: &str = "/api/v1/";

/// The job's id and the token in the path of a callback.
fn callback(name: &str) -> Option<(&str, &str)> {
    let (id, token) = name.strip_prefix("callback/")?.split_once('/')?;
    let fits = |part: &str| {
        part.len() == ID_CHARS && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    (fits(id) && fits(token)).then_some((id, token))
}

/// The answer to every path that is none.
pub fn no_such_route() -> Error {
    Error::refused(Operation::Read, 404, "no such route".to_owned())
}

/// A request on its way to its answer.
pub struct Inquiry<'a> {
    pub gateway: &'a Gateway,
    pub env: &'a JsValue,
    pub request: &'a Request,
    pub url: &'a Url,
    pub visit: &'a Visit,
    pub entry: &'a mut Entry,
    /// The cookie to set with the answer.
    pub cookie: Option<String>,
}

/// An outcome of the gateway's, unless the runtime fails it.
type Outcome<T> = Result<Result<T, Error>, JsValue>;

/// Returns the refusal, or goes on with the value.
macro_rules! or_refuse {
    ($outcome:expr) => {
        match $outcome {
            Ok(value) => value,
            Err(error) => return Ok(Err(error)),
        }
    };
}

impl Route {
    /// The route of a path, compared as it is: no other spelling of it is one.
    pub fn of(path: &str) -> Option<Self> {
        match path.strip_prefix(PREFIX)? {
            "mj/record-info" => Some(Self::RecordInfo),
            "common/credit" => Some(Self::Credits),
            "usage" => Some(Self::Usage),
            "session" => Some(Self::Session),
            "health" => Some(Self::Health),
            name if callback(name).is_some() => Some(Self::Callback),
            name => {
                let name = name.strip_prefix("mj/")?;
                SUBMIT_ROUTES.into_iter().find(|route| *route == name).map(Self::Submit)
            }
        }
    }

    pub const fn method(self) -> &'static str {
        match self {
            Self::Submit(_) | Self::Session | Self::Callback => "POST",
            _ => "GET",
        }
    }

    /// What a log calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submit(route) => route,
            Self::RecordInfo => "record-info",
            Self::Credits => "credit",
            Self::Usage => "usage",
            Self::Session => "session",
            Self::Callback => "callback",
            Self::Health => "health",
        }
    }
}

impl Inquiry<'_> {
    /// Does what the request asks for, if it may. `body` is the request's, or why it can't be read.
    pub async fn answer(&mut self, route: Route, body: Result<String, Error>) -> Outcome<Told> {
        if route == Route::Health {
            return Ok(Ok(Told::of(Writer::new().boolean("idempotencyKeys", Some(true)).end())));
        }
        or_refuse!(self.visit.browser.check_mode());
        if route == Route::Callback {
            return self.called_back(body).await;
        }
        let spends = route.method() == "POST";
        let subject = self.visit.subject(self.gateway, spends, Date::now() as i64);
        // One bucket a request: a token's own, wherever it is used; of everybody else the network's.
        match subject.as_ref().ok().filter(|subject| subject.has_token()) {
            Some(subject) => or_refuse!(self.limited(spends, &subject.id, "this caller").await?),
            None => {
                let network = ["address:", &self.visit.network()].concat();
                or_refuse!(self.limited(spends, &network, "this network address").await?);
            }
        }
        let body = or_refuse!(body);
        // A session needs none.
        if spends && !(route == Route::Session && body.is_empty()) {
            or_refuse!(check_json(self.request, &body));
        }
        #[cfg(feature = "crash")]
        crate::crash::crash_if(r#"{"taskType":"mj_txt2img","prompt":"crash"}"#, &body);
        if route == Route::Session {
            return self.session(&body).await;
        }
        let subject = or_refuse!(subject);
        self.entry.subject.clone_from(&subject.name);
        match route {
            Route::Submit(route) => self.submit(&subject, route, &body).await,
            Route::RecordInfo => self.look(&subject).await,
            Route::Credits => {
                or_refuse!(subject.check(Permission::Credits));
                let sent_at = Date::now();
                let credits = self.gateway.client.credits().await;
                self.entry.upstream_ms = Some((Date::now() - sent_at) as i64);
                Ok(credits.map(Told::of).map_err(|error| self.gateway.refused_by_vendor(error)))
            }
            _ => self.usage(&subject).await,
        }
    }

    async fn limited(&self, spends: bool, key: &str, whose: &str) -> Outcome<()> {
        let limit = if spends { "SUBMIT_LIMIT" } else { "READ_LIMIT" };
        if within(self.env, limit, key).await? {
            return Ok(Ok(()));
        }
        let message = format!("too many requests by {whose}; nothing was sent");
        Ok(Err(Error::refused(Operation::Read, 429, message).with(|error| error.retry_after = Some(WINDOW_S))))
    }

    async fn submit(&mut self, subject: &Subject, route: &'static str, body: &str) -> Outcome<Told> {
        or_refuse!(subject.check(Permission::of_route(route)));
        let key = self.request.headers().get("Idempotency-Key")?;
        or_refuse!(key.as_deref().map(checked_idempotency_key).transpose());
        let submission = or_refuse!(self.wanted(subject, route, body).await?);
        or_refuse!(subject.check_callback(submission.body()));
        let order = Order::new(self.gateway, subject, submission, key.as_deref());
        let reply = object(self.env, "JOBS", &order.id)?.submit(&order.to_json()).await?;
        self.told(&reply)
    }

    /// The submit a body asks for, about the vendor's own task where it starts from one.
    async fn wanted(&self, subject: &Subject, route: &str, body: &str) -> Outcome<Submission> {
        let Some(change) = ChangeRequest::parse(route, body) else { return Ok(generate(body)) };
        let change = or_refuse!(change);
        let task = object(self.env, "JOBS", &change.task_id)?.vendor_id(&subject.id).await?;
        let Some(task_id) = task.as_string().filter(|id| !id.is_empty()) else { return Ok(Err(unknown_task())) };
        Ok(ChangeRequest { task_id, ..change }.submission())
    }

    async fn look(&mut self, subject: &Subject) -> Outcome<Told> {
        let id = self.url.search_params().get("taskId").unwrap_or_default();
        or_refuse!(checked_task_id(&id));
        let reply = object(self.env, "JOBS", &id)?.look(&subject.id).await?;
        self.told(&reply)
    }

    fn told(&mut self, reply: &JsValue) -> Outcome<Told> {
        let reply = reply.as_string().and_then(|reply| reply::parse(&reply));
        let reply = reply.ok_or_else(|| JsValue::from_str("malformed reply of a job"))?;
        if let Ok(told) = &reply {
            (self.entry.upstream_ms, self.entry.credits) = (told.upstream_ms, told.credits);
        }
        Ok(reply)
    }

    /// Whoever knows the address is the vendor, or was told by it. What is posted is no more than a reason to look.
    async fn called_back(&self, body: Result<String, Error>) -> Outcome<Told> {
        let network = ["callback:", &self.visit.network()].concat();
        or_refuse!(self.limited(false, &network, "this network address").await?);
        let body = or_refuse!(body);
        let path = self.url.pathname();
        let (id, token) = path.strip_prefix(PREFIX).and_then(callback).unwrap_or_default();
        let ours = object(self.env, "JOBS", id)?.called_back(token, &body).await?;
        if ours.is_truthy() { Ok(Ok(Told::of("null".to_owned()))) } else { Ok(Err(no_such_route())) }
    }

    async fn usage(&self, subject: &Subject) -> Outcome<Told> {
        let accounts = self.gateway.accounts(subject);
        let names = list(&mut accounts.iter().map(|(name, _)| quoted(name)));
        let spent = object(self.env, "LEDGER", LEDGER)?.spent(&names).await?.as_string().unwrap_or_default();
        let spent: Vec<_> =
            Json::of(&spent).items().unwrap_or_default().iter().filter_map(|spent| spent.whole()).collect();
        let left = accounts.iter().zip(&spent).map(|((_, cap), spent)| (i64::from(*cap) - spent).max(0)).min();
        let usage = Writer::new()
            .whole("dailyCredits", accounts.first().map(|(_, cap)| i64::from(*cap)))
            .whole("spent", spent.first().copied())
            .whole("left", left)
            .whole("resetsAt", Some((day(Date::now() as i64) + 1) * MS_PER_DAY));
        Ok(Ok(Told::of(usage.end())))
    }

    /// Opens a session for a page, or renews the one it has.
    async fn session(&mut self, body: &str) -> Outcome<Told> {
        let Some(sessions) = &self.gateway.sessions else {
            return Ok(Err(forbidden("origin", "this gateway has no sessions for pages; use a token")));
        };
        or_refuse!(self.visit.browser.check_cookie_origin(&sessions.origins, true));
        let now = Date::now() as i64;
        let id = match (self.visit.session(self.gateway, now), &sessions.turnstile) {
            (Some(id), _) => id,
            (None, turnstile) => {
                if let Some(secret) = turnstile {
                    or_refuse!(turnstile::check(sessions, secret, body, self.visit.connecting_ip.as_deref()).await);
                }
                random_id(16)
            }
        };
        self.cookie = Some(sessions.secret.cookie(&id, now / 1000, self.visit.secure));
        self.usage(&sessions.subject(&id, &self.visit.network())).await
    }
}

/// The body of a request. It is read before anything else is looked at, as an unread one costs the connection.
pub async fn body_text(request: &Request) -> Result<String, Error> {
    read_text(request.body(), MAX_BODY_BYTES).await.map_err(|reason| match reason {
        Unreadable::Overlong => unreadable(413, &format!("must be at most {MAX_BODY_BYTES} bytes")),
        Unreadable::NotUtf8 => unreadable(400, "must be UTF-8"),
        Unreadable::Broken => unreadable(400, "broke off before its end"),
    })
}

fn unreadable(code: i64, must: &str) -> Error {
    Error::invalid("body", must).with(|error| error.code = Some(code))
}

/// Refuses a body that is no JSON, or isn't said to be.
fn check_json(request: &Request, text: &str) -> Result<(), Error> {
    // A page of another origin can send any body, but not with this type: its browser asks first, and is refused.
    let content_type = request.headers().get("Content-Type").ok().flatten().unwrap_or_default();
    if !content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(unreadable(415, "must be sent with Content-Type: application/json"));
    }
    if is_json(text) { Ok(()) } else { Err(unreadable(400, "must be JSON")) }
}
