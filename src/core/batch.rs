use alloc::rc::Rc;
use alloc::vec::Vec;

use super::{Account, Error, Kind};

/// What a batch does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchStep {
    /// Begin with the item of this number: submit it and then wait for it, or wait for it.
    Begin(usize),
    /// Nothing before this many milliseconds are over, or an item has settled.
    Sleep(u32),
    /// Nothing before an item has settled.
    Wait,
    /// The item of this number is not to be begun: it settles with [`Batch::refusal`].
    Refuse(usize),
    /// Everything is begun.
    Drained,
}

/// The order of many tasks: as many in flight as told, submitted no faster than the vendor takes them. Pure: the driver
/// brings the clock, in milliseconds, and does the calls, each as soon as it is told to begin.
#[derive(Debug)]
pub struct Batch {
    /// For each item whether it would be submitted.
    items: Vec<bool>,
    /// The number of the first that is still to be begun or refused.
    next: usize,
    in_flight: usize,
    concurrency: usize,
    /// For its pace: whatever else it submits counts, too, and what is tried again.
    account: Rc<Account>,
    stopped: bool,
    refused: Option<Kind>,
}

impl Batch {
    /// A batch of items, each of which is submitted (`true`) or was before and is waited for.
    pub fn new(items: impl IntoIterator<Item = bool>, concurrency: usize, account: Rc<Account>) -> Self {
        Self {
            items: items.into_iter().collect(),
            next: 0,
            in_flight: 0,
            concurrency: concurrency.max(1),
            account,
            stopped: false,
            refused: None,
        }
    }

    /// What to do next; to be asked again after each step but a wait.
    pub fn next(&mut self, now: i64) -> BatchStep {
        let number = self.next;
        let Some(submits) = self.items.get(number).copied() else { return BatchStep::Drained };
        let refused = self.stopped || (submits && self.refused.is_some());
        if !refused {
            if self.in_flight >= self.concurrency {
                return BatchStep::Wait;
            }
            let at = if submits { self.account.pace().next(now) } else { now };
            if at > now {
                return BatchStep::Sleep((at - now) as u32);
            }
        }
        self.next += 1;
        if refused {
            return BatchStep::Refuse(number);
        }
        self.in_flight += 1;
        BatchStep::Begin(number)
    }

    /// Takes note that nothing more is to be begun.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Takes note of an item that has settled, with an error of this kind if it failed. When the account is out of
    /// credits, or the key or the set-up is refused, nothing more is submitted: it would be refused alike.
    pub fn settled(&mut self, error: Option<Kind>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(Kind::InsufficientCredits | Kind::Unauthorized | Kind::Misconfigured) = error {
            self.refused = self.refused.or(error);
        }
    }

    /// Why an item was not begun.
    pub fn refusal(&self) -> Error {
        match self.refused {
            Some(kind) if !self.stopped => Error::new(kind, "not submitted, as an earlier item was refused so"),
            _ => Error::new(Kind::Aborted, "aborted before it was submitted"),
        }
    }
}
