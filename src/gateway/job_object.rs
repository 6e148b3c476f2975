//! The Durable Object of one job: it drives [`Job`] over its own storage, the ledger and the vendor. What it is about to do
//! is written down before it does it; the runtime lets nothing out of an object before that is on disk.

use gloo_timers::future::TimeoutFuture;
use js_sys::Date;
use sha2::{Digest, Sha256};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::config::{Alerts, Gateway, gateway};
use super::host::{Object as Remote, Place, object, random_id};
use super::job::{Again, Job, KEPT_MS, SUBMIT_LEASE_MS, Stage};
use super::ledger::seconds_left;
use super::order::Order;
use super::reply::{self, Told, unknown_task};
use crate::client::{Request, Transport, race};
use crate::core::json::{Json, Object};
use crate::core::{Callback, Error, Handle, Kind, Operation, Record, public_param_json};
use crate::web::Fetch;

const KEY: &str = "job";

/// The name of the one object that keeps the accounts.
pub const LEDGER: &str = "accounts";

/// When an alarm that failed rings again.
const ALARM_RETRY_MS: i64 = 60_000;

/// How long an alert may take.
const ALERT_TIMEOUT_MS: u32 = 10_000;

/// Takes an [`Order`], and answers with a reply.
#[wasm_bindgen]
pub async fn job_submit(place: Place, env: JsValue, order: String) -> Result<String, JsValue> {
    let order = Order::parse(&order).ok_or_else(|| JsValue::from_str("malformed order"))?;
    let outcome = match gateway(&env) {
        Ok(gateway) => submit(&place, &env, &gateway, &order).await?,
        Err(error) => Err(error),
    };
    Ok(reply::to_json(&outcome))
}

