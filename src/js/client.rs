use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;

use wasm_bindgen::prelude::wasm_bindgen;

use super::asked::answer;
use super::input::{goal, settings};
use super::kept::{Kept, keep, take};
use crate::core::{Account, Action, Call, Error, Event, Kind, Moment, Secret, never_connected};

/// What the module asks of its host, by the number of a call. The host does it when the module has returned, and then
/// says what became of it: no code of a caller's ever runs inside a call into the module.
#[wasm_bindgen(raw_module = "./host.js")]
extern "C" {
    /// To send a request, and give up after so many milliseconds. An empty text stands for none.
    fn send(call: u32, timeout_ms: u32, url: &str, body: &str, key: &str, idempotency_key: &str);

    /// To sleep; until something wakes it, if it may.
    fn sleep(call: u32, ms: u32, wakeable: bool);

    /// To tell the caller of a task.
    fn tell(call: u32, task: &str);

    /// To settle the call: with a result, or with an error.
    fn settle(call: u32, well: bool, json: &str);
}

/// Begins a call: an operation of a client, or a question, which is settled at once. JSON goes in and comes out as text,
/// one crossing for all of it. `of` is the number of the client, or of what else a question is about; `aborted` says that
/// the caller has ended it already; the last three are the [`Moment`].
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub fn begin(of: u32, call: u32, operation: &str, input: &str, aborted: bool, now: f64, random: f64, hidden: bool) {
    let moment = moment(now, random, hidden);
    if let Some(answer) = answer(operation, of, input, moment.now) {
        return settled(call, answer);
    }
    let started = client(of).and_then(|account| Call::new(account, goal(operation, input)?));
    match started {
        Ok(started) if aborted => settled(call, Err(started.aborted())),
        Ok(mut started) => {
            let action = started.start(moment);
            go_on(call, Box::new(started), action);
        }
        Err(error) => settled(call, Err(error)),
    }
}

/// Says what became of a call's last action. Which event it is: 0 a reply, with its HTTP status, its `Retry-After` header
/// as the detail, and its body; 1 no reply, with the host's code for it as the detail; 2 none in time; 3 a sleep's end; 4 its
/// early end; 5 the caller ends the call. An empty detail stands for none.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments)]
pub fn happened(call: u32, event: u32, status: u16, detail: &str, body: &str, now: f64, random: f64, hidden: bool) {
    #[cfg(feature = "crash")]
    crate::crash::crash_if("crash", body);
    // It may have ended meanwhile.
    let Some(Kept::Call(mut under_way)) = take(call) else { return };
    let event = match event {
        0 => Event::Reply { status, retry_after: Some(detail), body },
        1 => Event::NoReply { unsent: never_connected(detail), source: None },
        2 => Event::TimedOut,
        3 => Event::Slept,
        4 => Event::Woken,
        _ => return settled(call, Err(under_way.aborted())),
    };
    let action = under_way.step(event, moment(now, random, hidden));
    go_on(call, under_way, action);
}

/// Makes a client of an absolute endpoint, with a key or for a gateway that holds it.
pub fn connect(number: u32, settings_json: &str) -> Result<(), Error> {
    let account = settings(settings_json)?;
    keep(number, Kept::Client(Rc::new(account)));
    Ok(())
}

/// The client of this number.
pub fn client(number: u32) -> Result<Rc<Account>, Error> {
    let Some(Kept::Client(account)) = take(number) else {
        return Err(Error::new(Kind::Crashed, "this client went down with an instance of the module that crashed"));
    };
    keep(number, Kept::Client(account.clone()));
    Ok(account)
}

fn go_on(number: u32, mut call: Box<Call>, action: Action) {
    if let Some(task) = call.take_update() {
        tell(number, &task.to_json());
    }
    match action {
        Action::Send(ms) => {
            let request = call.request();
            let key = request.key.map_or("", Secret::expose);
            let (body, idempotency_key) =
                (request.body.unwrap_or_default(), request.idempotency_key.unwrap_or_default());
            send(number, ms, request.url, body, key, idempotency_key);
        }
        Action::Sleep { ms, wakeable } => sleep(number, ms, wakeable),
        Action::Done(outcome) => return settled(number, outcome.map(|output| output.to_json())),
    }
    keep(number, Kept::Call(call));
}

fn settled(call: u32, outcome: Result<String, Error>) {
    match outcome {
        Ok(json) => settle(call, true, &json),
        Err(error) => settle(call, false, &error.to_json()),
    }
}

fn moment(now: f64, random: f64, hidden: bool) -> Moment {
    Moment { now: now as i64, random, hidden }
}
