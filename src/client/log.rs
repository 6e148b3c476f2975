use std::fmt;

use serde::Serialize;
use serde_with::skip_serializing_none;

use crate::core::{Billed, Kind, Operation};

/// One try of a call, for a log: no key, no prompt and no link is in it.
#[skip_serializing_none]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Try {
    /// What it does to the account.
    pub operation: Operation,
    /// The route, such as `generate`.
    pub route: &'static str,
    /// The number of this try of the call, counted from 1.
    #[serde(rename = "try")]
    pub number: u32,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub ms: i64,
    /// Whether it spent credits.
    pub billed: Billed,
    /// What went wrong.
    pub kind: Option<Kind>,
    /// In how many milliseconds the call is tried again, if it is.
    pub again_in: Option<u32>,
}

/// Who sees the tries, if anybody does.
#[derive(Default)]
pub(super) struct Log(pub Option<Box<OnTry>>);

/// Sees a try once it has ended.
type OnTry = dyn Fn(&Try);

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Log")
    }
}
