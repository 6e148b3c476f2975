//! What the module of the calls answers at once, as JSON.

use alloc::borrow::ToOwned;
use alloc::string::String;

use super::kept::take;
use super::panic::crashed;
use super::{batch, client};
use crate::core::Error;

/// The answer to a question about what a number stands for; `None` if this is none, but an operation.
pub fn answer(question: &str, about: u32, input: &str, now: i64) -> Option<Result<String, Error>> {
    let done = || Ok("null".to_owned());
    Some(match question {
        "connect" => client::connect(about, input).and_then(|()| done()),
        "history" => client::client(about).map(|account| account.with_history(|history| history.to_json())),
        "order" => batch::order(about, input).and_then(|()| done()),
        "next" => Ok(batch::next(about, now)),
        "settled" => {
            batch::settled(about, input);
            done()
        }
        "stop" => {
            batch::stop(about);
            done()
        }
        "refusal" => Ok(batch::refusal(about)),
        "forget" => {
            drop(take(about));
            done()
        }
        // Asked of the next instance, about a call that may have spent or not.
        "crash" => Ok(crashed(input == "true").to_json()),
        _ => return None,
    })
}
