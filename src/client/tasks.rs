//! What a gateway has beside the vendor's API: the caller's tasks, and pictures that tasks start from.

use serde::{Deserialize, Serialize};

use super::call::{Form, unreached};
use super::{Call, CallContext, Client, Method, NoReply, Reply, Request, Timer, Transport, race};
use crate::core::{Error, Handle, Kind, Operation, State, TaskFilter, TaskPage, checked_task_id, decode_data};

/// How long an upload may take.
const UPLOAD_TIMEOUT_MS: u32 = 120_000;

/// Sends files. Dropping the future ends the request.
pub trait Uploads {
    /// A file of the host's.
    type File;

    /// Sends a POST whose body is the file; the request's own body is none.
    fn upload(&self, request: Request<'_>, file: &Self::File) -> impl Future<Output = Result<Reply, NoReply>>;
}

/// A picture that a gateway keeps for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Uploaded {
    /// What to give as `fileUrl`.
    pub url: String,
    /// Until when it is there, in milliseconds since 1970.
    pub expires_at: i64,
}

impl<T: Transport, C: Timer> Client<T, C> {
    /// A page of the caller's tasks, newest first: the first, or the one that the cursor of the page before names. A gateway
    /// keeps such a list; the vendor has none.
    ///
    /// # Errors
    /// [`Kind::Misconfigured`] with the vendor's endpoint, and what any call can meet.
    pub async fn tasks(&self, filter: &TaskFilter, cursor: Option<&str>) -> Result<TaskPage, Error> {
        self.call(&CallContext::new(&|_| ())).tasks(filter, cursor).await
    }

    /// Deletes a task and its files at the gateway. What runs at the vendor goes on, and stays paid for.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for a task the gateway doesn't know, and those of [`Client::tasks`].
    pub async fn remove(&self, handle: &Handle) -> Result<(), Error> {
        self.call(&CallContext::new(&|_| ())).remove(handle).await
    }
}

impl<T: Transport + Uploads, C: Timer> Client<T, C> {
    /// Uploads a picture that a task can start from: PNG, JPEG or WebP, at most 10 MB.
    ///
    /// # Errors
    /// [`Kind::InvalidRequest`] for what is no such picture, and those of [`Client::tasks`].
    pub async fn upload(&self, file: &T::File) -> Result<Uploaded, Error> {
        self.call(&CallContext::new(&|_| ())).upload(file).await
    }
}

impl<T: Transport, C: Timer> Call<'_, T, C> {
    /// [`Client::tasks`]
    ///
    /// # Errors
    /// Those of [`Client::tasks`].
    pub async fn tasks(&self, filter: &TaskFilter, cursor: Option<&str>) -> Result<TaskPage, Error> {
        let query = filter.query(cursor);
        let form = self.of_gateway(Method::Get, &["tasks", &query].concat(), "tasks")?;
        let answer = self.exchange(&[form], Operation::Read, self.usual_limits()).await.1?;
        let mut page = TaskPage::read(answer.data).ok_or_else(|| senseless("is no list of tasks"))?;
        // As was said when it was accepted: a wait for it needn't look at once.
        for listed in page.tasks.iter_mut().filter(|listed| listed.task.state == State::Running) {
            self.expect(&mut listed.task);
        }
        Ok(page)
    }

    /// [`Client::remove`]
    ///
    /// # Errors
    /// Those of [`Client::remove`].
    pub async fn remove(&self, handle: &Handle) -> Result<(), Error> {
        checked_task_id(&handle.task_id)?;
        self.context.looks_at(&handle.task_id);
        let form = self.of_gateway(Method::Delete, &["tasks/", &handle.task_id].concat(), "tasks")?;
        let deleted = self.exchange(&[form], Operation::Read, self.usual_limits()).await.1;
        deleted.map(|_| ()).map_err(|error| self.context.annotated(error))
    }

    /// A request for what a gateway alone has.
    fn of_gateway(&self, method: Method, path: &str, route: &'static str) -> Result<Form<'_>, Error> {
        if !self.client.may_be_gateway {
            let must = "must be that of a gateway for this: the vendor has no such call";
            return Err(Error::misconfigured("endpoint", must));
        }
        Ok(Form::of(method, self.client.endpoint.route(path), route))
    }
}

impl<T: Transport + Uploads, C: Timer> Call<'_, T, C> {
    /// [`Client::upload`]
    ///
    /// # Errors
    /// Those of [`Client::upload`].
    pub async fn upload(&self, file: &T::File) -> Result<Uploaded, Error> {
        let Client { transport, timer, key, .. } = self.client;
        let Form { url, .. } = self.of_gateway(Method::Post, "uploads", "uploads")?;
        self.context.sending(Operation::Read, None);
        let request = Request { method: Method::Post, url: &url, body: None, key: key.as_ref(), idempotency_key: None };
        let sent = race(transport.upload(request, file), timer.sleep(UPLOAD_TIMEOUT_MS)).await;
        let reply = match sent {
            Some(Ok(reply)) => reply,
            Some(Err(no_reply)) => {
                return Err(unreached(Operation::Read, no_reply, transport.foreign_origin(&url)));
            }
            None => return Err(Error::unanswered(Operation::Read, Kind::Network, "the upload took too long")),
        };
        // What is wrong with the file is the caller's, as with any request.
        let answer = self.answer(Operation::Submit, &reply)?;
        decode_data(Operation::Read, answer.data, "has no address of the upload")
    }
}

fn senseless(what: &str) -> Error {
    Error::unanswered(Operation::Read, Kind::BadResponse, &["the server's answer ", what].concat())
}
