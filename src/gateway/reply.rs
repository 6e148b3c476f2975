//! What an object answers, on its way back to the request it is for.

use crate::core::json::{Json, Object, Writer};
use crate::core::{Billed, Error, Kind};

/// A successful answer.
#[derive(Debug, PartialEq)]
pub struct Told {
    /// The `data` of the envelope, as JSON.
    pub data: String,
    /// In how many seconds another look is worthwhile.
    pub pace: Option<i64>,
    /// How long the vendor took, if it was asked.
    pub upstream_ms: Option<i64>,
    /// What was set aside.
    pub credits: Option<i64>,
}

impl Told {
    /// An answer with this data alone.
    pub fn of(data: String) -> Self {
        Self { data, pace: None, upstream_ms: None, credits: None }
    }

    /// The id of a task.
    pub fn task(id: &str) -> Self {
        Self::of(Writer::new().text("taskId", Some(id)).end())
    }
}

/// An answer, or why there is none, as JSON.
pub fn to_json(outcome: &Result<Told, Error>) -> String {
    match outcome {
        Ok(told) => Writer::new()
            .raw("data", &told.data)
            .whole("pace", told.pace)
            .whole("upstreamMs", told.upstream_ms)
            .whole("credits", told.credits)
            .end(),
        Err(error) => Writer::new().raw("error", &error.to_json()).end(),
    }
}

/// Reads what [`to_json`] gave.
pub fn parse(json: &str) -> Option<Result<Told, Error>> {
    let reply = Object::parse(json)?;
    let whole = |name| reply.given(name).and_then(Json::whole);
    if let Some(data) = reply.given("data") {
        let data = data.raw().to_owned();
        let (pace, upstream_ms, credits) = (whole("pace"), whole("upstreamMs"), whole("credits"));
        return Some(Ok(Told { data, pace, upstream_ms, credits }));
    }
    let error = reply.given("error")?.object()?;
    let number = |name| error.given(name).and_then(Json::whole);
    let kind = Kind::from_word(&error.text("kind")?)?;
    Some(Err(Error::new(kind, error.text("message")?).with(|parsed| {
        parsed.code = number("code");
        parsed.field = error.text("field");
        parsed.billed = error.text("billed").and_then(|word| Billed::from_word(&word)).unwrap_or(Billed::Unknown);
        parsed.retry_after = number("retryAfter").and_then(|seconds| u32::try_from(seconds).ok());
    })))
}

/// The vendor's own answer to an id it doesn't know, naming the field. It is the same for a job of somebody else's.
pub fn unknown_task() -> Error {
    Error::invalid("taskId", "The record does not exist")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_arrives_as_it_was_sent() {
        let told = Told { pace: Some(3), upstream_ms: Some(12), credits: Some(8), ..Told::task("job") };
        let sent = to_json(&Ok(told));
        assert_eq!(to_json(&parse(&sent).unwrap()), sent);
        let error = unknown_task().with(|error| {
            error.retry_after = Some(9);
            error.billed = Billed::Unknown;
        });
        let sent = to_json(&Err(error));
        assert_eq!(to_json(&parse(&sent).unwrap()), sent);
        assert!(parse("{}").is_none());
    }
}
