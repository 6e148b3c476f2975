use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_with::skip_serializing_none;

use crate::client::Timer;
use crate::core::Error;
use crate::web::HostTimer;

/// What a job answers to a request.
#[skip_serializing_none]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobReply {
    /// The `data` of the envelope, or the refusal.
    pub outcome: Result<Box<RawValue>, Error>,
    /// In how many seconds another look is worthwhile.
    pub look_again_after: Option<u32>,
    /// For the log.
    pub usage: UpstreamUsage,
}

/// The `data` of a submit that was accepted, and of a task that is deleted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedTask<'a> {
    /// The task.
    pub task_id: &'a str,
}

/// What a request has used of the vendor.
#[skip_serializing_none]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpstreamUsage {
    /// How long the vendor took, if it was asked.
    pub upstream_ms: Option<i64>,
    /// The credits that stay reserved.
    pub credits: Option<u32>,
    /// Those that a submit would have taken which was refused.
    pub refused_credits: Option<u32>,
}

impl UpstreamUsage {
    /// Waits for a call to the vendor, and notes how long it took.
    pub async fn measure<T>(&mut self, call: impl Future<Output = T>) -> T {
        let started_at = HostTimer.now();
        let outcome = call.await;
        self.upstream_ms = Some(HostTimer.now() - started_at);
        outcome
    }

    /// Takes note that a submit was refused: of its credits none stay reserved.
    pub const fn refused(&mut self, credits: u32) {
        (self.credits, self.refused_credits) = (None, Some(credits));
    }
}

/// The vendor's own answer to an id it doesn't know, naming the field. It is the same for another caller's job.
pub fn unknown_task() -> Error {
    Error::invalid("taskId", "The record does not exist")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::core::Billed;

    #[test]
    fn a_reply_arrives_as_it_was_sent() {
        let usage = UpstreamUsage { upstream_ms: Some(12), credits: Some(8), refused_credits: None };
        let data = RawValue::from_string(r#"{"taskId":"job"}"#.to_owned()).unwrap();
        let error = unknown_task().with(|error| {
            error.retry_after = Some(9);
            error.billed = Billed::Unknown;
        });
        for (outcome, look_again_after) in [(Ok(data), Some(3)), (Err(error), None)] {
            let sent = serde_json::to_string(&JobReply { outcome, look_again_after, usage }).unwrap();
            let arrived: JobReply = serde_json::from_str(&sent).unwrap();
            assert_eq!(serde_json::to_string(&arrived).unwrap(), sent);
        }
        assert!(serde_json::from_str::<JobReply>("{}").is_err());
    }
}