async fn submit(
    place: &Place,
    env: &JsValue,
    gateway: &Gateway,
    order: &Order,
) -> Result<Result<Told, Error>, JsValue> {
    let ledger = object(env, "LEDGER", LEDGER)?;
    // Before its reservation is forgotten over the next one. A job's orders come one after the other (js/gateway.js).
    if load(place)?.is_some_and(|job| job.spent() == Some(false)) && settle(place, &ledger).await.is_err() {
        return Ok(Err(overtaken()));
    }
    let (now, digest) = (now(), order.digest());
    let kept = load(place)?;
    let is_new = kept.is_none();
    let job = match kept {
        None if gateway.stopped => return Ok(Err(stopped())),
        None => Job::new(order.id.clone(), order.subject.clone(), digest, &order.submission, random_id(24), now),
        Some(job) if job.subject != order.subject => return Ok(Err(unknown_task())),
        Some(job) => match job.again(&digest) {
            Err(error) => return Ok(Err(error)),
            Ok(Again::Same) => return Ok(Ok(Told::task(&order.id))),
            Ok(Again::Try) if gateway.stopped => return Ok(Err(stopped())),
            Ok(Again::Try) => job.retried(now),
        },
    };
    // Should this object be killed, the alarm finds out how far it came.
    let _ = place.storage().set_alarm((now + SUBMIT_LEASE_MS) as f64)?;
    save(place, &job)?;

    let reservation = job.reservation();
    let percent = gateway.alerts.as_ref().map_or(&[][..], |alerts| &alerts.percent);
    let reserved = ledger.reserve(&order.reservation(&reservation, percent)).await?.as_string().unwrap_or_default();
    let Some(mut job) = current(place, &job)? else {
        let _ = ledger.settle(&reservation, false).await;
        return Ok(Err(overtaken()));
    };
    let alerts = match reserved_of(&reserved, order.credits) {
        Ok(alerts) => alerts,
        Err(error) if is_new => {
            // Nothing was set aside, and nobody was told of it: it never was.
            forget(place).await?;
            return Ok(Err(error));
        }
        Err(error) => return ended(place, &ledger, job, Err(error)).await,
    };
    job.stage = Stage::Submitting;
    save(place, &job)?;
    send_alerts(gateway, alerts);

    let sent_at = Date::now();
    let submission = order.submission.clone();
    let submission = match &gateway.public_url {
        Some(url) => submission.called_back_at(&url.route(&job.callback_path())),
        None => submission,
    };
    let submitted = gateway.client.submit(submission, None).await;
    #[cfg(feature = "crash")]
    crate::crash::crash_if(r#"{"taskType":"mj_txt2img","prompt":"crash later"}"#, order.submission.body());
    let upstream_ms = (Date::now() - sent_at) as i64;
    let pace = submitted.as_ref().ok().and_then(|task| Some((task.expected_at? - task.created_at?) / 1000));
    let outcome = submitted.and_then(|task| storable(gateway, task.task_id));
    let outcome = outcome.map_err(|error| gateway.refused_by_vendor(error));
    // An alarm that called it lost may have come first: the vendor's answer knows better.
    let job = load(place)?.filter(|kept| kept.attempt == job.attempt).unwrap_or(job);
    let told = ended(place, &ledger, job, outcome).await?;
    Ok(told.map(|told| Told { pace, upstream_ms: Some(upstream_ms), credits: Some(order.credits), ..told }))
}

/// The vendor's id of a task, unless it quotes the key: that is stored nowhere.
fn storable(gateway: &Gateway, vendor_id: String) -> Result<String, Error> {
    let mut clean = vendor_id.clone();
    gateway.key.redact(&mut clean);
    let message = "the server's answer has no usable taskId";
    if clean == vendor_id {
        Ok(vendor_id)
    } else {
        Err(Error::unanswered(Operation::Submit, Kind::BadResponse, message))
    }
}

/// The job as it is kept, if the try is still the one that was begun.
fn current(place: &Place, begun: &Job) -> Result<Option<Job>, JsValue> {
    Ok(load(place)?.filter(|kept| kept.attempt == begun.attempt && kept.stage == Stage::Reserving))
}

/// Writes down how a try ended, and tells the ledger.
async fn ended(
    place: &Place,
    ledger: &Remote,
    mut job: Job,
    outcome: Result<String, Error>,
) -> Result<Result<Told, Error>, JsValue> {
    job.submitted(&outcome);
    save(place, &job)?;
    if job.to_look_into().is_some() {
        // The vendor called back before this was over.
        let _ = place.storage().set_alarm(now() as f64)?;
    }
    // A ledger that can't be reached is told by the alarm: what is set aside stays so until then.
    let _ = settle(place, ledger).await;
    Ok(outcome.map(|_| Told::task(&job.id)))
}

async fn settle(place: &Place, ledger: &Remote) -> Result<(), JsValue> {
    let Some(job) = load(place)?.filter(|job| !job.settled) else { return Ok(()) };
    let Some(spent) = job.spent() else { return Ok(()) };
    ledger.settle(&job.reservation(), spent).await?;
    // Another try may have begun meanwhile.
    if let Some(kept) = load(place)?.filter(|kept| kept.attempt == job.attempt) {
        save(place, &Job { settled: true, ..kept })?;
    }
    Ok(())
}

/// Takes note that nobody drives this job any more: its object was started anew, or the module crashed. Whatever was
/// under way is over, and the alarm rings at once to settle it.
#[wasm_bindgen]
pub fn job_broken_off(place: Place) -> Result<(), JsValue> {
    let Some(mut job) = load(&place)?.filter(|job| job.spent().is_none()) else { return Ok(()) };
    job.abandoned();
    save(&place, &job)?;
    place.storage().set_alarm(now() as f64).map(|_| ())
}

/// The vendor calls back, with the token it was given: whether that is this job's. What it posts is looked into by the
/// alarm, as it waits for an answer.
#[wasm_bindgen]
pub fn job_called_back(place: Place, token: &str, body: &str) -> Result<bool, JsValue> {
    let shown = Sha256::digest(token);
    // Hashes are compared, so that the time it takes tells nothing of the right token.
    let Some(mut job) = load(&place)?.filter(|job| Sha256::digest(&job.callback_token) == shown) else {
        return Ok(false);
    };
    job.called_back(Callback::parse(body).ok().map(|callback| callback.task_id().to_owned()));
    save(&place, &job)?;
    if job.to_look_into().is_some() {
        let _ = place.storage().set_alarm(now() as f64)?;
    }
    Ok(true)
}

/// Wakes up after a submit that should be over: finishes what a killed one has left.
#[wasm_bindgen]
pub async fn job_alarm(place: Place, env: JsValue) -> Result<(), JsValue> {
    let Some(mut job) = load(&place)? else { return Ok(()) };
    let due = job.created_at + SUBMIT_LEASE_MS;
    if job.spent().is_none() && now() < due {
        let _ = place.storage().set_alarm(due as f64)?;
        return Ok(());
    }
    job.abandoned();
    save(&place, &job)?;
    let finished = finish(&place, &env, &job).await;
    let Some(job) = load(&place)?.filter(|job| job.spent().is_some()) else {
        // Another try has begun meanwhile, with an alarm of its own.
        return Ok(());
    };
    // The runtime by itself rings only a few times more after a failure.
    let next = match finished {
        Ok(()) if now() >= job.created_at + KEPT_MS => return forget(&place).await,
        Ok(()) => job.created_at + KEPT_MS,
        Err(_) => now() + ALARM_RETRY_MS,
    };
    place.storage().set_alarm(next as f64).map(|_| ())
}

/// Settles what is over, and looks into what a callback has claimed.
async fn finish(place: &Place, env: &JsValue, job: &Job) -> Result<(), JsValue> {
    settle(place, &object(env, "LEDGER", LEDGER)?).await?;
    let Some(claimed) = job.to_look_into() else { return Ok(()) };
    let gateway = gateway(env).map_err(|error| JsValue::from_str(&error.message))?;
    let found = match gateway.client.record(&Handle::new(claimed)).await {
        Ok((record, _)) => Some(record),
        Err(error) if error.retryable() => return Err(JsValue::from_str("the vendor can't be asked right now")),
        Err(_) => None,
    };
    let Some(mut job) = load(place)? else { return Ok(()) };
    job.looked_into(found.as_ref());
    save(place, &job)
}

/// The record of this job, for the subject whose it is.
#[wasm_bindgen]
pub async fn job_look(place: Place, env: JsValue, subject: String) -> Result<String, JsValue> {
    let outcome = match gateway(&env) {
        Ok(gateway) => look(&place, &gateway, &subject).await?,
        Err(error) => Err(error),
    };
    Ok(reply::to_json(&outcome))
}

async fn look(place: &Place, gateway: &Gateway, subject: &str) -> Result<Result<Told, Error>, JsValue> {
    let Some(mut job) = load(place)?.filter(|job| job.subject == subject) else { return Ok(Err(unknown_task())) };
    let Some(vendor_id) = job.begin_look(now()) else { return Ok(seen(&job)) };
    remember(place, &job);
    let sent_at = Date::now();
    let found = gateway.client.record(&Handle::new(vendor_id)).await;
    let upstream_ms = Some((Date::now() - sent_at) as i64);
    let (found, error) = match found {
        Ok((record, pace)) => (Some((public(&job.id, record), pace)), None),
        Err(error) => (None, Some(gateway.refused_by_vendor(error))),
    };
    // A submit under way may have ended while the vendor was asked.
    let mut job = load(place)?.unwrap_or(job);
    job.end_look(found, now());
    if let Some(record) = &mut job.record {
        gateway.key.redact(record);
    }
    // A task that goes on can be looked at again; to write it down each time is most of the work.
    if job.ended {
        save(place, &job)?;
    } else {
        remember(place, &job);
    }
    Ok(error.map_or_else(|| seen(&job).map(|told| Told { upstream_ms, ..told }), Err))
}

fn seen(job: &Job) -> Result<Told, Error> {
    Ok(Told { pace: job.pace(now()), ..Told::of(job.record()?) })
}

/// The vendor's id of this job's task, to make something of it.
#[wasm_bindgen]
pub fn job_vendor_id(place: Place, subject: &str) -> Result<String, JsValue> {
    let vendor_id = load(&place)?.filter(|job| job.subject == subject).and_then(|job| match job.stage {
        Stage::Accepted(vendor_id) => Some(vendor_id),
        _ => None,
    });
    Ok(vendor_id.unwrap_or_default())
}

/// A record as callers get it, and as it is kept: under the gateway's id, without what is nobody's business.
fn public(id: &str, record: Record) -> Record {
    let param_json = record.param_json.and_then(|request| public_param_json(&request));
    Record { task_id: id.to_owned(), param_json, ..record }
}

/// What the owner is to be told of; or the account that has no room.
fn reserved_of(reserved: &str, credits: i64) -> Result<Vec<String>, Error> {
    let reserved = Object::parse(reserved).unwrap_or_default();
    if let Some(alerts) = reserved.given("alerts").and_then(Json::items) {
        return Ok(alerts.into_iter().map(|alert| alert.raw().to_owned()).collect());
    }
    let Some(over) = reserved.given("over").and_then(Json::object) else { return Err(overtaken()) };
    let whole = |name| over.given(name).and_then(Json::whole).unwrap_or_default();
    let whose = match over.text("name").as_deref() {
        Some("gateway") => "this gateway",
        Some("sessions") => "all sessions of pages together",
        Some(name) if name.starts_with("address:") => "this network address",
        _ => "this caller",
    };
    let (spent, cap) = (whole("spent"), whole("cap"));
    let message = format!("daily cap: {whose} spent {spent} of {cap} credits today, and this would take {credits}");
    let error = Error::refused(Operation::Submit, 402, message);
    Err(error.with(|error| error.retry_after = u32::try_from(seconds_left(now())).ok()))
}

/// The refusal of a try that the accounts had no answer for in time: nothing was sent.
fn overtaken() -> Error {
    let message = "the gateway's accounts were too slow, and nothing was sent";
    Error::refused(Operation::Submit, 455, message.to_owned())
}

/// The refusal of a gateway whose owner has stopped it.
fn stopped() -> Error {
    let message = "this gateway takes no tasks now; those that run go on";
    Error::refused(Operation::Submit, 505, message.to_owned())
}

/// Tells the owner which shares of a cap were reached, beside the work: an alert holds up no task.
fn send_alerts(gateway: &Gateway, alerts: Vec<String>) {
    let Some(Alerts { url, .. }) = &gateway.alerts else { return };
    for body in alerts {
        let url = url.clone();
        spawn_local(async move {
            let request = Request { url: &url, body: Some(&body), key: None, idempotency_key: None };
            let _ = race(Fetch.send(request), TimeoutFuture::new(ALERT_TIMEOUT_MS)).await;
        });
    }
}

fn load(place: &Place) -> Result<Option<Job>, JsValue> {
    let json = match place.job() {
        Some(json) => json,
        None => match place.storage().kv().get(KEY)?.as_string() {
            Some(json) => json,
            None => return Ok(None),
        },
    };
    Job::parse(&json).map(Some).ok_or_else(|| JsValue::from_str("the stored job is malformed"))
}

/// Writes the job down.
fn save(place: &Place, job: &Job) -> Result<(), JsValue> {
    let json = job.to_json();
    place.storage().kv().put(KEY, &json)?;
    place.set_job(Some(&json));
    Ok(())
}

/// Keeps what needn't outlive the object: when the vendor was last looked at, and what it said of a task that goes on.
fn remember(place: &Place, job: &Job) {
    place.set_job(Some(&job.to_json()));
}

/// Takes the job away, as if it had never been.
async fn forget(place: &Place) -> Result<(), JsValue> {
    place.set_job(None);
    JsFuture::from(place.storage().delete_all()?).await.map(|_| ())
}

fn now() -> i64 {
    Date::now() as i64
}
