//! The copies of a job's files.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::Job;
use crate::core::{ArchiveState, FileKind, RETENTION_MS};

/// How soon copies that failed are tried again; each time twice as late. A file may be there seconds after its record, and a
/// callback waits a minute for the copies.
const FIRST_RETRY_MS: i64 = 5_000;
const LONGEST_RETRY_MS: i64 = 60 * 60 * 1000;

/// The copies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Archive {
    /// By place, as the vendor's links are.
    files: Vec<ArchivedFile>,
    /// How often in a row all that were left failed.
    failures: u32,
    /// The first place that is still to be tried this time. One file that fails keeps none of the others waiting.
    #[serde(default)]
    from: usize,
    next_at: i64,
    /// After this the vendor has no files any more.
    vendor_until: i64,
    /// Until when the copies are kept.
    kept_until: i64,
}

/// What became of one file.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "copy", rename_all = "lowercase")]
pub enum ArchivedFile {
    /// There is no file in this place.
    Absent,
    /// It is still to be copied.
    Pending,
    /// It lies in the archive.
    Stored {
        /// What it is.
        kind: FileKind,
        /// Its length.
        bytes: u64,
    },
    /// It isn't to be copied.
    Refused {
        /// Why, in words.
        reason: String,
    },
    /// The vendor deleted it before it was copied.
    Expired,
}

/// A file to copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileToCopy {
    /// Its number, counted from 1.
    pub number: usize,
    /// Where the vendor has it.
    pub url: String,
}

/// How the copy of a file ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyOutcome {
    /// It is there.
    Stored {
        /// What it is.
        kind: FileKind,
        /// Its length.
        bytes: u64,
    },
    /// It must not be copied, now or later.
    Refused(String),
    /// It may succeed later.
    Failed,
}

impl Archive {
    pub(super) const fn kept_until(&self) -> i64 {
        self.kept_until
    }

    /// The first place from this one on whose file is still to be copied.
    fn pending(&self, from: usize) -> Option<usize> {
        let mut files = self.files.iter().enumerate().skip(from);
        files.find(|(_, file)| **file == ArchivedFile::Pending).map(|(place, _)| place)
    }

    fn state(&self) -> ArchiveState {
        let any = |wanted: fn(&ArchivedFile) -> bool| self.files.iter().any(wanted);
        if any(|file| *file == ArchivedFile::Pending) {
            ArchiveState::Pending
        } else if any(|file| *file == ArchivedFile::Expired) {
            ArchiveState::Expired
        } else {
            ArchiveState::Done
        }
    }
}

impl Job {
    /// The task has succeeded, and its files are to be copied, to be kept this long. `refused` says why a link isn't one
    /// that files are fetched from.
    pub fn begin_archive(&mut self, kept_ms: i64, refused: impl Fn(&str) -> Option<String>, now: i64) {
        let Some(record) = self.record.as_ref().filter(|record| self.ended && record.success_flag == 1) else { return };
        if self.archive.is_some() || self.link_secret.is_none() {
            return;
        }
        let file = |url: &Option<String>| match url.as_deref().map(&refused) {
            None => ArchivedFile::Absent,
            Some(Some(reason)) => ArchivedFile::Refused { reason },
            Some(None) => ArchivedFile::Pending,
        };
        let ended_at = record.complete_time.filter(|at| *at <= now).unwrap_or(now);
        self.archive = Some(Archive {
            files: record.results.urls.iter().map(file).collect(),
            failures: 0,
            from: 0,
            next_at: now,
            vendor_until: ended_at.saturating_add(RETENTION_MS),
            kept_until: now.saturating_add(kept_ms),
        });
        self.changed();
    }

    /// Where the copies stand, if there are to be any.
    pub fn archive_state(&self) -> Option<ArchiveState> {
        self.archive.as_ref().map(Archive::state)
    }

    /// What became of each file, by place.
    pub fn archived_files(&self) -> &[ArchivedFile] {
        self.archive.as_ref().map_or(&[], |archive| &archive.files)
    }

    /// The numbers of the files that lie in the bucket, or may: a copy may be there though nobody has written that down yet.
    pub fn files_to_erase(&self) -> Vec<usize> {
        let may_be_there = |file: &ArchivedFile| matches!(file, ArchivedFile::Stored { .. } | ArchivedFile::Pending);
        let files = self.archived_files().iter().zip(1..).filter(|(file, _)| may_be_there(file));
        files.map(|(_, number)| number).chain(self.to_erase.iter().copied()).collect()
    }

    /// The files of a deleted task are gone.
    pub fn erased(&mut self) {
        self.to_erase.clear();
    }

    /// Until when the copies are kept.
    pub fn files_kept_until(&self) -> Option<i64> {
        self.archive.as_ref().map(Archive::kept_until)
    }

    /// When the next file is to be copied, if one is.
    pub(super) fn copy_due(&self) -> Option<i64> {
        let archive = self.archive.as_ref()?;
        (archive.state() == ArchiveState::Pending).then_some(archive.next_at)
    }

    /// The file that is to be copied next. One that the vendor has deleted meanwhile isn't.
    pub fn next_copy(&mut self, now: i64) -> Option<FileToCopy> {
        let archive = self.archive.as_mut()?;
        if now >= archive.vendor_until {
            for file in &mut archive.files {
                if *file == ArchivedFile::Pending {
                    *file = ArchivedFile::Expired;
                }
            }
            self.changed();
            return None;
        }
        let place = archive.pending(archive.from).or_else(|| archive.pending(0))?;
        let url = self.record.as_ref().and_then(|record| record.results.urls.get(place)?.clone());
        if let Some(file) = archive.files.get_mut(place).filter(|_| url.is_none()) {
            *file = ArchivedFile::Absent;
        }
        Some(FileToCopy { number: place + 1, url: url? })
    }

    /// How the copy of a file ended.
    pub fn finish_copy(&mut self, number: usize, outcome: CopyOutcome, now: i64) {
        let Some(archive) = &mut self.archive else { return };
        let place = number.checked_sub(1).and_then(|place| archive.files.get_mut(place));
        let Some(file) = place.filter(|file| **file == ArchivedFile::Pending) else { return };
        match outcome {
            CopyOutcome::Failed => {}
            CopyOutcome::Stored { kind, bytes } => *file = ArchivedFile::Stored { kind, bytes },
            CopyOutcome::Refused(reason) => *file = ArchivedFile::Refused { reason },
        }
        if *file != ArchivedFile::Pending {
            archive.failures = 0;
        }
        archive.from = number;
        if archive.pending(number).is_none() && archive.pending(0).is_some() {
            // All that are left have failed.
            let pause = FIRST_RETRY_MS.saturating_mul(1 << archive.failures.min(20)).min(LONGEST_RETRY_MS);
            (archive.failures, archive.from) = (archive.failures + 1, 0);
            // At the vendor's end there is nothing to wait for.
            archive.next_at = now.saturating_add(pause).min(archive.vendor_until.max(now + 1));
        }
        if archive.state() != ArchiveState::Pending {
            self.changed();
        }
    }
}
