use js_sys::Date;

use super::host::console_log;
use crate::core::json::Writer;

/// One line of the log, for one request: no prompt, no secret, no address.
pub struct Entry {
    /// The request's id, which its answer has too.
    pub id: String,
    pub route: &'static str,
    /// Who called, once that is known.
    pub subject: String,
    /// How long the vendor took, if it was asked.
    pub upstream_ms: Option<i64>,
    /// What was set aside.
    pub credits: Option<i64>,
    /// What is set up wrongly, if that is why nothing was done: the owner's to mend. It shows no value.
    pub misconfigured: Option<String>,
    begun: f64,
}

impl Entry {
    pub fn new(id: String, route: &'static str) -> Self {
        Self {
            id,
            route,
            subject: "-".to_owned(),
            upstream_ms: None,
            credits: None,
            misconfigured: None,
            begun: Date::now(),
        }
    }

    /// Writes the line.
    pub fn write(&self, status: u16) {
        let line = Writer::new()
            .text("id", Some(&self.id))
            .text("route", Some(self.route))
            .text("subject", Some(&self.subject))
            .whole("outcome", Some(status.into()))
            .whole("ms", Some((Date::now() - self.begun) as i64))
            .whole("upstreamMs", self.upstream_ms)
            .whole("credits", self.credits)
            .text("misconfigured", self.misconfigured.as_deref());
        console_log(&line.end());
    }
}
