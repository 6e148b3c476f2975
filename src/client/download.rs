//! The files of a task: fetched without a key, from whatever host has them.

use super::call::{CALL_TIMEOUT_MS, unreached};
use super::{Call, CallContext, Client, NoReply, Timer, Transport, Try, race};
use crate::core::{
    Error, FileKind, Kind, Operation, ResultFile, Retry, file_name, of_file_host, result_link, retry_after_s,
};

/// The longest file that is downloaded unless told: many times the longest recorded video.
pub const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// Gets files. Dropping the future ends the request.
///
/// It carries no key, so it may follow redirects. The vendor's file host refuses some programs' own `User-Agent`: name
/// another.
pub trait Downloads {
    /// What a body is kept in.
    type Body;

    /// Sends a GET. Only the body of a 200 is read, and none on after `max_bytes`.
    fn get(&self, url: &str, max_bytes: u64) -> impl Future<Output = Result<FileReply<Self::Body>, NoReply>>;
}

/// What came back for a file.
#[derive(Debug)]
pub struct FileReply<B> {
    /// The HTTP status.
    pub status: u16,
    /// The `Retry-After` header, as it came.
    pub retry_after: Option<String>,
    /// Where it came from after redirects, as far as the host tells.
    pub url: Option<String>,
    /// The first bytes: [`FileKind::HEAD_BYTES`] of them, or all if there are fewer.
    pub head: Vec<u8>,
    /// The whole body; `None` if it is longer than asked for, or wasn't read.
    pub body: Option<B>,
}

/// A file that came whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download<B> {
    /// [`file_name`] of it.
    pub name: String,
    /// What it is, by its bytes.
    pub kind: FileKind,
    /// Its bytes.
    pub body: B,
}

impl<T: Transport + Downloads, C: Timer> Client<T, C> {
    /// Downloads a result. To ask again costs nothing.
    ///
    /// ```
    /// # use midapi::client::{Client, Downloads, MAX_FILE_BYTES, Timer, Transport};
    /// # use midapi::core::{Error, Task};
    /// # async fn example<T>(client: Client<T, impl Timer>, task: Task) -> Result<(), Box<dyn std::error::Error>>
    /// # where T: Transport + Downloads<Body = Vec<u8>> {
    /// for file in task.images.iter().chain(&task.videos) {
    ///     let download = client.download(file, MAX_FILE_BYTES).await?;
    ///     std::fs::write(download.name, download.body)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Kind::Network`], [`Kind::ServerError`], [`Kind::RateLimited`] and [`Kind::NotFound`] once it was tried three times,
    /// 60 s each; [`Kind::BadResponse`] for what is no picture or video, or longer than `max_bytes`. All of them say
    /// [`Billed::Yes`](crate::core::Billed::Yes): the task is there. [`Kind::InvalidRequest`] for no http or https URL.
    pub async fn download(&self, file: &ResultFile, max_bytes: u64) -> Result<Download<T::Body>, Error> {
        self.call(&CallContext::new(&|_| ())).download(None, file, max_bytes).await
    }
}

impl<T: Transport + Downloads, C: Timer> Call<'_, T, C> {
    /// [`Client::download`], over another transport than the client's if there is one.
    ///
    /// # Errors
    /// Those of [`Client::download`].
    pub async fn download(
        &self,
        transport: Option<&T>,
        file: &ResultFile,
        max_bytes: u64,
    ) -> Result<Download<T::Body>, Error> {
        let Client { timer, budget, log, .. } = self.client;
        let transport = transport.unwrap_or(&self.client.transport);
        let link = result_link(&file.url);
        let link = link.ok_or_else(|| Error::invalid("url", "must be an absolute http or https URL"))?;
        self.context.downloads(&file.task_id);
        let mut retry = Retry::new(self.client.max_tries);
        budget.called();
        let mut number = 0;
        loop {
            number += 1;
            self.context.sending(Operation::Read, None);
            let began_at = timer.now();
            let (status, outcome) = self.get(transport, &link, max_bytes).await;
            let pause = outcome.as_ref().err().and_then(|error| retry.pause_for_file(error, budget, timer.random()));
            if let Some(log) = &log.0 {
                let (operation, ms) = (Operation::Read, timer.now().saturating_sub(began_at));
                let (kind, billed) = (outcome.as_ref().err().map(|error| error.kind), operation.billed_with_answer());
                log(&Try { operation, route: "file", number, status, ms, billed, kind, again_in: pause });
            }
            match (outcome, pause) {
                (Ok((kind, body)), _) => return Ok(Download { name: file_name(file, kind), kind, body }),
                (Err(error), None) => return Err(self.context.annotated(error)),
                (Err(_), Some(ms)) => {
                    self.context.pausing();
                    timer.sleep(ms).await;
                }
            }
        }
    }

    /// Asks once; returns the HTTP status, too, if there was an answer.
    async fn get(
        &self,
        transport: &T,
        link: &str,
        max_bytes: u64,
    ) -> (Option<u16>, Result<(FileKind, T::Body), Error>) {
        let timer = &self.client.timer;
        let Some(outcome) = race(transport.get(link, max_bytes), timer.sleep(CALL_TIMEOUT_MS)).await else {
            return (None, Err(Error::new(Kind::Network, "the file did not come within 60 s")));
        };
        match outcome {
            Ok(reply) => (Some(reply.status), checked(reply, link, max_bytes, timer.now())),
            Err(no_reply) => (None, Err(unreached(Operation::Read, no_reply, transport.foreign_origin(link)))),
        }
    }
}

/// The body of a reply, if it is a picture or a video.
#[inline(never)]
fn checked<B>(reply: FileReply<B>, link: &str, max_bytes: u64, now: i64) -> Result<(FileKind, B), Error> {
    if reply.status != 200 {
        let retry_after = reply.retry_after.as_deref().and_then(|header| retry_after_s(header, now));
        return Err(of_file_host(reply.status).with(|error| error.retry_after = retry_after));
    }
    let wrong = |message: &str| Error::new(Kind::BadResponse, message);
    if link.starts_with("https:") && reply.url.is_some_and(|url| url.starts_with("http:")) {
        return Err(wrong("the file's host redirects to http, where anybody may change the file"));
    }
    let Some(body) = reply.body else { return Err(wrong(&format!("the file is longer than {max_bytes} bytes"))) };
    match (FileKind::of(&reply.head), reply.head.trim_ascii_start().first()) {
        (Some(kind), _) => Ok((kind, body)),
        (None, Some(b'<')) => Err(wrong("the file's host sent a page (HTML) in place of a picture or video")),
        (None, Some(_)) => Err(wrong("the file is no picture or video that is known here")),
        (None, None) => Err(wrong("the file is empty")),
    }
}
