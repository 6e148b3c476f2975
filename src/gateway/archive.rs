//! The copies of results in the bucket: which files are fetched, and what is kept of them.

use futures_util::future::join;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, Response};

use super::bucket::Bucket;
use super::config::Gateway;
use super::file_link::FilePath;
use super::file_metadata::FileMetadata;
use super::host::FETCH;
use super::streams::{FixedLengthStream, StreamWriter, ignore, leave};
use crate::client::{Timer, race};
use crate::core::FileKind;
use crate::core::job::{CopyOutcome, FileToCopy, Job};
use crate::policy::HostName;
use crate::url::Url;
use crate::web::{HostTimer, next_chunk, reader_of};

/// The longest file that is kept: many times the vendor's longest video.
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// How long a copy may take: less than a call may take that the Worker waits for.
const COPY_TIMEOUT_MS: u32 = 90_000;

/// How many redirects from one allowed host to another are followed.
const MOST_REDIRECTS: usize = 3;

/// Which files are copied, and for how long they are kept.
#[derive(Debug)]
pub struct ArchiveRules {
    /// The hosts that files are fetched from.
    pub hosts: Vec<HostName>,
    /// Whether they may be fetched from this machine, as the configured upstream is here, too.
    pub from_loopback: bool,
    /// How long the copies are kept.
    pub kept_ms: i64,
}

impl ArchiveRules {
    /// Why a link isn't one that files are fetched from, if it isn't.
    pub fn refusal(&self, link: &str) -> Option<String> {
        let Some(url) = Url::parse(link).filter(|url| !url.has_user()) else {
            return Some("its link can't be fetched".to_owned());
        };
        if url.is_loopback() && self.from_loopback {
            return None;
        }
        if !url.is_https() || url.port().is_some() {
            return Some("its link isn't https on the usual port".to_owned());
        }
        let is_known = self.hosts.iter().any(|host| host.as_str() == url.hostname());
        (!is_known).then(|| format!("its host {} isn't one that files are copied from", url.hostname()))
    }
}

/// Has the files of a job that has just succeeded copied, if there is an archive.
pub fn begin_archive(gateway: &Gateway, job: &mut Job, now: i64) {
    if let Some(rules) = &gateway.archive {
        job.begin_archive(rules.kept_ms, |link| rules.refusal(link), now);
    }
}

/// Copies a file of a job.
pub async fn copy(bucket: &Bucket, rules: &ArchiveRules, job: &Job, file: &FileToCopy) -> CopyOutcome {
    let copied = race(try_copy(bucket, rules, job, file), HostTimer.sleep(COPY_TIMEOUT_MS)).await;
    copied.and_then(Result::ok).unwrap_or(CopyOutcome::Failed)
}

async fn try_copy(bucket: &Bucket, rules: &ArchiveRules, job: &Job, file: &FileToCopy) -> Result<CopyOutcome, JsValue> {
    let key = FilePath { job: &job.id, number: file.number }.key();
    if let Some(made) = made_before(bucket, &key, job).await? {
        return Ok(made);
    }
    let response = match fetched(rules, &file.url).await? {
        Ok(response) => response,
        Err(reason) => return Ok(CopyOutcome::Refused(reason)),
    };
    if response.status() != 200 {
        // It may be there a little later.
        leave(response.body());
        return Ok(CopyOutcome::Failed);
    }
    let bytes = match length(&response)? {
        Ok(bytes) => bytes,
        Err(reason) => {
            leave(response.body());
            return Ok(CopyOutcome::Refused(reason));
        }
    };
    let Some(body) = response.body() else { return Ok(CopyOutcome::Failed) };
    let reader = Reading(reader_of(&body)?);
    let mut start = Vec::new();
    while start.len() < FileKind::HEAD_BYTES
        && let Some(chunk) = next_chunk(&reader.0).await?
    {
        start.extend(chunk.to_vec());
    }
    let kind = match kind(&response, &start)? {
        Ok(kind) => kind,
        Err(reason) => return Ok(CopyOutcome::Refused(reason)),
    };
    let stream = FixedLengthStream::new(bytes as f64)?;
    let metadata = metadata(job, file.number, kind);
    let readable = stream.readable();
    let stored = bucket.put(&key, &readable, kind.media_type(), &metadata);
    let (stored, sent) = join(stored, send(&reader.0, &start, &stream)).await;
    sent.and(stored)?;
    Ok(CopyOutcome::Stored { kind, bytes })
}

/// The copy that is there already: its making was not written down any more, as when the process was killed.
async fn made_before(bucket: &Bucket, key: &str, job: &Job) -> Result<Option<CopyOutcome>, JsValue> {
    let Some(stored) = bucket.head(key).await? else { return Ok(None) };
    let is_ours = stored.metadata().link_secret == job.link_secret;
    let media_type = stored.media_type();
    let kind = FileKind::all().iter().find(|kind| media_type.as_deref() == Some(kind.media_type()));
    Ok(kind.filter(|_| is_ours).map(|kind| CopyOutcome::Stored { kind: *kind, bytes: stored.size() as u64 }))
}

