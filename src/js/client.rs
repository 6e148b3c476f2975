use std::rc::Rc;

use js_sys::{Array, Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::AbortSignal;

use super::batch;
use super::flight::{About, Flight};
use super::options::{
    BatchOptions, ChangeOptions, ClientOptions, ExtendOptions, NoOptions, RunOptions, SubmitOptions, WaitOptions,
    options, prices,
};
use super::value::{error_to_js, from_js, given_of, handle, to_js};
use crate::client::{Client, DEFAULT_WAIT_MS};
use crate::core::{
    Billed, Change, ChangeRequest, Error, GenerateRequest, Given, Handle, ImageNumber, Submission, UnknownSubmit, de,
    warnings,
};
use crate::web::{Fetch, HostTimer, given};

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
    pub fn new(given_options: &JsValue) -> Result<Midjourney, JsValue> {
        let client = ClientOptions::read(given_options).and_then(|options| {
            let (endpoint, key) = options.account()?;
            Ok(Client::new(Fetch, HostTimer, endpoint, key)?.with_history(options.history()))
        });
        let client = client.map_err(|error| error_to_js(&error))?;
        Ok(Self { client: Rc::new(client), prices: given(given_options, "prices").unwrap_or_default() })
    }

    /// Submits a request to generate.
    pub fn generate(&self, request: &JsValue, given_options: &JsValue, flight: Flight) -> Promise {
        let client = self.client.clone();
        let arguments = read(|| Ok((submission(request)?, options::<SubmitOptions>(given_options)?)));
        flight.promise(
            arguments,
            |_| About::Submit,
            async move |(submission, options), context| {
                client.call(context).submit(&submission, options.idempotency_key).await
            },
        )
    }

    /// Submits a request to generate, and waits for the task's end.
    pub fn run(&self, request: &JsValue, given_options: &JsValue, flight: Flight) -> Promise {
        let client = self.client.clone();
        let arguments = read(|| Ok((submission(request)?, options::<RunOptions>(given_options)?)));
        flight.promise(
            arguments,
            |_| About::Submit,
            async move |(submission, options), context| {
                let timeout_ms = options.timeout.unwrap_or(DEFAULT_WAIT_MS);
                client.call(context).run(&submission, options.idempotency_key, timeout_ms).await
            },
        )
    }

    /// Submits the upscale of an image.
    pub fn upscale(&self, task: &JsValue, index: &JsValue, given_options: &JsValue, flight: Flight) -> Promise {
        self.change(read(|| change(Change::Upscale, task, index, options(given_options)?)), flight)
    }

    /// Submits variations of an image.
    pub fn vary(&self, task: &JsValue, index: &JsValue, given_options: &JsValue, flight: Flight) -> Promise {
        self.change(read(|| change(Change::Vary, task, index, options(given_options)?)), flight)
    }

    /// Submits more of a video.
    #[wasm_bindgen(js_name = extendVideo)]
    pub fn extend_video(&self, task: &JsValue, index: &JsValue, given_options: &JsValue, flight: Flight) -> Promise {
        let arguments = read(|| {
            let ExtendOptions { prompt, idempotency_key, water_mark, call_back_url } = options(given_options)?;
            let others = ChangeOptions { idempotency_key, water_mark, call_back_url };
            change(Change::ExtendVideo { prompt }, task, index, others)
        });
        self.change(arguments, flight)
    }

    fn change(&self, arguments: Result<(Submission, Option<String>), Error>, flight: Flight) -> Promise {
        let client = self.client.clone();
        flight.promise(
            arguments,
            |_| About::Submit,
            async move |(submission, key), context| client.call(context).submit(&submission, key).await,
        )
    }

    /// The task as it stands now.
    pub fn status(&self, task: &JsValue, given_options: &JsValue, flight: Flight) -> Promise {
        let client = self.client.clone();
        flight.promise(look(task, given_options), about_look, async move |handle, context| {
            client.call(context).status(&handle).await
        })
    }

    /// The vendor's own record of the task.
    pub fn record(&self, task: &JsValue, given_options: &JsValue, flight: Flight) -> Promise {
        let client = self.client.clone();
        flight.promise(look(task, given_options), about_look, async move |handle, context| {
            Ok(client.call(context).record(&handle).await?.0)
        })
    }

    /// The account's credits.
    pub fn credits(&self, given_options: &JsValue, flight: Flight) -> Promise {
        let client = self.client.clone();
        let arguments = options::<NoOptions>(given_options);
        flight.promise(arguments, |_| About::Account, async move |_, context| client.call(context).credits().await)
    }

    /// Waits for the task's end.
    pub fn wait(&self, task: &JsValue, given_options: &JsValue, flight: Flight) -> Promise {
        let client = self.client.clone();
        let arguments = read(|| Ok((handle(task)?, options::<WaitOptions>(given_options)?)));
        flight.promise(
            arguments,
            |(handle, _)| About::Wait(handle.task_id.clone()),
            async move |(handle, options), context| client.call(context).wait(&handle, options.timeout_ms()).await,
        )
    }

    /// The task that a submit with an unknown outcome became.
    pub fn reconcile(&self, unknown: &JsValue, given_options: &JsValue, flight: Flight) -> Promise {
        let client = self.client.clone();
        let arguments = read(|| {
            options::<NoOptions>(given_options)?;
            // Whatever it is about, it may have been billed.
            unknown_submit(unknown).map_err(|error| error.with(|error| error.billed = Billed::Unknown))
        });
        flight.promise(
            arguments,
            |submit| About::Unknown(submit.clone()),
            async move |submit, context| client.call(context).reconcile(&submit).await,
        )
    }

    /// Runs a batch; resolves once every item has settled, or `leaving` is aborted and no submit is on its way. `on_event`
    /// gets an item's number, what happened, and the value.
    pub fn batch(
        &self,
        items: &Array,
        given_options: &JsValue,
        flight: Flight,
        leaving: AbortSignal,
        on_event: Function,
    ) -> Promise {
        let arguments = read(|| {
            let options = options::<BatchOptions>(given_options)?;
            Ok((batch::items(items)?, options))
        });
        batch::run(self.client.clone(), arguments, flight, leaving, on_event)
    }

    /// What the vendor would accept but surely isn't meant.
    pub fn lint(&self, request: &JsValue) -> Result<JsValue, JsValue> {
        #[cfg(feature = "crash")]
        crate::crash::crash_if("crash", &request.as_string().unwrap_or_default());
        let warnings = given_of(request).map_err(|error| error.in_field("body")).and_then(warnings);
        warnings.map(|warnings| to_js(&warnings)).map_err(|error| error_to_js(&error))
    }

    /// What the request may cost.
    pub fn estimate(&self, request: &JsValue) -> Result<JsValue, JsValue> {
        let estimate = read(|| Ok(prices(&self.prices)?.of(&submission(request)?)));
        estimate.map(|estimate| to_js(&estimate)).map_err(|error| error_to_js(&error))
    }

    /// How long the tasks took whose end this client has seen.
    pub fn history(&self) -> JsValue {
        to_js(&self.client.history())
    }
}

