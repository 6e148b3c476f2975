use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::input::{goal, settings};
use crate::core::{Account, Action, Call, Error, Event, Moment, never_connected};

/// What the module asks of its host, by the number of a call. The host does it when the module has returned, and then
/// says what became of it: no code of a caller's ever runs inside a call into the module.
#[wasm_bindgen(raw_module = "./host.js")]
extern "C" {
    /// To send a request, and give up after so many milliseconds.
    fn send(
        call: u32,
        timeout_ms: u32,
        url: &str,
        body: Option<&str>,
        key: Option<&str>,
        idempotency_key: Option<&str>,
    );

    /// To sleep; until something wakes it, if it may.
    fn sleep(call: u32, ms: u32, wakeable: bool);

    /// To tell the caller of a task.
    fn tell(call: u32, task: &str);

    /// To settle the call's promise: with a result, or with an error.
    fn settle(call: u32, well: bool, json: &str);
}

/// The client behind the package's `Midjourney`. JSON goes in and comes out as text: one crossing for all of it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Client {
    account: Rc<Account>,
    calls: RefCell<Vec<(u32, Call)>>,
}

#[wasm_bindgen]
impl Client {
    /// A client of an absolute endpoint, with a key or for a gateway that holds it.
    #[wasm_bindgen(constructor)]
    pub fn new(settings_json: &str) -> Result<Client, JsValue> {
        let account = settings(settings_json).map_err(thrown)?;
        Ok(Self { account: Rc::new(account), calls: RefCell::default() })
    }

    /// Begins a call, unless it is aborted already. The last three of every method are its [`Moment`].
    #[allow(clippy::too_many_arguments)]
    pub fn begin(&self, call: u32, operation: &str, input: &str, aborted: bool, now: f64, random: f64, hidden: bool) {
        #[cfg(feature = "crash")]
        crate::crash::crash_if("crash", operation);
        let started = goal(operation, input).and_then(|goal| Call::new(self.account.clone(), goal));
        let mut started = match started {
            Ok(started) if aborted => return settle(call, false, &started.aborted().to_json()),
            Ok(started) => started,
            Err(error) => return settle(call, false, &error.to_json()),
        };
        let action = started.start(moment(now, random, hidden));
        self.calls.borrow_mut().push((call, started));
        self.act(call, action);
    }

    /// A server has answered.
    #[allow(clippy::too_many_arguments)]
    pub fn replied(
        &self,
        call: u32,
        status: u16,
        retry_after: Option<String>,
        body: &str,
        now: f64,
        random: f64,
        hidden: bool,
    ) {
        #[cfg(feature = "crash")]
        crate::crash::crash_if("crash", body);
        self.step(
            call,
            Event::Reply { status, retry_after: retry_after.as_deref(), body },
            moment(now, random, hidden),
        );
    }

    /// A server has not answered, for the reason of this code if the host has one.
    pub fn unanswered(&self, call: u32, code: Option<String>, now: f64, random: f64, hidden: bool) {
        let unsent = code.is_some_and(|code| never_connected(&code));
        self.step(call, Event::NoReply { unsent, source: None }, moment(now, random, hidden));
    }

    /// A server has not answered in time.
    pub fn timed_out(&self, call: u32, now: f64, random: f64, hidden: bool) {
        self.step(call, Event::TimedOut, moment(now, random, hidden));
    }

    /// A sleep has ended; early, if something woke it.
    pub fn slept(&self, call: u32, early: bool, now: f64, random: f64, hidden: bool) {
        self.step(call, if early { Event::Woken } else { Event::Slept }, moment(now, random, hidden));
    }

    /// The caller ends a call.
    pub fn aborted(&self, call: u32) {
        if let Some((number, ended)) = self.take(call) {
            settle(number, false, &ended.aborted().to_json());
        }
    }

    /// How long this client's tasks took, to keep for the next one.
    pub fn history(&self) -> String {
        self.account.history().to_json()
    }
}

impl Client {
    fn step(&self, call: u32, event: Event<'_>, moment: Moment) {
        let action = match self.calls.borrow_mut().iter_mut().find(|(number, _)| *number == call) {
            Some((_, under_way)) => under_way.step(event, moment),
            // It was ended meanwhile.
            None => return,
        };
        self.act(call, action);
    }

    fn act(&self, number: u32, action: Action) {
        if let Some((_, call)) = self.calls.borrow_mut().iter_mut().find(|(known, _)| *known == number) {
            if let Some(task) = call.take_update() {
                tell(number, &task.to_json());
            }
            if let Action::Send(ms) = action {
                let request = call.request();
                let key = request.key.map(|key| key.expose());
                send(number, ms, request.url, request.body, key, request.idempotency_key);
            }
        }
        match action {
            Action::Send(_) => {}
            Action::Sleep { ms, wakeable } => sleep(number, ms, wakeable),
            Action::Done(outcome) => {
                self.take(number);
                match *outcome {
                    Ok(output) => settle(number, true, &output.to_json()),
                    Err(error) => settle(number, false, &error.to_json()),
                }
            }
        }
    }

    fn take(&self, call: u32) -> Option<(u32, Call)> {
        let mut calls = self.calls.borrow_mut();
        let at = calls.iter().position(|(number, _)| *number == call)?;
        Some(calls.swap_remove(at))
    }
}

fn moment(now: f64, random: f64, hidden: bool) -> Moment {
    Moment { now: now as i64, random, hidden }
}

/// The error as JSON.
pub fn thrown(error: Error) -> JsValue {
    error.to_json().into()
}
