use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::task_ids::TaskIds;
use crate::client::Client;
use crate::core::{Account, Endpoint, Error, History, Kind, Secret};
use crate::web::{Fetch, HostTimer, given};

/// What the Worker is set up to be.
pub struct Gateway {
    /// The client of the vendor's account.
    pub client: Client<Fetch, HostTimer>,
    /// The ids callers know tasks by.
    pub task_ids: TaskIds,
    /// The vendor's key.
    pub key: Secret,
    upstream: String,
}

thread_local! {
    /// One for the life of the isolate: the client remembers which upscale route the vendor has.
    static GATEWAY: RefCell<Option<Rc<Gateway>>> = const { RefCell::new(None) };
}

/// The gateway its variables describe; without a usable key or upstream there is none, and nothing is sent.
pub fn gateway(env: &JsValue) -> Result<Rc<Gateway>, Error> {
    let variable = |name| given(env, name)?.as_string();
    let misconfigured = |what: &str| Error::new(Kind::Misconfigured, format!("the gateway's {what}"));
    let key = Secret::new(&variable("MIDAPI_API_KEY").unwrap_or_default())
        .map_err(|_| misconfigured("secret MIDAPI_API_KEY is missing or malformed"))?;
    let upstream = variable("MIDAPI_UPSTREAM_URL").unwrap_or_else(|| Endpoint::VENDOR.to_owned());
    GATEWAY.with_borrow_mut(|current| {
        if let Some(gateway) = current.as_ref().filter(|gateway| gateway.key == key && gateway.upstream == upstream) {
            return Ok(gateway.clone());
        }
        let endpoint = Endpoint::upstream(&upstream)
            .map_err(|error| misconfigured(&format!("variable MIDAPI_UPSTREAM_URL is wrong: {error}")))?;
        // Its callers try again themselves.
        let account = Account::new(endpoint, Some(key.clone()), History::default()).without_retries();
        let client = Client::of(Fetch, HostTimer, account);
        let gateway = Rc::new(Gateway { client, task_ids: TaskIds::new(&key), key, upstream });
        Ok(current.insert(gateway).clone())
    })
}
