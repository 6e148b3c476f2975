use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;
use web_sys::AbortSignal;

use super::client::submission;
use super::flight::{Flight, aborted_by, show_update};
use super::options::{CallOptions, function, signal};
use super::value::{error_to_js, given_of, handle, to_js};
use crate::client::{self, BatchEvent, BatchItem, Client, race, run_batch};
use crate::core::decode;
use crate::core::{Billed, Error, Kind, State, UnknownSubmit};
use crate::web::{Fetch, HostTimer, aborted, given};

/// The items of a batch, all of which are right: one that is wrong is named, and nothing is sent.
pub fn items(items: &Array) -> Result<Vec<Item>, Error> {
    let mut read = Vec::new();
    for (number, given) in items.iter().enumerate() {
        read.push(Item::read(given).map_err(|error| {
            // Of a thousand items the error has to say which.
            let message = format!("requests[{number}]: {}", error.message);
            error.with(|error| error.message = message)
        })?);
    }
    Ok(read)
}

/// An item as it was given, and what is to be done with it.
pub struct Item {
    given: JsValue,
    work: BatchItem,
}

impl Item {
    fn read(item: JsValue) -> Result<Self, Error> {
        // What an earlier batch left of a submit whose outcome nobody knows.
        if let Some(error) = given(&item, "error") {
            let error = given_of(&error).ok().and_then(decode::lenient);
            let error = error.ok_or_else(|| Error::invalid("error", "must be an error as it was saved"))?;
            return Ok(Self { given: item, work: BatchItem::Unknown(error) });
        }
        let is_task = item.is_string() || given(&item, "taskId").is_some();
        let work = if is_task { BatchItem::Wait(handle(&item)?) } else { BatchItem::Submit(submission(&item)?) };
        Ok(Self { given: item, work })
    }
}

/// Runs a batch. `on_event` is told, each with an item's number: `save` and what to keep of the item, whenever that
/// changes; `settle` and its task or its error, once.
pub fn run(
    client: Rc<Client<Fetch, HostTimer>>,
    arguments: Result<(Vec<Item>, CallOptions), Error>,
    flight: Flight,
    leaving: AbortSignal,
    on_event: Function,
) -> Promise {
    let prepared = arguments.and_then(|(items, options)| {
        Ok((items, options, signal(flight.signal())?, function("onUpdate", flight.on_update())?))
    });
    future_to_promise(async move {
        let (items, options, signal, on_update) = prepared.map_err(|error| error_to_js(&error))?;
        let options = client::BatchOptions {
            concurrency: options.concurrency.map_or(client::BatchOptions::default().concurrency, usize::from),
            timeout_ms: options.timeout_ms(),
            archived: options.archived(),
        };
        let (requests, work): (Vec<_>, Vec<_>) = items.into_iter().map(|item| (item.given, item.work)).unzip();
        let (ends, left) = (signal.clone(), leaving.clone());
        let stop = async move {
            match &ends {
                Some(signal) => drop(race(aborted(signal), aborted(&left)).await),
                None => aborted(&left).await,
            }
        };
        let emit = |number: usize, event: &str, value: &JsValue| {
            // The function is the package's own, and throws nothing.
            let _ = on_event.call3(&JsValue::UNDEFINED, &JsValue::from_f64(number as f64), &event.into(), value);
        };
        let on_event = |number: usize, event: BatchEvent| {
            let request = requests.get(number).cloned().unwrap_or_default();
            match event {
                BatchEvent::Submitting(submit) => emit(number, "save", &unknown_item(&request, &on_its_way(submit))),
                BatchEvent::Pausing => emit(number, "save", &request),
                BatchEvent::Updated(task) => {
                    emit(number, "save", &to_js(&task));
                    if let Some(on_update) = on_update.as_ref().filter(|_| task.state == State::Running) {
                        show_update(on_update, &task, &JsValue::from_f64(number as f64));
                    }
                }
                BatchEvent::Settled(Ok(task)) => {
                    let task = to_js(&task);
                    emit(number, "save", &task);
                    emit(number, "settle", &task);
                }
                BatchEvent::Settled(Err(error)) => {
                    let by = signal.as_ref().filter(|signal| signal.aborted()).unwrap_or(&leaving);
                    let error = aborted_by(by, error);
                    // A task can be looked at again; a request that cost nothing can be sent again; nothing else can.
                    if error.task_id.is_none() {
                        let saved = if error.billed == Billed::No { request } else { unknown_item(&request, &error) };
                        emit(number, "save", &saved);
                    }
                    emit(number, "settle", &error_to_js(&error));
                }
            }
        };
        // Whatever is told is seen at once.
        run_batch(&client, work, options, stop, &on_event, &Cell::new(0)).await;
        Ok(JsValue::UNDEFINED)
    })
}

/// What is known of a submit that may be accepted by the time it is read of.
fn on_its_way(submit: Option<UnknownSubmit>) -> Error {
    let message =
        "saved while the submit was on its way; the task may have been created and billed, so it was not sent again";
    Error::new(Kind::Aborted, message).with(|error| {
        error.billed = Billed::Unknown;
        error.submit = submit;
    })
}

/// What is kept of an item whose submit has an unknown outcome: a later batch doesn't submit it again.
fn unknown_item(request: &JsValue, error: &Error) -> JsValue {
    // One that came so stays so.
    if given(request, "error").is_some() {
        return request.clone();
    }
    let item = Object::new();
    let _ = Reflect::set(&item, &"request".into(), request);
    let _ = Reflect::set(&item, &"error".into(), &to_js(error));
    item.into()
}
