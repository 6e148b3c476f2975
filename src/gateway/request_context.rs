use serde::Serialize;
use serde_with::skip_serializing_none;
use wasm_bindgen::JsValue;
use web_sys::{Request, Url};

use super::access::{Caller, forbidden, unauthorized};
use super::client_headers::ClientHeaders;
use super::config::Gateway;
use super::handler_error::HandlerError;
use super::host::{is_within_limit, random_id};
use super::job_directory::{find_job, remember_job};
use super::job_reply::{JobReply, unknown_task};
use super::ledger::{MS_PER_DAY, day};
use super::log_line::LogLine;
use super::reply::Reply;
use super::request_body::{Body, check_json};
use super::route::{Route, callback_of, no_such_route};
use super::session::session_of_token;
use super::stub::{JobStub, LedgerStub};
use super::submit_order::{Origin, SubmitOrder};
use super::turnstile;
use crate::client::Timer;
use crate::core::{
    ChangeRequest, Error, Operation, Parent, Prices, Submission, SubmitRoute, Word, checked_idempotency_key,
    checked_task_id, generate,
};
use crate::policy::{Permission, SessionSecret};
use crate::web::HostTimer;

/// The length of the rate limits' windows, in seconds: see `wrangler.toml`.
const WINDOW_S: u32 = 10;

/// A request to a route, on its way to its reply.
pub struct RequestContext<'a> {
    pub gateway: &'a Gateway,
    pub env: &'a JsValue,
    pub request: &'a Request,
    pub url: &'a Url,
    pub headers: &'a ClientHeaders,
    pub log: &'a mut LogLine,
    /// The cookie to set with the reply.
    pub cookie: Option<String>,
}

/// What anybody may know of a gateway.
#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Health<'a> {
    idempotency_keys: bool,
    /// Whether it tells of tasks as they change.
    events: bool,
    /// Whether it keeps the results.
    archive: bool,
    /// Whether it takes pictures that tasks start from.
    uploads: bool,
    /// What a page shows Turnstile's widget by, where a session needs it.
    turnstile_site_key: Option<&'a str>,
}

/// What a caller may spend today.
#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Usage<'a> {
    daily_credits: Option<u32>,
    spent: Option<i64>,
    left: Option<i64>,
    resets_at: i64,
    /// The name of the token, if the caller has one.
    token: Option<&'a str>,
    /// Who it is, without saying who: the same for the same caller. Where there are no sessions, nobody needs it.
    caller_id: Option<String>,
    /// What this gateway sets aside, where that isn't what the package estimates.
    prices: &'a Prices,
}

