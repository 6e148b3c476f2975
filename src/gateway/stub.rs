//! The Durable Objects from outside. The methods are those of the classes in `js/gateway.js`.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::ReadableStream;

use super::job_reply::JobReply;
use super::ledger::{LedgerReport, ReserveReply, ReserveRequest};
use super::message;
use super::submit_order::SubmitOrder;
use super::task_list::{TaskPage, TaskQuery, TaskUpdate, WatchRequest};
use crate::core::Error;
use crate::core::Word;
use crate::core::job::{JobState, ParentTask};
use crate::web::given;

#[wasm_bindgen]
extern "C" {
    /// A class of Durable Objects, as `env` has it.
    type Namespace;
    #[wasm_bindgen(method, catch, js_name = getByName)]
    fn get_by_name(this: &Namespace, name: &str) -> Result<Stub, JsValue>;

    /// One of them.
    type Stub;
    #[wasm_bindgen(method, catch)]
    async fn submit(this: &Stub, order: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn look(this: &Stub, caller: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn parent(this: &Stub, caller: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = calledBack)]
    async fn called_back(this: &Stub, token: &str, body: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn reserve(this: &Stub, request: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn settle(this: &Stub, id: &str, spent: bool) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn knows(this: &Stub, job: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn spent(this: &Stub, names: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn note(this: &Stub, reservation: &str, state: &str, bytes: f64) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn report(this: &Stub) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn update(this: &Stub, update: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn remove(this: &Stub, id: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn page(this: &Stub, query: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn watch(this: &Stub, request: &str) -> Result<JsValue, JsValue>;
}

fn stub(env: &JsValue, class: &str, name: &str) -> Result<Stub, JsValue> {
    given(env, class).unwrap_or_default().unchecked_into::<Namespace>().get_by_name(name)
}

fn text(answer: JsValue) -> String {
    answer.as_string().unwrap_or_default()
}

/// One job.
pub struct JobStub(Stub);

impl JobStub {
    /// The job of this id.
    pub fn new(env: &JsValue, id: &str) -> Result<Self, JsValue> {
        stub(env, "JOBS", id).map(Self)
    }

    /// Submits it.
    pub async fn submit(&self, order: &SubmitOrder) -> Result<JobReply, JsValue> {
        message::decode(&text(self.0.submit(&message::encode(order)?).await?))
    }

    /// Looks at its task, for the caller whose it is.
    pub async fn look(&self, caller: &str) -> Result<JobReply, JsValue> {
        message::decode(&text(self.0.look(caller).await?))
    }

    /// What a change of its task has to know of it; `None` if this caller has no such task.
    pub async fn parent(&self, caller: &str) -> Result<Option<ParentTask>, JsValue> {
        message::decode(&text(self.0.parent(caller).await?))
    }

    /// Deletes its task and files, for the caller whose it is.
    pub async fn remove(&self, caller: &str) -> Result<JobReply, JsValue> {
        message::decode(&text(self.0.remove(caller).await?))
    }

    /// Passes a callback on; says whether the token is the job's.
    pub async fn called_back(&self, token: &str, body: &str) -> Result<bool, JsValue> {
        Ok(self.0.called_back(token, body).await?.is_truthy())
    }
}

/// The list of a caller's tasks.
pub struct TaskListStub(Stub);

impl TaskListStub {
    /// That of this caller.
    pub fn new(env: &JsValue, caller: &str) -> Result<Self, JsValue> {
        stub(env, "TASK_LISTS", caller).map(Self)
    }

    /// Tells it where a task stands.
    pub async fn update(&self, update: &TaskUpdate) -> Result<(), JsValue> {
        self.0.update(&message::encode(update)?).await.map(|_| ())
    }

    /// Takes a task out of it.
    pub async fn remove(&self, id: &str) -> Result<(), JsValue> {
        self.0.remove(id).await.map(|_| ())
    }

    /// A page of it.
    pub async fn page(&self, query: &TaskQuery) -> Result<TaskPage, JsValue> {
        message::decode(&text(self.0.page(&message::encode(query)?).await?))
    }

    /// A stream of what happens to some of its tasks.
    pub async fn watch(&self, request: &WatchRequest) -> Result<Result<ReadableStream, Error>, JsValue> {
        let answer = self.0.watch(&message::encode(request)?).await?;
        match answer.as_string() {
            Some(refusal) => message::decode(&refusal).map(Err),
            None => Ok(Ok(answer.unchecked_into())),
        }
    }
}

/// The accounts.
pub struct LedgerStub(Stub);

impl LedgerStub {
    /// The one there is.
    pub fn new(env: &JsValue) -> Result<Self, JsValue> {
        stub(env, "LEDGER", "accounts").map(Self)
    }

    /// Reserves credits.
    pub async fn reserve(&self, request: &ReserveRequest) -> Result<ReserveReply, JsValue> {
        message::decode(&text(self.0.reserve(&message::encode(request)?).await?))
    }

    /// Says how a reservation ended.
    pub async fn settle(&self, id: &str, spent: bool) -> Result<(), JsValue> {
        self.0.settle(id, spent).await.map(|_| ())
    }

    /// Whether credits were ever reserved for a job, which is so of every job that was sent.
    pub async fn knows(&self, job: &str) -> Result<bool, JsValue> {
        Ok(self.0.knows(job).await?.is_truthy())
    }

    /// Takes note of where a job stands, and how many bytes of copies it has.
    pub async fn note(&self, reservation: &str, state: JobState, bytes: u64) -> Result<(), JsValue> {
        self.0.note(reservation, state.as_str(), bytes as f64).await.map(|_| ())
    }

    /// The owner's figures.
    pub async fn report(&self) -> Result<LedgerReport, JsValue> {
        message::decode(&text(self.0.report().await?))
    }

    /// What these accounts have spent today.
    pub async fn spent(&self, names: &[&str]) -> Result<Vec<i64>, JsValue> {
        message::decode(&text(self.0.spent(&message::encode(&names)?).await?))
    }
}
