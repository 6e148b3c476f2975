//! What is kept with a file in the bucket.

use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, serde_as, skip_serializing_none};

/// What is kept with a file. The bucket keeps texts.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FileMetadata {
    /// Whose it is.
    pub caller: Option<String>,
    /// What signs links to it.
    pub link_secret: Option<String>,
    /// Until when it is kept, in milliseconds since 1970.
    #[serde_as(as = "Option<DisplayFromStr>")]
    pub kept_until: Option<i64>,
    /// The name that a download gets.
    pub name: Option<String>,
}

impl FileMetadata {
    /// Whether its time is over, though it wasn't deleted yet.
    pub fn has_expired(&self, now_s: i64) -> bool {
        self.kept_until.is_none_or(|at| at / 1000 < now_s)
    }
}
