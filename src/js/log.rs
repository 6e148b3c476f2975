//! The caller's logger.

use js_sys::global;
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use super::value::to_js;
use crate::client::Try;
use crate::core::Error;
use crate::web::given;

#[wasm_bindgen]
extern "C" {
    /// `console`, or what has its methods.
    #[derive(Debug)]
    pub type Logger;
    #[wasm_bindgen(method, catch)]
    fn error(this: &Logger, message: &str, details: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn warn(this: &Logger, message: &str, details: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn info(this: &Logger, message: &str, details: &JsValue) -> Result<JsValue, JsValue>;
}

/// From which weight on a line is written, from the fewest lines to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Display, IntoStaticStr, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
}

/// What writes the line of a try; `None` where nobody wants any. Without a level a logger gets warnings and errors, and
/// without a logger a level is the console's.
pub fn log(logger: JsValue, level: Option<LogLevel>) -> Result<Option<impl Fn(&Try) + 'static>, Error> {
    let is_absent = logger.is_undefined() || logger.is_null();
    let level = level.unwrap_or(if is_absent { LogLevel::Off } else { LogLevel::Warn });
    let logger = if is_absent { given(&global(), "console").unwrap_or_default() } else { logger };
    let has = |method| given(&logger, method).is_some_and(|method| method.is_function());
    if !["error", "warn", "info"].into_iter().all(has) {
        return Err(Error::misconfigured("logger", "must have the methods error, warn and info, as `console` has"));
    }
    let logger: Logger = logger.unchecked_into();
    Ok((level > LogLevel::Off).then_some(move |tried: &Try| {
        let (weight, write): (_, fn(&Logger, &str, &JsValue) -> _) = match (tried.kind, tried.again_in) {
            (None, _) => (LogLevel::Info, Logger::info),
            (Some(_), Some(_)) => (LogLevel::Warn, Logger::warn),
            (Some(_), None) => (LogLevel::Error, Logger::error),
        };
        if weight <= level {
            // What a logger throws is its own affair: a paid task isn't lost over it.
            let _ = write(&logger, "midapi", &to_js(tried));
        }
    }))
}
