use super::config::Gateway;
use super::file_link::FilePath;
use crate::core::job::{ArchivedFile, Job};
use crate::core::{Archive, ArchiveState, Error, Record, RefusedFile};

/// The record of a job's task as callers get it: with links to the copies of its files, once all are made.
pub fn record_of(gateway: &Gateway, job: &Job) -> Result<Record, Error> {
    let mut record = job.record()?;
    let Some(state) = job.archive_state() else { return Ok(record) };
    let refused = job.archived_files().iter().enumerate().filter_map(|(place, file)| match file {
        ArchivedFile::Refused { reason } => Some(RefusedFile { index: place + 1, reason: reason.clone() }),
        _ => None,
    });
    record.archive = Some(Archive { state, refused: refused.collect() });
    let (Some(url), Some(secret), Some(kept_until)) = (&gateway.public_url, &job.link_secret, job.files_kept_until())
    else {
        return Ok(record);
    };
    if state == ArchiveState::Pending {
        return Ok(record);
    }
    let mut all_are_copies = true;
    for (place, (link, file)) in record.results.urls.iter_mut().zip(job.archived_files()).enumerate() {
        match file {
            ArchivedFile::Stored { .. } => {
                let path = FilePath { job: &job.id, number: place + 1 };
                *link = Some(url.route(&path.link(secret, kept_until / 1000)));
            }
            ArchivedFile::Absent => {}
            _ => all_are_copies = false,
        }
    }
    // Of the vendor's own links its usual time is true.
    record.expires_at = Some(kept_until).filter(|_| all_are_copies);
    Ok(record)
}
