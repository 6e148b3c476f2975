//! A submit on its way from the caller's request to the job it becomes.

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use super::access::{Subject, hex};
use super::config::Gateway;
use super::host::random;
use crate::core::json::{Json, Object, Writer, list};
use crate::core::{SUBMIT_ROUTES, Speed, Submission};

/// The length of a job's id: 24 bytes in base64.
pub const ID_CHARS: usize = 32;

/// What a job is told to do.
#[derive(Debug, PartialEq)]
pub struct Order {
    /// The job's id.
    pub id: String,
    /// Whose it is.
    pub subject: String,
    /// What to submit.
    pub submission: Submission,
    /// What to set aside for it.
    pub credits: i64,
    /// Where, and what the cap of each account is.
    pub accounts: Vec<(String, u32)>,
}

impl Order {
    /// The order of a subject. Under one idempotency key it is always for the same job; without, for a new one.
    pub fn new(gateway: &Gateway, subject: &Subject, submission: Submission, idempotency_key: Option<&str>) -> Self {
        let id = match idempotency_key {
            Some(key) => Sha256::digest([&subject.id, "\0", key].concat()).iter().copied().take(24).collect(),
            None => random(24),
        };
        Self {
            id: Base64UrlUnpadded::encode_string(&id),
            subject: subject.id.clone(),
            // Not nothing, whatever the owner's table says: a cap would have no end.
            credits: gateway.prices.of(&submission).max.max(1).into(),
            submission,
            accounts: gateway.accounts(subject),
        }
    }

    /// The hash of what is ordered.
    pub fn digest(&self) -> String {
        hex(&Sha256::digest([self.submission.route(), "\0", self.submission.body()].concat()))
    }

    /// What the ledger is asked: to set this aside under this id, and to tell of caps that these shares are reached of.
    pub fn reservation(&self, id: &str, percent: &[u8]) -> String {
        Writer::new()
            .text("id", Some(id))
            .whole("credits", Some(self.credits))
            .raw("accounts", &self.accounts_json())
            .raw("percent", &list(&mut percent.iter().map(u8::to_string)))
            .end()
    }

    fn accounts_json(&self) -> String {
        let account = |(name, cap): &(String, u32)| {
            Writer::new().text("name", Some(name)).whole("cap", Some(i64::from(*cap))).end()
        };
        list(&mut self.accounts.iter().map(account))
    }

    /// As JSON, for the way to the job's object.
    pub fn to_json(&self) -> String {
        let Submission { route, body, instead, task_type, speed } = &self.submission;
        let instead = instead.as_ref();
        Writer::new()
            .text("id", Some(&self.id))
            .text("subject", Some(&self.subject))
            .whole("credits", Some(self.credits))
            .raw("accounts", &self.accounts_json())
            .text("route", Some(route))
            .text("body", Some(body))
            .text("otherRoute", instead.map(|(route, _)| *route))
            .text("otherBody", instead.map(|(_, body)| body.as_str()))
            .text("taskType", task_type.as_deref())
            .text("speed", speed.map(Speed::as_str))
            .end()
    }

    /// Reads what [`Order::to_json`] gave.
    pub fn parse(json: &str) -> Option<Self> {
        let order = Object::parse(json)?;
        let text = |name| order.text(name);
        let route = |name| {
            let named = order.text(name)?;
            SUBMIT_ROUTES.into_iter().find(|route| *route == named)
        };
        let account = |account: Json<'_>| {
            let account = account.object()?;
            Some((account.text("name")?, u32::try_from(account.given("cap")?.whole()?).ok()?))
        };
        Some(Self {
            id: text("id")?,
            subject: text("subject")?,
            credits: order.given("credits")?.whole()?,
            accounts: order.given("accounts")?.items()?.into_iter().map(account).collect::<Option<_>>()?,
            submission: Submission {
                route: route("route")?,
                body: text("body")?,
                instead: route("otherRoute").zip(text("otherBody")),
                task_type: text("taskType"),
                speed: order.text("speed").and_then(|word| Speed::from_word(&word)),
            },
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::core::{ChangeRequest, ImageNumber};

    #[test]
    fn an_order_arrives_as_it_was_sent() {
        let submission = ChangeRequest::upscale("task \"1\"".replace([' ', '"'], "-"), ImageNumber::new(2).unwrap());
        let order = Order {
            id: "job".to_owned(),
            subject: "token:alice".to_owned(),
            submission: submission.submission().unwrap(),
            credits: 16,
            accounts: vec![("token:alice".to_owned(), 20), ("gateway".to_owned(), 500)],
        };
        assert!(order.submission.instead.is_some());
        assert_eq!(Order::parse(&order.to_json()), Some(order));
    }
}
