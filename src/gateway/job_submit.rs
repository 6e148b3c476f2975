use serde_json::value::RawValue;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::config::{Gateway, gateway};
use super::handler_error::HandlerError;
use super::host::{FETCH, random_id};
use super::job_announce::announce;
use super::job_reply::{NamedTask, UpstreamUsage, unknown_task};
use super::job_storage::JobStorage;
use super::ledger::Alert;
use super::message;
use super::stub::LedgerStub;
use super::submit_order::SubmitOrder;
use crate::client::{Method, Request, Timer, Transport, race};
use crate::core::job::{Job, NewJob, Resubmission, Stage};
use crate::core::{Error, Kind, Operation};
use crate::web::HostTimer;

/// How long an alert may take.
const ALERT_TIMEOUT_MS: u32 = 10_000;

/// Submits a job once, and returns its id and in how many seconds a look is worthwhile.
pub async fn submit(
    storage: &JobStorage,
    env: &JsValue,
    order: &SubmitOrder,
    usage: &mut UpstreamUsage,
) -> Result<(Box<RawValue>, Option<u32>), HandlerError> {
    let gateway = gateway(env)?;
    let ledger = LedgerStub::new(env)?;
    let accepted = message::data_of(&NamedTask { task_id: &order.id })?;
    // Before its reservation is forgotten over the next one. A job's orders come one after the other (js/gateway.js).
    if storage.load()?.is_some_and(|job| job.spent() == Some(false)) && settle(storage, &ledger).await.is_err() {
        return Err(overtaken().into());
    }
    let now = HostTimer.now();
    let stored = storage.load()?;
    let is_new = stored.is_none();
    let job = match stored {
        None => new_job(order, now),
        Some(job) if job.caller != order.caller => return Err(unknown_task().into()),
        Some(job) => match job.resubmitted(&order.digest())? {
            Resubmission::SameTask => return Ok((accepted, None)),
            Resubmission::Retry => job.retried(now),
        },
    };
    if gateway.stopped {
        return Err(stopped().into());
    }
    // Should this object be killed, the alarm finds out how far it came.
    storage.save(&job)?;

    let reservation = job.reservation();
    let percent = gateway.alerts.as_ref().map_or(&[][..], |alerts| &alerts.percent);
    let reserved = ledger.reserve(&order.reservation(reservation.clone(), percent)).await?;
    let is_current = |stored: &Job| stored.attempt == job.attempt && stored.stage == Stage::Reserving;
    let Some(mut job) = storage.load()?.filter(is_current) else {
        let _ = ledger.settle(&reservation, false).await;
        return Err(overtaken().into());
    };
    let alerts = match (reserved.alerts, reserved.over) {
        (Some(alerts), _) => alerts,
        (None, over) => {
            let refusal = over.map_or_else(overtaken, |over| over.to_error(order.credits, HostTimer.now()));
            if is_new {
                // Nothing was reserved, and nobody was told of it: it never was.
                storage.clear().await?;
                return Err(refusal.into());
            }
            let outcome = Err(refusal);
            job.finish_submit(&outcome);
            finish(storage, env, &gateway, &job).await?;
            outcome?;
            return Err(overtaken().into());
        }
    };
    job.stage = Stage::Submitting;
    storage.save(&job)?;
    send_alerts(&gateway, alerts);

    let submission = order.submission.clone();
    let address = gateway.public_url.as_ref().map(|url| url.route(&job.callback_path()));
    let submission = submission.called_back_at(address.as_deref());
    usage.credits = Some(order.credits);
    let submitted = usage.measure(gateway.client.submit(submission, None)).await;
    #[cfg(feature = "crash")]
    crate::crash::crash_if(r#"{"taskType":"mj_txt2img","prompt":"crash later"}"#, order.submission.body());
    let look_again_after = submitted.as_ref().ok().and_then(|task| {
        let ms = task.expected_at? - task.created_at?;
        u32::try_from(ms / 1000).ok()
    });
    let outcome = submitted.and_then(|task| storable(&gateway, task.task_id));
    let outcome = outcome.map_err(|error| gateway.refused_by_vendor(error));
    // An alarm that called it lost may have come first: the vendor's answer knows better.
    let mut job = storage.load()?.filter(|stored| stored.attempt == job.attempt).unwrap_or(job);
    job.finish_submit(&outcome);
    if outcome.is_ok() {
        job.plan_looks(HostTimer.now(), look_again_after, address.is_some());
    }
    finish(storage, env, &gateway, &job).await?;
    outcome?;
    Ok((accepted, look_again_after))
}

/// The vendor's id of a task, unless it quotes the key: that is stored nowhere.
fn storable(gateway: &Gateway, vendor_id: String) -> Result<String, Error> {
    let mut clean = vendor_id.clone();
    gateway.key.redact(&mut clean);
    if clean == vendor_id {
        return Ok(vendor_id);
    }
    let message = "the server's answer has no usable taskId";
    Err(Error::unanswered(Operation::Submit, Kind::BadResponse, message))
}

fn new_job(order: &SubmitOrder, now: i64) -> Job {
    let call_back_url = order.call_back_url();
    let new = NewJob {
        id: &order.id,
        caller: &order.caller,
        digest: order.digest(),
        has_key: order.has_key,
        submission: &order.submission,
        prompt: order.prompt.as_deref(),
        parent: order.parent.as_ref(),
        call_back_url: call_back_url.as_deref(),
        callback_token: random_id(24),
        link_secret: random_id(24),
    };
    Job::new(new, now)
}

/// Writes down how a try ended, and tells the ledger and the caller's list. Of what cost nothing and can't be ordered again
/// nothing is kept.
async fn finish(storage: &JobStorage, env: &JsValue, gateway: &Gateway, job: &Job) -> Result<(), JsValue> {
    storage.save(job)?;
    // Who can't be reached now is told by the alarm: what is reserved stays so until then.
    let _ = settle(storage, &LedgerStub::new(env)?).await;
    let _ = announce(storage, env, gateway).await;
    match storage.load()?.is_some_and(|job| job.is_forgettable()) {
        true => storage.clear().await,
        false => Ok(()),
    }
}

/// Tells the ledger how the current try ended, unless it knows.
pub async fn settle(storage: &JobStorage, ledger: &LedgerStub) -> Result<(), JsValue> {
    let Some(job) = storage.load()?.filter(|job| !job.settled) else { return Ok(()) };
    let Some(spent) = job.spent() else { return Ok(()) };
    ledger.settle(&job.reservation(), spent).await?;
    // Another try may have begun meanwhile.
    let Some(mut stored) = storage.load()?.filter(|stored| stored.attempt == job.attempt) else { return Ok(()) };
    stored.settled = true;
    storage.save(&stored)
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
fn send_alerts(gateway: &Gateway, alerts: Vec<Alert>) {
    let Some(url) = gateway.alerts.as_ref().map(|alerts| &alerts.url) else { return };
    for alert in alerts {
        let Ok(body) = message::encode(&alert) else { continue };
        let url = url.clone();
        spawn_local(async move {
            let request =
                Request { method: Method::Post, url: &url, body: Some(&body), key: None, idempotency_key: None };
            let _ = race(FETCH.send(request), HostTimer.sleep(ALERT_TIMEOUT_MS)).await;
        });
    }
}