/// The answer at this link, or where it redirects to on allowed hosts.
async fn fetched(rules: &ArchiveRules, link: &str) -> Result<Result<Response, String>, JsValue> {
    let mut link = link.to_owned();
    for _ in 0..=MOST_REDIRECTS {
        if let Some(reason) = rules.refusal(&link) {
            return Ok(Err(reason));
        }
        // A compressed answer has no length to go by.
        let response = FETCH.fetch(&link, &[("Accept-Encoding", "identity"), ("User-Agent", "midapi")], None).await?;
        if !(300..400).contains(&response.status()) {
            return Ok(Ok(response));
        }
        leave(response.body());
        let location = response.headers().get("Location")?.unwrap_or_default();
        match web_sys::Url::new_with_base(&location, &link) {
            Ok(url) => link = url.href(),
            Err(_) => break,
        }
    }
    Ok(Err("its link redirects to nowhere".to_owned()))
}

/// How long the file says that it is.
fn length(response: &Response) -> Result<Result<u64, String>, JsValue> {
    let encoding = response.headers().get("Content-Encoding")?.unwrap_or_default();
    if !matches!(encoding.as_str(), "" | "identity") {
        return Ok(Err("it comes compressed".to_owned()));
    }
    let length = response.headers().get("Content-Length")?.and_then(|length| length.parse().ok());
    Ok(match length {
        None => Err("it doesn't say how long it is".to_owned()),
        Some(bytes) if bytes > MOST_BYTES => Err(format!("it is longer than {MOST_BYTES} bytes")),
        Some(bytes) => Ok(bytes),
    })
}

/// What the file is: what its first bytes say, unless its server says that it is something else.
fn kind(response: &Response, start: &[u8]) -> Result<Result<FileKind, String>, JsValue> {
    let Some(kind) = FileKind::of(start) else { return Ok(Err("it is no picture and no video".to_owned())) };
    let declared = response.headers().get("Content-Type")?.unwrap_or_default();
    let declared = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let says_nothing = matches!(declared.as_str(), "" | "application/octet-stream" | "binary/octet-stream");
    // `image/jpg` and the like are none, and common.
    let family = |media_type: &str| media_type.split('/').next().map(str::to_owned);
    let fits = says_nothing || (family(&declared) == family(kind.media_type()) && !declared.contains("svg"));
    Ok(if fits { Ok(kind) } else { Err("its server says that it is something else than it is".to_owned()) })
}

fn metadata(job: &Job, number: usize, kind: FileKind) -> FileMetadata {
    FileMetadata {
        caller: Some(job.caller.clone()),
        link_secret: job.link_secret.clone(),
        kept_until: job.files_kept_until(),
        name: Some(name(job, number, kind)),
    }
}

/// A name that says what is in the file: the first words of the prompt, in plain letters.
fn name(job: &Job, number: usize, kind: FileKind) -> String {
    let prompt = job.prompt.as_deref().unwrap_or_default().to_ascii_lowercase();
    let words = prompt.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = String::new();
    for word in words.take_while(|word| !word.starts_with("http")) {
        if name.len() + word.len() > 40 {
            break;
        }
        name.extend([word, "-"]);
    }
    if name.is_empty() {
        name.push_str("midjourney-");
    }
    format!("{name}{number}.{}", kind.ending())
}

/// A body that is read. It is left when this is dropped, as by a copy that takes too long.
struct Reading(ReadableStreamDefaultReader);

impl Drop for Reading {
    fn drop(&mut self) {
        ignore(self.0.cancel());
    }
}

/// A stream that is written. It breaks off when this is dropped before its end, so that nothing is stored.
struct Writing {
    writer: StreamWriter,
    has_ended: bool,
}

impl Drop for Writing {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        if let Ok(aborted) = self.writer.abort(&JsValue::from_str("the copy broke off")) {
            ignore(aborted);
        }
    }
}

/// Passes a body on. If it breaks off, so does the stream.
async fn send(reader: &ReadableStreamDefaultReader, start: &[u8], stream: &FixedLengthStream) -> Result<(), JsValue> {
    let mut writing = Writing { writer: stream.writable().get_writer()?, has_ended: false };
    let writer = &writing.writer;
    ignore(writer.closed());
    JsFuture::from(writer.write(&Uint8Array::from(start))?).await?;
    while let Some(chunk) = next_chunk(reader).await? {
        JsFuture::from(writer.write(&chunk)?).await?;
    }
    JsFuture::from(writer.close()?).await?;
    writing.has_ended = true;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn row_27_files_are_fetched_from_allowed_hosts_alone() {
        let rules = |from_loopback| ArchiveRules {
            hosts: vec!["files.example.com".parse().unwrap()],
            from_loopback,
            kept_ms: 1,
        };
        assert_eq!(rules(false).refusal("https://files.example.com/m/1.png"), None);
        assert_eq!(rules(false).refusal("https://FILES.example.com:443/m/1.png?x"), None);
        assert_eq!(rules(true).refusal("http://127.0.0.1:1234/1.png"), None);
        for link in [
            "http://files.example.com/1.png",
            "https://files.example.com:8443/1.png",
            "https://files.example.com./1.png",
            "https://files.example.com.evil.example/1.png",
            "https://files.example.com@evil.example/1.png",
            "https://user@files.example.com/1.png",
            "https://evil.example/files.example.com",
            "https://169.254.169.254/latest",
            "http://127.0.0.1:1234/1.png",
            "https://[::ffff:127.0.0.1]/1.png",
            "data:image/png;base64,AAAA",
            "",
        ] {
            assert!(rules(false).refusal(link).is_some(), "{link}");
        }
        assert!(rules(true).refusal("http://127.0.0.1.evil.example/1.png").is_some());
    }
}
