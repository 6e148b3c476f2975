//! The accounts: what was spent on a day (UTC), in estimated credits. The messages to the ledger, and its days. Pure.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::core::{Error, Operation};

/// The length of a day.
pub const MS_PER_DAY: i64 = 24 * 60 * 60 * 1000;

/// The number of a day, counted from 1970.
pub const fn day(now_ms: i64) -> i64 {
    now_ms.div_euclid(MS_PER_DAY)
}

/// The seconds until the next day begins.
const fn seconds_left(now_ms: i64) -> i64 {
    (MS_PER_DAY - now_ms.rem_euclid(MS_PER_DAY) + 999) / 1000
}

/// An account, and what it may spend in a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `token:` and a name, `session:` and an id, `address:` and a pseudonym, `sessions` or `gateway`.
    pub name: String,
    /// Its daily cap.
    pub cap: u32,
}

impl Account {
    /// An account of this name.
    pub fn new(name: impl Into<String>, cap: u32) -> Self {
        Self { name: name.into(), cap }
    }
}

/// A request to reserve credits in every account, or in none.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveRequest {
    /// The reservation's name.
    pub id: String,
    /// How many.
    pub credits: u32,
    /// Where.
    pub accounts: Vec<Account>,
    /// The shares of a cap, in percent, whose first reaching is an alert.
    pub percent: Vec<u8>,
}

/// What became of such a request. Without any field the reservation has ended already, and is not made again.
#[skip_serializing_none]
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveReply {
    /// The credits are reserved, and the owner is to be told of these.
    pub alerts: Option<Vec<Alert>>,
    /// They are not: an account has no room for them.
    pub over: Option<OverCap>,
}

/// The account that has no room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverCap {
    /// Its name.
    pub name: String,
    /// What it has spent today.
    pub spent: i64,
    /// What it may.
    pub cap: u32,
}

impl OverCap {
    /// The refusal of a submit that would take this many credits more.
    pub fn to_error(&self, credits: u32, now_ms: i64) -> Error {
        let Self { name, spent, cap } = self;
        let whose = match name.as_str() {
            "gateway" => "this gateway",
            "sessions" => "all sessions of pages together",
            name if name.starts_with("address:") => "this network address",
            _ => "this caller",
        };
        let message = format!("daily cap: {whose} spent {spent} of {cap} credits today, and this would take {credits}");
        let error = Error::refused(Operation::Submit, 402, message);
        error.with(|error| error.retry_after = u32::try_from(seconds_left(now_ms)).ok())
    }
}

/// What the owner is told when a share of a cap is reached for the first time on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The account, by a name that is anybody's to know.
    pub account: String,
    /// The share.
    pub percent: u8,
    /// What is spent.
    pub spent: i64,
    /// What may be.
    pub cap: u32,
    /// The day's number.
    pub day: i64,
}

/// The figures of the days that are kept.
#[derive(Debug, Serialize, Deserialize)]
pub struct LedgerReport {
    /// What each account has spent on each day.
    pub spending: Vec<DaySpending>,
    /// How many jobs of each day stand where, and how many bytes of copies they have.
    pub jobs: Vec<DayJobs>,
}

/// What an account has spent on a day.
#[derive(Debug, Serialize, Deserialize)]
pub struct DaySpending {
    /// The day's number.
    pub day: i64,
    /// The account.
    pub account: String,
    /// The credits.
    pub credits: i64,
}

/// The jobs of a day that stand alike.
#[derive(Debug, Serialize, Deserialize)]
pub struct DayJobs {
    /// The day's number.
    pub day: i64,
    /// Where they stand.
    pub state: String,
    /// How many they are.
    pub jobs: i64,
    /// The bytes of their copies.
    pub bytes: i64,
}

/// The name of an account as the owner is told it: whose session or address it is, is nobody's business.
pub fn public_name(account: &str) -> &str {
    account.split_once(':').filter(|(kind, _)| *kind != "token").map_or(account, |(kind, _)| kind)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_utc() {
        let midnight = 1_710_892_800_000; // 2024-03-20T00:00:00Z
        assert_eq!(day(midnight) - 1, day(midnight - 1));
        assert_eq!((seconds_left(midnight), seconds_left(midnight - 1)), (86_400, 1));
    }

    #[test]
    fn an_alert_names_tokens_alone() {
        for (account, name) in [
            ("token:alice", "token:alice"),
            ("session:id", "session"),
            ("address:x", "address"),
            ("gateway", "gateway"),
        ] {
            assert_eq!(public_name(account), name);
        }
    }

    #[test]
    fn a_reply_is_written_as_short_as_it_is() {
        let over = OverCap { name: "a".to_owned(), spent: 8, cap: 15 };
        for (reply, text) in [
            (ReserveReply::default(), "{}"),
            (ReserveReply { alerts: Some(Vec::new()), over: None }, r#"{"alerts":[]}"#),
            (ReserveReply { alerts: None, over: Some(over) }, r#"{"over":{"name":"a","spent":8,"cap":15}}"#),
        ] {
            assert_eq!(serde_json::to_string(&reply).unwrap(), text);
            assert_eq!(serde_json::from_str::<ReserveReply>(text).unwrap(), reply);
        }
    }
}
