use web_sys::Request;

use super::access::{Caller, find_token, unauthorized};
use super::address::network;
use super::browser::Browser;
use super::config::Gateway;
use crate::core::Error;

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
        let header = |name| request.headers().get(name).ok().flatten();
        Self {
            browser: Browser {
                origin: header("Origin"),
                site: header("Sec-Fetch-Site"),
                mode: header("Sec-Fetch-Mode"),
            },
            connecting_ip: header("CF-Connecting-IP"),
            secure: !matches!(hostname, "127.0.0.1" | "localhost" | "[::1]"),
            authorization: header("Authorization"),
            cookies: header("Cookie").unwrap_or_default(),
        }
    }

    /// The network it comes from.
    pub fn network(&self) -> String {
        network(self.connecting_ip.as_deref())
    }

    /// The id of its session, if it has one.
    pub fn session(&self, gateway: &Gateway, now_ms: i64) -> Option<String> {
        gateway.sessions.as_ref()?.secret.session(&self.cookies, now_ms / 1000, self.secure)
    }

    /// Who it is. A token that is sent must be a valid one: a session doesn't make up for it.
    pub fn caller(&self, gateway: &Gateway, spends: bool, now_ms: i64) -> Result<Caller, Error> {
        if let Some(authorization) = &self.authorization {
            let token = find_token(authorization, &gateway.tokens).ok_or_else(unauthorized)?;
            self.browser.check_origin(&token.origins)?;
            return Ok(Caller::of_token(token));
        }
        let (session, sessions) =
            self.session(gateway, now_ms).zip(gateway.sessions.as_ref()).ok_or_else(unauthorized)?;
        self.browser.check_cookie_origin(&sessions.origins, spends)?;
        Ok(sessions.caller(&session, &self.network()))
    }
}
