use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::access::Caller;
use super::config::Gateway;
use super::host::random;
use super::ledger::{Account, ReserveRequest};
use crate::core::{CallBackUrl, Parent, Submission};
use crate::policy::hex;

/// The length of a job's id: 24 bytes in base64.
const ID_CHARS: usize = 32;

/// Whether a text can be the id of a job, or a callback's token.
pub fn is_job_id(text: &str) -> bool {
    text.len() == ID_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// What a job is told to do.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubmitOrder {
    /// The job's id.
    pub id: String,
    /// Who orders it.
    pub caller: String,
    /// What to submit.
    pub submission: Submission,
    /// What to reserve for it.
    pub credits: u32,
    /// The accounts that are charged.
    pub accounts: Vec<Account>,
    /// Whether the caller gave it an idempotency key, and can order the same job again.
    pub has_key: bool,
    /// The prompt: its own, or that of the task it starts from.
    pub prompt: Option<String>,
    /// The task it starts from, as the caller knows it.
    pub parent: Option<Parent>,
}

/// What a submit starts from.
#[derive(Debug, Default)]
pub struct Origin {
    /// The task, as the caller knows it.
    pub parent: Option<Parent>,
    /// The prompt that was made from.
    pub prompt: Option<String>,
}

impl SubmitOrder {
    /// The order of a caller. Under one idempotency key it is always for the same job; without, for a new one.
    pub fn new(
        gateway: &Gateway,
        caller: &Caller,
        (submission, origin): (Submission, Origin),
        idempotency_key: Option<&str>,
    ) -> Self {
        let id = match idempotency_key {
            Some(key) => Sha256::digest([&caller.id, "\0", key].concat()).iter().copied().take(24).collect(),
            None => random(24),
        };
        Self {
            id: Base64UrlUnpadded::encode_string(&id),
            caller: caller.id.clone(),
            // At least 1, whatever the owner's table says: otherwise a cap would have no end.
            credits: gateway.prices.of(&submission).max.max(1),
            prompt: prompt_of(submission.body()).or(origin.prompt),
            submission,
            accounts: gateway.accounts(caller),
            has_key: idempotency_key.is_some(),
            parent: origin.parent,
        }
    }

    /// Where the caller wants to be told of the end.
    pub fn call_back_url(&self) -> Option<String> {
        CallBackUrl::of(self.submission.body())
    }

    /// The hash of what is ordered.
    pub fn digest(&self) -> String {
        hex(&Sha256::digest([self.submission.route(), "\0", self.submission.body()].concat()))
    }

    /// The request to reserve its credits under this name, with alerts at these shares of a cap.
    pub fn reservation(&self, name: String, percent: &[u8]) -> ReserveRequest {
        ReserveRequest { id: name, credits: self.credits, accounts: self.accounts.clone(), percent: percent.to_vec() }
    }
}

fn prompt_of(body: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Prompt {
        prompt: Option<String>,
    }
    serde_json::from_str::<Prompt>(body).ok()?.prompt
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::core::{ChangeRequest, ImageNumber};

    #[test]
    fn an_order_arrives_as_it_was_sent() {
        let submission = ChangeRequest::upscale("task \"1\"".replace([' ', '"'], "-"), ImageNumber::new(2).unwrap());
        let account = |name: &str, cap| Account { name: name.to_owned(), cap };
        let order = SubmitOrder {
            id: "job".to_owned(),
            caller: "token:alice".to_owned(),
            submission: submission.submission().unwrap(),
            credits: 16,
            accounts: vec![account("token:alice", 20), account("gateway", 500)],
            has_key: true,
            prompt: Some("a lighthouse".to_owned()),
            parent: Some(Parent { task_id: "job".to_owned(), index: 2 }),
        };
        assert!(order.submission.alternative.is_some());
        let sent = serde_json::to_string(&order).unwrap();
        assert_eq!(serde_json::from_str::<SubmitOrder>(&sent).unwrap(), order);
    }

    #[test]
    fn only_what_the_gateway_makes_is_the_id_of_a_job() {
        assert!(is_job_id("AZaz09_-AZaz09_-AZaz09_-AZaz09_-"));
        for text in
            ["", "unknown", "AZaz09_-AZaz09_-AZaz09_-AZaz09_", "AZaz09_-AZaz09_-AZaz09_-AZaz09_.", &"é".repeat(16)]
        {
            assert!(!is_job_id(text), "{text}");
        }
    }
}
