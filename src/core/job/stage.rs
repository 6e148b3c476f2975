use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

use crate::core::{Billed, Error, Kind};

/// Where a job stands with the vendor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Stage {
    /// Its credits are being reserved; nothing was sent.
    Reserving,
    /// It is on its way to the vendor: from here on nobody can say that it wasn't accepted.
    Submitting,
    /// The vendor has it.
    Accepted {
        /// Under this id.
        vendor_id: String,
    },
    /// It was certainly not accepted: the same order may be tried again.
    Refused {
        /// Why.
        failure: StoredError,
    },
    /// Nobody knows whether it was accepted. It is not sent again, and what was reserved for it stays so.
    Unknown {
        /// Why.
        failure: StoredError,
    },
    /// Its caller has deleted it. It was paid for, and is not sent again.
    Removed,
}

/// Where a job stands, as its owner counts.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, IntoStaticStr, VariantArray, VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum JobState {
    /// Its credits are being reserved.
    Reserving,
    /// It is on its way to the vendor.
    Submitting,
    /// It was certainly not accepted.
    Refused,
    /// Nobody knows whether it was accepted.
    Unknown,
    /// The vendor has it, and it goes on.
    Running,
    /// It goes on for so long that the vendor is asked rarely. It may still end.
    TimedOut,
    /// It ended with results.
    Done,
    /// It ended without.
    Failed,
    /// Its caller has deleted it.
    Removed,
}

/// What is kept of an error.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredError {
    pub(super) kind: Kind,
    pub(super) code: Option<i64>,
    /// In words.
    pub message: String,
}

impl StoredError {
    pub(super) fn of(error: &Error) -> Self {
        Self { kind: error.kind, code: error.code, message: error.message.clone() }
    }

    pub(super) fn to_error(&self, billed: Billed) -> Error {
        Error::new(self.kind, self.message.clone()).with(|error| {
            error.code = self.code;
            error.billed = billed;
        })
    }
}
