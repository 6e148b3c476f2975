use serde::Serialize;
use serde_json::value::RawValue;
use web_sys::{ReadableStream, Response};

use super::handler_error::HandlerError;
use super::message::data_of;

/// A successful reply.
pub enum Reply {
    /// In the vendor's envelope.
    Data {
        /// The `data` of the envelope.
        data: Box<RawValue>,
        /// In how many seconds another look is worthwhile.
        look_again_after: Option<u32>,
    },
    /// A stream of server-sent events.
    Events(ReadableStream),
    /// A file, with headers of its own.
    File(Response),
}

impl Reply {
    /// A reply of this data.
    pub fn of(data: &impl Serialize) -> Result<Self, HandlerError> {
        Ok(Self::Data { data: data_of(data)?, look_again_after: None })
    }
}