impl RequestContext<'_> {
    /// Does what the request asks for, if it may. `body` is the request's, or why it can't be read.
    pub async fn handle(&mut self, route: Route, body: Result<Body, Error>) -> Result<Reply, HandlerError> {
        if route == Route::Health {
            let keeps_files = self.gateway.archive.is_some();
            let sessions = self.gateway.sessions.as_ref().filter(|sessions| sessions.turnstile.is_some());
            let health = Health {
                idempotency_keys: true,
                events: true,
                archive: keeps_files,
                uploads: keeps_files,
                turnstile_site_key: sessions.and_then(|sessions| sessions.turnstile_site_key.as_deref()),
            };
            return Reply::of(&health);
        }
        if !route.is_file() {
            self.headers.browser.check_mode()?;
        }
        if route == Route::Callback {
            return self.callback(body.and_then(Body::into_text)).await;
        }
        let spends = matches!(route.method(), "POST" | "DELETE");
        let caller = self.headers.caller(self.gateway, spends, HostTimer.now());
        // One bucket a request: a token's own, wherever it is used; of everybody else the network's.
        match caller.as_ref().ok().filter(|caller| caller.has_token()) {
            Some(caller) => self.check_rate(spends, &caller.id, "this caller").await?,
            None => {
                let network = ["address:", &self.headers.network()].concat();
                self.check_rate(spends, &network, "this network address").await?;
            }
        }
        match route {
            Route::File => return self.file(caller).await,
            Route::UploadedFile => return self.uploaded_file().await,
            _ => {}
        }
        let body = body?;
        if route == Route::Upload {
            let caller = caller?;
            self.log.caller.clone_from(&caller.name);
            return self.upload(&caller, &body.0).await;
        }
        let body = body.into_text()?;
        // A session needs none.
        if route.method() == "POST" && !(matches!(route, Route::Session | Route::EndSession) && body.is_empty()) {
            check_json(self.request, &body)?;
        }
        #[cfg(feature = "crash")]
        crate::crash::crash_if(r#"{"taskType":"mj_txt2img","prompt":"crash"}"#, &body);
        match route {
            Route::Session => return self.session(&body).await,
            Route::EndSession => return self.end_session(),
            _ => {}
        }
        let caller = caller?;
        self.log.caller.clone_from(&caller.name);
        match route {
            Route::Submit(route) => self.submit(&caller, route, &body).await,
            Route::RecordInfo => self.record_info(&caller).await,
            Route::Events => self.events(&caller).await,
            Route::Tasks => self.tasks(&caller).await,
            Route::RemoveTask => self.remove_task(&caller).await,
            Route::AdminUsage => self.admin_usage(&caller).await,
            Route::Credits => self.credits(&caller).await,
            _ => self.usage(&caller).await,
        }
    }

    async fn check_rate(&self, spends: bool, key: &str, whose: &str) -> Result<(), HandlerError> {
        let limit = if spends { "SUBMIT_LIMIT" } else { "READ_LIMIT" };
        if is_within_limit(self.env, limit, key).await? {
            return Ok(());
        }
        let message = format!("too many requests by {whose}; nothing was sent");
        let error = Error::refused(Operation::Read, 429, message);
        Err(error.with(|error| error.retry_after = Some(WINDOW_S)).into())
    }

    async fn submit(&mut self, caller: &Caller, route: SubmitRoute, body: &str) -> Result<Reply, HandlerError> {
        caller.check(Permission::of_route(route))?;
        let key = self.request.headers().get("Idempotency-Key")?;
        key.as_deref().map(checked_idempotency_key).transpose()?;
        let (submission, origin) = self.submission(caller, route, body).await?;
        submission.check_links(self.gateway.client.endpoint().is_loopback())?;
        caller.check_callback(submission.body())?;
        let order = SubmitOrder::new(self.gateway, caller, (submission, origin), key.as_deref());
        let submitted = JobStub::new(self.env, &order.id)?.submit(&order).await;
        let reply = submitted.inspect_err(|_| self.log.lost(order.credits))?;
        if reply.outcome.is_ok() {
            remember_job(&order.id);
        }
        self.reply_of(reply)
    }

    /// The submit that a body asks for, about the vendor's own task where it starts from one.
    async fn submission(
        &self,
        caller: &Caller,
        route: SubmitRoute,
        body: &str,
    ) -> Result<(Submission, Origin), HandlerError> {
        let Some(change) = ChangeRequest::parse(route.as_str(), body) else {
            return Ok((generate(body)?, Origin::default()));
        };
        let change = change?;
        let from = Parent { task_id: change.task_id.clone(), index: change.image.get() };
        let job = find_job(self.env, &change.task_id).await?.ok_or_else(unknown_task)?;
        let parent = job.parent(&caller.id).await?.ok_or_else(unknown_task)?;
        let mut submission = ChangeRequest { task_id: parent.vendor_id, ..change }.submission()?;
        // What is made of a video costs what a video of its kind costs.
        submission.price_type = parent.price_type.or(submission.price_type);
        Ok((submission, Origin { parent: Some(from), prompt: parent.prompt }))
    }

    async fn record_info(&mut self, caller: &Caller) -> Result<Reply, HandlerError> {
        let id = self.url.search_params().get("taskId").unwrap_or_default();
        checked_task_id(&id)?;
        let job = find_job(self.env, &id).await?.ok_or_else(unknown_task)?;
        let reply = job.look(&caller.id).await?;
        self.reply_of(reply)
    }

    pub(super) fn reply_of(&mut self, reply: JobReply) -> Result<Reply, HandlerError> {
        self.log.usage = reply.usage;
        Ok(Reply::Data { data: reply.outcome?, look_again_after: reply.look_again_after })
    }

    async fn credits(&mut self, caller: &Caller) -> Result<Reply, HandlerError> {
        caller.check(Permission::Credits)?;
        let credits = self.log.usage.measure(self.gateway.client.credits()).await;
        Reply::of(&credits.map_err(|error| self.gateway.refused_by_vendor(error))?)
    }

    /// Whoever knows the address is the vendor, or was told by it. What is posted is no more than a reason to look.
    async fn callback(&self, body: Result<String, Error>) -> Result<Reply, HandlerError> {
        let network = ["callback:", &self.headers.network()].concat();
        self.check_rate(false, &network, "this network address").await?;
        let body = body?;
        let path = self.url.pathname();
        let (id, token) = callback_of(&path).ok_or_else(no_such_route)?;
        let job = find_job(self.env, id).await?.ok_or_else(no_such_route)?;
        match job.called_back(token, &body).await? {
            true => Reply::of(&()),
            false => Err(no_such_route().into()),
        }
    }

    async fn usage(&self, caller: &Caller) -> Result<Reply, HandlerError> {
        let accounts = self.gateway.accounts(caller);
        let names: Vec<_> = accounts.iter().map(|account| account.name.as_str()).collect();
        let spent = LedgerStub::new(self.env)?.spent(&names).await?;
        let left = accounts.iter().zip(&spent).map(|(account, spent)| (i64::from(account.cap) - spent).max(0)).min();
        Reply::of(&Usage {
            daily_credits: accounts.first().map(|account| account.cap),
            spent: spent.first().copied(),
            left,
            resets_at: (day(HostTimer.now()) + 1) * MS_PER_DAY,
            token: caller.has_token().then_some(caller.name.as_str()),
            caller_id: self.gateway.sessions.as_ref().map(|sessions| sessions.secret.pseudonym(&caller.id)),
            prices: &self.gateway.prices,
        })
    }

    /// Opens a session for a page, or renews the one it has.
    async fn session(&mut self, body: &str) -> Result<Reply, HandlerError> {
        let Some(sessions) = &self.gateway.sessions else {
            return Err(forbidden("origin", "this gateway has no sessions for pages; use a token").into());
        };
        self.headers.browser.check_cookie_origin(&sessions.origins, true)?;
        let now = HostTimer.now();
        let id = if let Some(token) = self.headers.token(self.gateway)? {
            if !token.origins.is_empty() {
                self.headers.browser.check_origin(&token.origins)?;
            }
            session_of_token(token)
        } else if let Some((id, _)) = self.headers.session(self.gateway, now) {
            id
        } else {
            if let Some(secret) = sessions.turnstile.as_ref().filter(|_| sessions.daily_credits > 0) {
                turnstile::check(sessions, secret, body, self.headers.connecting_ip.as_deref()).await?;
            }
            random_id(16)
        };
        let caller = sessions.caller(&id, &self.headers.network(), &self.gateway.tokens).ok_or_else(unauthorized)?;
        self.log.caller.clone_from(&caller.name);
        self.cookie = Some(sessions.secret.cookie(&id, now / 1000, self.headers.secure));
        self.usage(&caller).await
    }

    /// Ends the session of a page's browser.
    fn end_session(&mut self) -> Result<Reply, HandlerError> {
        if let Some(sessions) = &self.gateway.sessions {
            self.headers.browser.check_cookie_origin(&sessions.origins, true)?;
        }
        self.cookie = Some(SessionSecret::end_cookie(self.headers.secure));
        Reply::of(&())
    }
}
