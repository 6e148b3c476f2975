//! The calls of the API, over any [`Transport`] and [`Timer`]: the only driver of a call there is.
//!
//! Without features the crate knows no network and no clock. A program brings its own, over the HTTP client and the
//! runtime it has anyway:
//!
//! ```
//! use midapi::client::{Client, DEFAULT_WAIT_MS, NoReply, Reply, Request, Timer, Transport};
//! use midapi::core::{Endpoint, Error, GenerateRequest, Secret, TaskType};
//! # mod http {
//! #     pub async fn get_or_post(
//! #         _: &str, _: Option<&str>, _: Option<&str>,
//! #     ) -> Result<(u16, Option<String>, String), std::io::Error> {
//! #         Err(std::io::ErrorKind::ConnectionRefused.into())
//! #     }
//! # }
//!
//! struct Http;
//!
//! impl Transport for Http {
//!     // It must not follow redirects, and sends `request.idempotency_key` as a header if there is one.
//!     async fn send(&self, request: Request<'_>) -> Result<Reply, NoReply> {
//!         let key = request.key.map(Secret::expose);
//!         match http::get_or_post(request.url, key, request.body).await {
//!             Ok((status, retry_after, body)) => Ok(Reply { status, retry_after, body }),
//!             Err(error) => {
//!                 // Only of this it is certain that nothing was sent.
//!                 let unsent = error.kind() == std::io::ErrorKind::ConnectionRefused;
//!                 Err(NoReply { source: error.into(), unsent })
//!             }
//!         }
//!     }
//! }
//!
//! struct Clock;
//!
//! impl Timer for Clock {
//!     fn now(&self) -> i64 {
//!         std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis() as i64
//!     }
//!
//!     async fn sleep(&self, ms: u32) {
//!         // The runtime's own, such as `tokio::time::sleep`.
//!         # std::thread::sleep(std::time::Duration::from_millis(u64::from(ms)));
//!     }
//!
//!     fn random(&self) -> f64 {
//!         // From the program's own source; it spreads the retries of many clients.
//!         0.5
//!     }
//! }
//!
//! async fn lighthouse() -> Result<(), Error> {
//!     let key = Secret::new("YOUR_API_KEY")?;
//!     let client = Client::new(Http, Clock, Endpoint::new(Endpoint::VENDOR, true)?, Some(key))?;
//!     let request = GenerateRequest::new(TaskType::TextToImage, "a lighthouse at dawn");
//!     let task = client.run(&request, DEFAULT_WAIT_MS, &mut |task| println!("{}: {:?}", task.task_id, task.state)).await?;
//!     for image in task.images {
//!         println!("{}", image.url);
//!     }
//!     Ok(())
//! }
//! ```

mod batch;
mod call;
#[expect(clippy::module_inception, reason = "it is what the ring is named after")]
mod client;
mod context;
mod download;
mod events;
mod log;
mod tasks;
mod transport;

#[cfg(feature = "js")]
pub(crate) use batch::run_batch;
pub use batch::{BatchEvent, BatchItem, BatchOptions};
pub use call::{CALL_TIMEOUT_MS, Call, DEFAULT_WAIT_MS};
pub use client::{Client, OnUpdate};
pub use context::{CallContext, CallEvent};
pub use download::{Download, Downloads, FileReply, MAX_FILE_BYTES};
pub use log::Try;
pub use tasks::{Uploaded, Uploads};
pub use transport::{BodyStream, Method, NoReply, OpenReply, Reply, Request, Timer, Transport, race};
