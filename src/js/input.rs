//! What a caller passes in, read before anything is sent: a mistake in it must not cost a task.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::core::json::{Json, Object};
use crate::core::text::{before, concat, decimal};
use crate::core::{
    Account, Billed, Change, ChangeRequest, DEFAULT_WAIT_MS, Endpoint, Error, Goal, Handle, History, ImageNumber,
    Secret, Unresolved, checked_idempotency_key, generate_json, known_only, outside,
};

/// What an operation of this name is for. Its input is a JSON object with what it is about, and `options`.
pub fn goal(name: &str, input: &str) -> Result<Goal, Error> {
    let input = Object::parse(input).unwrap_or_default();
    let options = Options::read(&input, name)?;
    let about = |name| input.given(name).unwrap_or(Json::of("null"));
    let request = || generate_json(about("request"));
    let handle = || Handle::decode(about("task"));
    Ok(match name {
        "generate" => Goal::Submit(request()?, options.idempotency_key()?),
        "run" => Goal::Run(request()?, options.idempotency_key()?, options.timeout_ms()?),
        "status" => Goal::Status(handle()?),
        "record" => Goal::Record(handle()?),
        "credits" => Goal::Credits,
        "wait" => Goal::Wait(handle()?, options.timeout_ms()?),
        "reconcile" => {
            let unresolved = Unresolved::decode(about("submit"));
            // Whatever it is about, it may have been billed.
            Goal::Reconcile(unresolved.map_err(|error| error.with(|error| error.billed = Billed::Unknown))?)
        }
        _ => {
            let change = match name {
                "upscale" => Change::Upscale,
                "vary" => Change::Vary,
                _ => Change::ExtendVideo { prompt: options.text("prompt")? },
            };
            // The number of an image or video, counted from 1: said apart, or by the image itself.
            let index = input.given("index").or_else(|| input.given("task")?.object()?.given("index"));
            let index = index.and_then(|index| u8::try_from(index.whole()?).ok());
            let request = ChangeRequest {
                change,
                task_id: handle()?.task_id,
                image: ImageNumber::new(index.unwrap_or_default())?,
                water_mark: options.text("waterMark")?,
                call_back_url: options.text("callBackUrl")?,
            };
            Goal::Submit(request.submission()?, options.idempotency_key()?)
        }
    })
}

/// The options of one call.
struct Options<'a>(Object<'a>);

impl<'a> Options<'a> {
    /// Reads the options of an operation, and refuses those it doesn't have: a misspelt one would be dropped without a
    /// word.
    fn read(input: &Object<'a>, operation: &str) -> Result<Self, Error> {
        let Some(options) = input.given("options") else { return Ok(Self(Object::default())) };
        let options = options.object().ok_or_else(|| Error::invalid("options", "must be an object"))?;
        let known: &[&str] = match operation {
            "generate" => &["idempotencyKey"],
            "run" => &["idempotencyKey", "timeout"],
            "upscale" | "vary" => &["idempotencyKey", "waterMark", "callBackUrl"],
            "extendVideo" => &["idempotencyKey", "waterMark", "callBackUrl", "prompt"],
            "wait" => &["timeout"],
            "batch" => &["concurrency", "timeout"],
            _ => &[],
        };
        known_only(&options, &mut known.iter().copied())?;
        Ok(Self(options))
    }

    fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(value) = self.0.given(name) else { return Ok(None) };
        let text = value.text().ok_or_else(|| Error::invalid(name, "must be a string"))?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    fn idempotency_key(&self) -> Result<Option<String>, Error> {
        let Some(key) = self.0.given("idempotencyKey") else { return Ok(None) };
        let key = key.text().unwrap_or_default();
        checked_idempotency_key(&key).map(|key| Some(key.to_owned()))
    }

    fn timeout_ms(&self) -> Result<i64, Error> {
        let Some(timeout) = self.0.given("timeout") else { return Ok(DEFAULT_WAIT_MS) };
        // Half a millisecond is no time to anyone: `performance.now()` gives such numbers.
        let whole = timeout.number().and_then(|number| Json::of(before(number, b".").unwrap_or(number)).whole());
        let whole = whole.filter(|ms| *ms >= 0);
        whole.ok_or_else(|| Error::invalid("timeout", "must be a number of milliseconds, 0 or more"))
    }
}

/// What a batch is of: for each item whether it is submitted, or was before and is waited for.
pub struct Items {
    /// The number of the client that does it.
    pub client: u32,
    pub submits: Vec<bool>,
    pub concurrency: usize,
}

impl Items {
    /// Reads an object with `client`, `items` and `options`. Every item is checked before the first is submitted.
    pub fn parse(input: &str) -> Result<Self, Error> {
        let input = Object::parse(input).unwrap_or_default();
        let options = Options::read(&input, "batch")?;
        options.timeout_ms()?;
        let concurrency = match options.0.given("concurrency").map(Json::whole) {
            None => 4,
            Some(Some(number @ 1..=100)) => number as usize,
            Some(_) => return Err(outside("concurrency", 1, 100)),
        };
        let items = input.given("items").and_then(Json::items);
        let items = items.ok_or_else(|| Error::invalid("requests", "must be a list of requests and tasks"))?;
        let mut submits = Vec::new();
        for item in items {
            let is_task = item.text().is_some() || item.object().is_some_and(|item| item.given("taskId").is_some());
            let checked = if is_task { Handle::decode(item).map(|_| ()) } else { generate_json(item).map(|_| ()) };
            // Of a thousand items the error has to say which.
            checked.map_err(|error| {
                let message = concat(&["requests[", &decimal(submits.len() as i64), "]: ", &error.message]);
                error.with(|error| error.message = message)
            })?;
            submits.push(!is_task);
        }
        let client = input.given("client").and_then(Json::whole).unwrap_or_default() as u32;
        Ok(Self { client, submits, concurrency })
    }
}

/// The account that a client's settings describe.
pub fn settings(settings: &str) -> Result<Account, Error> {
    let settings = Object::parse(settings).unwrap_or_default();
    let text = |name| settings.given(name).map(|value| value.text().unwrap_or_default());
    let key = text("apiKey").as_deref().map(Secret::new).transpose()?;
    let endpoint = match text("endpoint") {
        Some(endpoint) => endpoint,
        None if key.is_some() => Endpoint::VENDOR.into(),
        None => {
            let must = "is required without an endpoint; is the variable it comes from set?";
            return Err(Error::misconfigured("apiKey", must));
        }
    };
    let history = settings.given("history").map(|history| History::parse(history.raw())).unwrap_or_default();
    Ok(Account::new(Endpoint::new(&endpoint, key.is_some())?, key, history))
}
