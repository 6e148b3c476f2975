//! The Durable Objects from outside. The methods are those of the classes in `js/gateway.js`.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use super::job::ParentTask;
use super::job_reply::JobReply;
use super::ledger::{ReserveReply, ReserveRequest};
use super::message;
use super::submit_order::SubmitOrder;
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

    /// Passes a callback on; says whether the token is the job's.
    pub async fn called_back(&self, token: &str, body: &str) -> Result<bool, JsValue> {
        Ok(self.0.called_back(token, body).await?.is_truthy())
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

    /// What these accounts have spent today.
    pub async fn spent(&self, names: &[&str]) -> Result<Vec<i64>, JsValue> {
        message::decode(&text(self.0.spent(&message::encode(&names)?).await?))
    }
}
