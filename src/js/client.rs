use std::rc::Rc;

use js_sys::{Array, Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::AbortSignal;

use super::batch;
use super::call::{Call, WaitOptions};
use super::download;
use super::flight::Flight;
use super::log::log;
use super::options::{CallOptions, ClientOptions, function, prices};
use super::value::{error_to_js, from_js, given_of, handle, to_js};
use crate::client::{Client, MAX_FILE_BYTES};
use crate::core::{
    Billed, Change, ChangeKind, ChangeRequest, Error, GenerateRequest, Given, ImageNumber, Quote, Submission,
    TaskFilter, UnknownSubmit, Word, de, warnings,
};
use crate::web::{Fetch, HostTimer, given};

#[wasm_bindgen]
extern "C" {
    /// The options of the client that are the caller's own objects, and no data.
    pub type OwnOptions;
    #[wasm_bindgen(method, getter)]
    fn fetch(this: &OwnOptions) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn logger(this: &OwnOptions) -> JsValue;
}

/// The client behind the package's class of that name. Its methods take what a caller gave, as plain data, and read it
/// before they return.
#[wasm_bindgen(js_name = Client)]
#[derive(Debug)]
pub struct Midjourney {
    client: Rc<Client<Fetch, HostTimer>>,
    prices: JsValue,
}

#[wasm_bindgen(js_class = Client)]
impl Midjourney {
    /// A client with the options of the package's class.
    #[wasm_bindgen(constructor)]
    pub fn new(given_options: &JsValue, own: &OwnOptions) -> Result<Midjourney, JsValue> {
        let client = ClientOptions::read(given_options).and_then(|options| {
            let fetch = function("fetch", own.fetch());
            let fetch = fetch.map_err(|error| Error::misconfigured("fetch", error.sentence()))?;
            let log = log(own.logger(), options.log_level)?;
            let (endpoint, key) = options.account()?;
            let client = Client::new(Fetch::default().over(fetch), HostTimer, endpoint, key)?;
            let client = client.with_history(options.history());
            Ok(match log {
                Some(log) => client.with_log(log),
                None => client,
            })
        });
        let client = client.map_err(|error| error_to_js(&error))?;
        Ok(Self { client: Rc::new(client), prices: given(given_options, "prices").unwrap_or_default() })
    }

    /// Submits a request to generate.
    pub fn generate(&self, request: &JsValue, options: &JsValue, flight: Flight) -> Promise {
        flight.promise(&self.client, || {
            let options = CallOptions::read(options, &["idempotencyKey"])?;
            Ok(Call::Submit(submission(request)?, options.idempotency_key))
        })
    }

    /// Submits a request to generate, and waits for the task's end.
    pub fn run(&self, request: &JsValue, options: &JsValue, flight: Flight) -> Promise {
        flight.promise(&self.client, || {
            let options = CallOptions::read(options, &["idempotencyKey", "timeout", "archived"])?;
            let wait = WaitOptions::of(&options);
            Ok(Call::Run(submission(request)?, options.idempotency_key, wait))
        })
    }

    /// Submits the upscale of an image.
    pub fn upscale(&self, task: &JsValue, index: &JsValue, options: &JsValue, flight: Flight) -> Promise {
        flight
            .promise(&self.client, || change(Change::Upscale, task, index, CallOptions::read(options, CHANGE_OPTIONS)?))
    }

    /// Submits variations of an image.
    pub fn vary(&self, task: &JsValue, index: &JsValue, options: &JsValue, flight: Flight) -> Promise {
        flight.promise(&self.client, || change(Change::Vary, task, index, CallOptions::read(options, CHANGE_OPTIONS)?))
    }

    /// Submits more of a video.
    #[wasm_bindgen(js_name = extendVideo)]
    pub fn extend_video(&self, task: &JsValue, index: &JsValue, options: &JsValue, flight: Flight) -> Promise {
        flight.promise(&self.client, || {
            let mut options = CallOptions::read(options, EXTEND_OPTIONS)?;
            change(Change::ExtendVideo { prompt: options.prompt.take() }, task, index, options)
        })
    }

    /// The task as it stands now.
    pub fn status(&self, task: &JsValue, options: &JsValue, flight: Flight) -> Promise {
        flight.promise(&self.client, || {
            CallOptions::read(options, &[])?;
            handle(task).map(Call::Status)
        })
    }

    /// The vendor's own record of the task.
    pub fn record(&self, task: &JsValue, options: &JsValue, flight: Flight) -> Promise {
        flight.promise(&self.client, || {
            CallOptions::read(options, &[])?;
            handle(task).map(Call::Record)
        })
    }

    /// The account's credits.
    pub fn credits(&self, options: &JsValue, flight: Flight) -> Promise {
        flight.promise(&self.client, || CallOptions::read(options, &[]).map(|_| Call::Credits))
    }

    /// Waits for the task's end.
    pub fn wait(&self, task: &JsValue, options: &JsValue, flight: Flight) -> Promise {
        flight.promise(&self.client, || {
            let options = CallOptions::read(options, &["timeout", "archived"])?;
            Ok(Call::Wait(handle(task)?, WaitOptions::of(&options)))
        })
    }

    /// The task that a submit with an unknown outcome became.
    pub fn reconcile(&self, unknown: &JsValue, options: &JsValue, flight: Flight) -> Promise {
        flight.promise(&self.client, || {
            CallOptions::read(options, &[])?;
            // Whatever it is about, it may have been billed.
            let submit = unknown_submit(unknown).map_err(|error| error.with(|error| error.billed = Billed::Unknown));
            submit.map(Call::Reconcile)
        })
    }

    /// A page of the caller's tasks, after the page of this cursor.
    pub fn tasks(&self, filter: &JsValue, cursor: Option<String>, options: &JsValue, flight: Flight) -> Promise {
        flight.promise(&self.client, || {
            CallOptions::read(options, &[])?;
            let filter = if filter.is_undefined() { Ok(TaskFilter::default()) } else { from_js(filter, "options") };
            Ok(Call::Tasks(filter?, cursor))
        })
    }

    /// Deletes a task with its files.
    pub fn remove(&self, task: &JsValue, options: &JsValue, flight: Flight) -> Promise {
        flight.promise(&self.client, || {
            CallOptions::read(options, &[])?;
            handle(task).map(Call::Remove)
        })
    }

    /// Uploads the flight's file.
    pub fn upload(&self, options: &JsValue, flight: Flight) -> Promise {
        let file = flight.file();
        flight.promise(&self.client, || {
            CallOptions::read(options, &[])?;
            let is_blob = file.is_object() && given(&file, "arrayBuffer").is_some_and(|method| method.is_function());
            let must = || Error::invalid("file", "must be a Blob or a File");
            if is_blob { Ok(Call::Upload(file)) } else { Err(must()) }
        })
    }

    /// Downloads one of `results`.
    pub fn download(&self, file: &JsValue, options: &JsValue, flight: Flight) -> Promise {
        let fetch = function("fetch", flight.fetch());
        flight.promise(&self.client, || {
            let options = CallOptions::read(options, &["maxBytes"])?;
            Ok(Call::Download(download::file(file)?, options.max_bytes.unwrap_or(MAX_FILE_BYTES), fetch?))
        })
    }

    /// The files of a task, of a result of one, or of a list of these.
    pub fn results(&self, task: &JsValue) -> Result<Array, JsValue> {
        download::results(task).map_err(|error| error_to_js(&error))
    }

    /// Runs a batch; resolves once every item has settled, or `leaving` is aborted and no submit is on its way. `on_event`
    /// gets an item's number, what happened, and the value.
    pub fn batch(
        &self,
        items: &Array,
        options: &JsValue,
        flight: Flight,
        leaving: AbortSignal,
        on_event: Function,
    ) -> Promise {
        let options = CallOptions::read(options, &["concurrency", "timeout", "archived"]);
        let arguments = options.and_then(|options| Ok((batch::items(items)?, options)));
        batch::run(self.client.clone(), arguments, flight, leaving, on_event)
    }

    /// What the vendor would accept but surely isn't meant.
    pub fn lint(&self, request: &JsValue) -> Result<JsValue, JsValue> {
        #[cfg(feature = "crash")]
        crate::crash::crash_if("crash", &request.as_string().unwrap_or_default());
        let warnings = given_of(request).map_err(|error| error.in_field("body")).and_then(warnings);
        warnings.map(|warnings| to_js(&warnings)).map_err(|error| error_to_js(&error))
    }

    /// What the request may cost and how long it may take, or a change of a result by its call's name.
    pub fn estimate(&self, request: &JsValue) -> Result<JsValue, JsValue> {
        let quote = prices(&self.prices).and_then(|prices| {
            let history = self.client.history();
            let Some(name) = request.as_string() else {
                return Ok(Quote::of(&submission(request)?, &prices, &history));
            };
            let must = || Error::invalid("body", "must be an object, or one of upscale, vary, extendVideo");
            Ok(Quote::of_change(ChangeKind::from_word(&name).ok_or_else(must)?, &prices, &history))
        });
        quote.map(|quote| to_js(&quote)).map_err(|error| error_to_js(&error))
    }

    /// How long the tasks took whose end this client has seen.
    pub fn history(&self) -> JsValue {
        to_js(&self.client.history())
    }
}

const CHANGE_OPTIONS: &[&str] = &["idempotencyKey", "waterMark", "callBackUrl"];
const EXTEND_OPTIONS: &[&str] = &["idempotencyKey", "waterMark", "callBackUrl", "prompt"];

/// The submit of a request to generate.
pub fn submission(request: &JsValue) -> Result<Submission, Error> {
    Ok(from_js::<GenerateRequest>(request, "body")?.checked()?.into_submission())
}

/// A change of an image or video of a task: its number stands beside the task, or is the image's own.
fn change(change: Change, task: &JsValue, index: &JsValue, options: CallOptions) -> Result<Call, Error> {
    let task_id = handle(task)?.task_id;
    let index = if index.is_undefined() { given(task, "index").unwrap_or_default() } else { index.clone() };
    let number = index.as_f64().filter(|number| number.fract() == 0.0 && (1.0..=4.0).contains(number));
    let number = number.ok_or_else(|| Error::invalid("index", &de::must_be_within(1, 4)))?;
    let image = ImageNumber::new(number as u8)?;
    let request =
        ChangeRequest { change, task_id, image, water_mark: options.water_mark, call_back_url: options.call_back_url };
    Ok(Call::Submit(request.into_submission(), options.idempotency_key))
}

/// The submit of an error, of what a batch keeps of one, or by itself.
fn unknown_submit(unknown: &JsValue) -> Result<UnknownSubmit, Error> {
    let of_item = || given(&given(unknown, "error")?, "submit");
    let submit = given(unknown, "submit").or_else(of_item).unwrap_or_else(|| unknown.clone());
    UnknownSubmit::given(given_of(&submit).unwrap_or(Given::Nothing))
}
