//! What the owner of a gateway may write: its variables, its secrets, its list of tokens. The gateway reads them by these
//! types, and `cargo xtask` checks them by the same ones before they get there. No I/O, no JavaScript.

mod callback_secret;
mod configuration;
mod host;
mod number;
mod origin;
mod permission;
mod secrets;
mod setting;
mod text;
mod token;
mod tokens;
mod url;
mod variables;

pub use callback_secret::CallbackSecret;
pub use configuration::{Configuration, Faults};
pub use host::HostName;
pub use number::DailyCredits;
pub use origin::Origin;
pub use permission::Permission;
pub use secrets::{SECRETS, Secrets, SessionSecret};
pub use setting::Setting;
pub use text::Must;
#[cfg(feature = "gateway")]
pub(crate) use token::hex;
pub use token::{Token, TokenHash, TokenName, credential};
pub use tokens::Tokens;
pub use variables::{VARIABLES, Variables};
