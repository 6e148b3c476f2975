use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::Cell;

use crate::core::{Account, Batch, Call};

/// What the module keeps for its host, by a number that the host gives once.
pub enum Kept {
    Client(Rc<Account>),
    /// A call that is not done.
    Call(Box<Call>),
    /// The order of a batch's items.
    Order(Box<Batch>),
}

static ALL: OneThread<Cell<Vec<(u32, Kept)>>> = OneThread(Cell::new(Vec::new()));

/// What the standard library's `thread_local!` is where there are no threads.
struct OneThread<T>(T);

#[cfg(target_feature = "atomics")]
compile_error!("the package's module keeps its state without locks, and can't have threads");

#[allow(unsafe_code)]
// SAFETY: there are no threads, so that nothing is ever shared between two.
unsafe impl<T> Sync for OneThread<T> {}

/// Keeps one.
pub fn keep(number: u32, one: Kept) {
    let mut all = ALL.0.take();
    all.push((number, one));
    ALL.0.set(all);
}

/// Takes one out, to be kept anew if it is still needed; there is none that has ended, or crashed with its instance.
pub fn take(number: u32) -> Option<Kept> {
    let mut all = ALL.0.take();
    let at = all.iter().position(|(known, _)| *known == number);
    let taken = at.map(|at| all.swap_remove(at).1);
    ALL.0.set(all);
    taken
}
