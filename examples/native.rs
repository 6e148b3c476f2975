//! One picture from the command line, over a [`Transport`] and a [`Timer`] of the program's own:
//!
//! ```sh
//! MIDAPI_API_KEY=… cargo run --example native -- "a lighthouse in a storm"
//! ```
//!
//! With a MIDAPI_ENDPOINT, such as http://127.0.0.1:8787/api/v1/mj, it talks to a gateway; the key is an access token
//! then.
//!
//! It has no runtime: both block inside the futures they return, so each is ready when it is first polled. Where there
//! is a runtime, they await its own HTTP client and its own sleep instead.
#![cfg_attr(target_arch = "wasm32", no_main)]
#![cfg(not(target_arch = "wasm32"))]

use std::hash::{BuildHasher, RandomState};
use std::io::ErrorKind;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, UNIX_EPOCH};
use std::{env, thread};

use midapi::client::{CALL_TIMEOUT_MS, Client, DEFAULT_WAIT_MS, NoReply, Reply, Request, Timer, Transport};
use midapi::core::{Endpoint, Error, GenerateRequest, Secret, Task, TaskType};
use ureq::{Agent, RequestBuilder};

fn main() -> Result<(), Error> {
    let key = env::var("MIDAPI_API_KEY").ok().map(|key| Secret::new(&key)).transpose()?;
    let endpoint = env::var("MIDAPI_ENDPOINT");
    if key.is_none() && endpoint.is_err() {
        return Err(Error::misconfigured("MIDAPI_API_KEY", "is required without a MIDAPI_ENDPOINT"));
    }
    let endpoint = endpoint.unwrap_or_else(|_| Endpoint::VENDOR.to_owned());
    let endpoint = Endpoint::new(&endpoint, key.is_some())?;
    let client = Client::new(Http::new(), Clock, endpoint, key)?;

    let prompt = env::args().nth(1).unwrap_or_else(|| "a lighthouse in a storm".to_owned());
    let request = GenerateRequest::new(TaskType::TextToImage, prompt);
    // The task's id is all it takes to wait for it again, should this program end before it.
    let on_update = &mut |task: &Task| println!("{} {}", task.task_id, task.state);
    let task = block_on(client.run(&request, DEFAULT_WAIT_MS, on_update))?;
    for image in task.images {
        println!("{}", image.url);
    }
    Ok(())
}

struct Http(Agent);

impl Http {
    fn new() -> Self {
        let config = Agent::config_builder()
            // Either would show the key to another host, in clear where the endpoint is http on this machine.
            .max_redirects(0)
            .proxy(None)
            // Refusals have a body to be read.
            .http_status_as_error(false)
            // What blocks can't be dropped, so the client's own time limit can't end it.
            .timeout_global(Some(Duration::from_millis(CALL_TIMEOUT_MS.into())));
        Self(config.build().new_agent())
    }

    fn exchange(&self, request: &Request<'_>) -> Result<Reply, ureq::Error> {
        let mut response = match request.body {
            Some(body) => with_keys(self.0.post(request.url), request).content_type("application/json").send(body),
            None => with_keys(self.0.get(request.url), request).call(),
        }?;
        let retry_after = response.headers().get("Retry-After").and_then(|value| value.to_str().ok());
        Ok(Reply {
            status: response.status().as_u16(),
            retry_after: retry_after.map(str::to_owned),
            body: response.body_mut().read_to_string()?,
        })
    }
}

fn with_keys<Body>(mut sent: RequestBuilder<Body>, request: &Request<'_>) -> RequestBuilder<Body> {
    if let Some(key) = request.key {
        sent = sent.header("Authorization", format!("Bearer {}", key.expose()));
    }
    if let Some(key) = request.idempotency_key {
        sent = sent.header("Idempotency-Key", key);
    }
    sent
}

impl Transport for Http {
    async fn send(&self, request: Request<'_>) -> Result<Reply, NoReply> {
        self.exchange(&request).map_err(|error| {
            // Of these alone it is certain that nothing was sent, and only then is a submit sent again.
            let unsent = match &error {
                ureq::Error::HostNotFound => true,
                ureq::Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
                _ => false,
            };
            NoReply { source: error.into(), unsent }
        })
    }
}

struct Clock;

impl Timer for Clock {
    fn now(&self) -> i64 {
        UNIX_EPOCH.elapsed().unwrap_or_default().as_millis() as i64
    }

    async fn sleep(&self, ms: u32) {
        thread::sleep(Duration::from_millis(ms.into()));
    }

    fn random(&self) -> f64 {
        // A new state is the standard library's only source; an f64 holds 53 of its bits.
        (RandomState::new().hash_one(()) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The future's output.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}
