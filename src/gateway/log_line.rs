use serde::Serialize;
use serde_with::skip_serializing_none;
use wasm_bindgen::JsValue;

use super::host::console_log;
use super::job_reply::UpstreamUsage;
use super::message;
use crate::client::Timer;
use crate::core::{Billed, Error, Kind};
use crate::web::HostTimer;

/// The log's line of one request: no prompt, no secret, no address.
#[skip_serializing_none]
#[derive(Serialize)]
pub struct LogLine {
    /// The request's id, which its answer has too.
    pub id: String,
    /// The route's name.
    pub route: &'static str,
    /// Who called, once that is known.
    #[serde(rename = "subject")]
    pub caller: String,
    /// The HTTP status.
    #[serde(rename = "outcome")]
    status: Option<u16>,
    ms: Option<i64>,
    /// What it used of the vendor.
    #[serde(flatten)]
    pub usage: UpstreamUsage,
    /// Whether a submit that failed may have been billed all the same.
    billed: Option<Billed>,
    /// What is set up wrongly, if that is why nothing was done: the owner's to mend. It shows no value.
    misconfigured: Option<String>,
    #[serde(skip)]
    started_at: i64,
}

impl LogLine {
    /// The line of a request that has just arrived.
    pub fn new(id: String, route: &'static str) -> Self {
        Self {
            id,
            route,
            caller: "-".to_owned(),
            status: None,
            ms: None,
            usage: UpstreamUsage::default(),
            billed: None,
            misconfigured: None,
            started_at: HostTimer.now(),
        }
    }

    /// Takes note that nobody knows what became of a submit that reserves so much: its job gave no answer.
    pub const fn lost(&mut self, credits: u32) {
        (self.billed, self.usage.credits) = (Some(Billed::Unknown), Some(credits));
    }

    /// Takes note of why the request was refused.
    pub fn refused(&mut self, error: &Error) {
        self.billed = self.billed.or(Some(error.billed).filter(|billed| *billed != Billed::No));
        self.misconfigured = (error.kind == Kind::Misconfigured).then(|| error.message.clone());
    }

    /// Writes the line.
    pub fn write(mut self, status: u16) -> Result<(), JsValue> {
        self.status = Some(status);
        self.ms = Some(HostTimer.now() - self.started_at);
        console_log(&message::encode(&self)?);
        Ok(())
    }
}