fn read<A>(arguments: impl FnOnce() -> Result<A, Error>) -> Result<A, Error> {
    arguments()
}

/// The submit of a request to generate.
pub fn submission(request: &JsValue) -> Result<Submission, Error> {
    Ok(from_js::<GenerateRequest>(request, "body")?.checked()?.into_submission())
}

fn look(task: &JsValue, given_options: &JsValue) -> Result<Handle, Error> {
    options::<NoOptions>(given_options)?;
    handle(task)
}

fn about_look(handle: &Handle) -> About {
    About::Look(handle.task_id.clone())
}

/// A change of an image or video of a task: its number stands beside the task, or is the image's own.
fn change(
    change: Change,
    task: &JsValue,
    index: &JsValue,
    options: ChangeOptions,
) -> Result<(Submission, Option<String>), Error> {
    let task_id = handle(task)?.task_id;
    let index = if index.is_undefined() { given(task, "index").unwrap_or_default() } else { index.clone() };
    let number = index.as_f64().filter(|number| number.fract() == 0.0 && (1.0..=4.0).contains(number));
    let number = number.ok_or_else(|| Error::invalid("index", &de::must_be_within(1, 4)))?;
    let ChangeOptions { idempotency_key, water_mark, call_back_url } = options;
    let image = ImageNumber::new(number as u8)?;
    let request = ChangeRequest { change, task_id, image, water_mark, call_back_url };
    Ok((request.into_submission(), idempotency_key))
}

/// The submit of an error, of what a batch keeps of one, or by itself.
fn unknown_submit(unknown: &JsValue) -> Result<UnknownSubmit, Error> {
    let of_item = || given(&given(unknown, "error")?, "submit");
    let submit = given(unknown, "submit").or_else(of_item).unwrap_or_else(|| unknown.clone());
    UnknownSubmit::given(given_of(&submit).unwrap_or(Given::Nothing))
}
