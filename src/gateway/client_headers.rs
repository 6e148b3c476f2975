use js_sys::JsString;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Request;

use super::access::{Caller, find_token, unauthorized};
use super::address::network;
use super::browser::Browser;
use super::config::Gateway;
use crate::core::Error;
use crate::policy::Token;

#[wasm_bindgen]
extern "C" {
    /// A request's headers, read by names that the host has already.
    type Headers;
    #[wasm_bindgen(method)]
    fn get(this: &Headers, name: &JsString) -> Option<String>;
}

// Made once, as in `src/web/fetch.rs`. rustfmt would take the texts away.
#[rustfmt::skip]
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, static_string)]
    static ORIGIN: JsString = "Origin";
    #[wasm_bindgen(thread_local_v2, static_string)]
    static SEC_FETCH_SITE: JsString = "Sec-Fetch-Site";
    #[wasm_bindgen(thread_local_v2, static_string)]
    static SEC_FETCH_MODE: JsString = "Sec-Fetch-Mode";
    #[wasm_bindgen(thread_local_v2, static_string)]
    static CF_CONNECTING_IP: JsString = "CF-Connecting-IP";
    #[wasm_bindgen(thread_local_v2, static_string)]
    static AUTHORIZATION: JsString = "Authorization";
    #[wasm_bindgen(thread_local_v2, static_string)]
    static COOKIE: JsString = "Cookie";
}

/// What a request's headers say of who sends it and from where.
pub struct ClientHeaders {
    /// What a browser adds.
    pub browser: Browser,
    /// The address Cloudflare saw.
    pub connecting_ip: Option<String>,
    /// Whether cookies are for https alone: everywhere but on this machine.
    pub secure: bool,
    authorization: Option<String>,
    cookies: String,
}

impl ClientHeaders {
    /// Reads them.
    pub fn of(request: &Request, hostname: &str) -> Self {
        let headers: Headers = request.headers().unchecked_into();
        let header = |name: &JsString| headers.get(name);
        Self {
            browser: Browser {
                origin: ORIGIN.with(header),
                site: SEC_FETCH_SITE.with(header),
                mode: SEC_FETCH_MODE.with(header),
            },
            connecting_ip: CF_CONNECTING_IP.with(header),
            secure: !matches!(hostname, "127.0.0.1" | "localhost" | "[::1]"),
            authorization: AUTHORIZATION.with(header),
            cookies: COOKIE.with(header).unwrap_or_default(),
        }
    }

    /// The network it comes from.
    pub fn network(&self) -> String {
        network(self.connecting_ip.as_deref())
    }

    /// The id of its session, if it has one, and whose it is.
    pub fn session(&self, gateway: &Gateway, now_ms: i64) -> Option<(String, Caller)> {
        let sessions = gateway.sessions.as_ref()?;
        let mut ids = sessions.secret.sessions(&self.cookies, now_ms / 1000, self.secure);
        ids.find_map(|id| {
            let caller = sessions.caller(&id, &self.network(), &gateway.tokens)?;
            Some((id, caller))
        })
    }

    /// The token that is sent, if one is: it must be a valid one.
    pub fn token<'a>(&self, gateway: &'a Gateway) -> Result<Option<&'a Token>, Error> {
        let find = |authorization: &String| find_token(authorization, &gateway.tokens).ok_or_else(unauthorized);
        self.authorization.as_ref().map(find).transpose()
    }

    /// Who it is. A token that is sent must be a valid one: a session doesn't make up for it.
    pub fn caller(&self, gateway: &Gateway, spends: bool, now_ms: i64) -> Result<Caller, Error> {
        if let Some(token) = self.token(gateway)? {
            self.browser.check_origin(&token.origins)?;
            return Ok(Caller::of_token(token));
        }
        let ((_, caller), sessions) =
            self.session(gateway, now_ms).zip(gateway.sessions.as_ref()).ok_or_else(unauthorized)?;
        self.browser.check_cookie_origin(&sessions.origins, spends)?;
        Ok(caller)
    }
}
