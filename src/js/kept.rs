use std::cell::Cell;
use std::rc::Rc;

use crate::core::{Account, Batch, Call};

/// What the module keeps for its host, by a number that the host gives once.
pub enum Kept {
    Client(Rc<Account>),
    /// A call that is not done.
    Call(Box<Call>),
    /// The order of a batch's items.
    Order(Box<Batch>),
}

thread_local! {
    static ALL: Cell<Vec<(u32, Kept)>> = const { Cell::new(Vec::new()) };
}

/// Keeps one.
pub fn keep(number: u32, one: Kept) {
    let mut all = ALL.take();
    all.push((number, one));
    ALL.set(all);
}

/// Takes one out, to be kept anew if it is still needed; there is none that has ended, or crashed with its instance.
pub fn take(number: u32) -> Option<Kept> {
    let mut all = ALL.take();
    let at = all.iter().position(|(known, _)| *known == number);
    let taken = at.map(|at| all.swap_remove(at).1);
    ALL.set(all);
    taken
}
