//! One call driven by hand, step by step: what it asks for, to the millisecond.

use std::rc::Rc;

use midapi::core::{
    Account, Action, Call, Endpoint, Error, Event, Goal, Handle, History, Moment, Output, Secret, Submission, generate,
};

use crate::fake::{GATEWAY, KEY};

pub struct Machine {
    pub call: Call,
    pub now: i64,
    pub random: f64,
    pub hidden: bool,
}

/// An account at the vendor.
pub fn vendor() -> Rc<Account> {
    let endpoint = Endpoint::new(Endpoint::VENDOR, true).unwrap();
    Rc::new(Account::new(endpoint, Some(Secret::new(KEY).unwrap()), History::default()))
}

/// An account at a gateway.
pub fn gateway() -> Rc<Account> {
    Rc::new(Account::new(Endpoint::new(GATEWAY, false).unwrap(), None, History::default()))
}

pub fn submission() -> Submission {
    generate(r#"{"taskType":"mj_txt2img","prompt":"a lighthouse","speed":"fast"}"#).unwrap()
}

pub fn submit() -> Goal {
    Goal::Submit(submission(), None)
}

pub fn status() -> Goal {
    Goal::Status(Handle::new("a"))
}

impl Machine {
    /// At noon of some day, with a coin in the middle.
    pub fn new(account: &Rc<Account>, goal: Goal) -> Self {
        let call = Call::new(account.clone(), goal).unwrap();
        Self { call, now: 1_792_584_000_000, random: 0.5, hidden: false }
    }

    pub fn moment(&self) -> Moment {
        Moment { now: self.now, random: self.random, hidden: self.hidden }
    }

    pub fn start(&mut self) -> Action {
        self.call.start(self.moment())
    }

    pub fn step(&mut self, event: Event<'_>) -> Action {
        self.call.step(event, self.moment())
    }

    pub fn reply(&mut self, status: u16, body: &str, retry_after: Option<&str>) -> Action {
        self.step(Event::Reply { status, retry_after, body })
    }

    pub fn refuse(&mut self, code: u16, retry_after: Option<&str>) -> Action {
        self.reply(code, &format!(r#"{{"code":{code},"msg":"no","data":null}}"#), retry_after)
    }

    /// Sleeps as long as told, and says what is next.
    pub fn sleep(&mut self, action: &Action) -> Action {
        let Action::Sleep { ms, .. } = action else { panic!("{action:?} is no sleep") };
        self.now += i64::from(*ms);
        self.step(Event::Slept)
    }
}

pub fn sent(action: &Action) -> u32 {
    let Action::Send(ms) = action else { panic!("{action:?} sends nothing") };
    *ms
}

/// The pause before the next try.
pub fn pause(action: &Action) -> u32 {
    let Action::Sleep { ms, wakeable: false } = action else { panic!("{action:?} is no pause") };
    *ms
}

pub fn error(action: Action) -> Error {
    let Action::Done(outcome) = action else { panic!("{action:?} is no end") };
    outcome.unwrap_err()
}

pub fn output(action: Action) -> Output {
    let Action::Done(outcome) = action else { panic!("{action:?} is no end") };
    outcome.unwrap()
}
