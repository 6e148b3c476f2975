//! The host's side of the crate: its JSON values, `fetch`, timers and signals. In Node and in a real browser.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use js_sys::{Array, Object, Reflect};
use midapi::client::{Client, Timer, race};
use midapi::core::{Billed, Endpoint, GenerateRequest, Handle, Kind, Secret, State, Task, TaskType};
use midapi::web::{Fetch, HostTimer, Unreadable, aborted, read_bytes};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{AbortController, Headers, Response};

#[wasm_bindgen]
extern "C" {
    /// The value of a JavaScript expression.
    #[wasm_bindgen(js_name = eval)]
    fn evaluate(code: &str) -> JsValue;
}

/// Replaces the host's `fetch` with a function body of `url` and `init`; returns the list of what it was given.
fn stub_fetch(body: &str) -> Array {
    let stub = "globalThis.fetch = (url, init) => { seen.push([url, init]); BODY }";
    let stub = stub.replace("BODY", body);
    evaluate(&format!("(() => {{ const seen = []; {stub}; return seen }})()")).unchecked_into()
}

fn client(key: Option<&str>) -> Client<Fetch, HostTimer> {
    let endpoint = Endpoint::new("https://vendor.example/api/v1/mj", true).unwrap();
    Client::new(Fetch::default(), HostTimer, endpoint, key.map(|key| Secret::new(key).unwrap())).unwrap()
}

fn image() -> GenerateRequest {
    GenerateRequest::new(TaskType::TextToImage, "a lighthouse")
}

fn get(value: &JsValue, path: &str) -> JsValue {
    path.split('.').fold(value.clone(), |value, name| Reflect::get(&value, &name.into()).unwrap())
}

#[wasm_bindgen_test]
async fn a_submit_is_one_post_with_the_key_that_follows_no_redirect() {
    let seen =
        stub_fetch("return Promise.resolve(Response.json({ code: 200, msg: 'success', data: { taskId: 'a' } }))");
    let task = client(Some("a-secret-key")).generate(&image()).await.unwrap();
    assert_eq!((task.task_id.as_str(), task.state, seen.length()), ("a", State::Running, 1));
    let sent = seen.get(0);
    assert_eq!(get(&sent, "0"), "https://vendor.example/api/v1/mj/generate");
    assert_eq!(get(&sent, "1.method"), "POST");
    assert_eq!(get(&sent, "1.redirect"), "manual");
    assert_eq!(get(&sent, "1.body"), r#"{"taskType":"mj_txt2img","prompt":"a lighthouse"}"#);
    let headers = Headers::new_with_record_from_str_to_str(&get(&sent, "1.headers").unchecked_into()).unwrap();
    assert_eq!(headers.get("Authorization").unwrap().as_deref(), Some("Bearer a-secret-key"));
    assert_eq!(headers.get("Content-Type").unwrap().as_deref(), Some("application/json"));
}

#[wasm_bindgen_test]
async fn a_read_is_a_get_past_every_cache_and_without_a_key_there_is_no_header() {
    let seen = stub_fetch(
        "return Promise.resolve(Response.json({ code: 200, data: { taskId: 'a', successFlag: 0 } }, { headers: { 'Retry-After': '3' } }))",
    );
    let (record, pace) = client(None).record(&Handle::new("a")).await.unwrap();
    assert_eq!((Task::from(record).state, pace), (State::Running, Some(3)));
    let sent = seen.get(0);
    assert_eq!(get(&sent, "0"), "https://vendor.example/api/v1/mj/record-info?taskId=a");
    assert!(get(&sent, "1.method").is_undefined() && get(&sent, "1.body").is_undefined());
    assert_eq!(get(&sent, "1.cache"), "no-store");
    let headers = Headers::new_with_record_from_str_to_str(&get(&sent, "1.headers").unchecked_into()).unwrap();
    assert_eq!(headers.get("Authorization").unwrap(), None);
}

#[wasm_bindgen_test]
async fn whatever_fetch_does_is_an_error_and_never_a_trap() {
    for (body, kind) in [
        ("throw new Error('sync')", Kind::Network),
        ("return Promise.reject('a string')", Kind::Network),
        ("return Promise.reject(undefined)", Kind::Network),
        ("return Promise.resolve(new Response('<html>'))", Kind::BadResponse),
        ("return Promise.resolve(new Response(''))", Kind::BadResponse),
        ("return Promise.resolve(Response.json(null))", Kind::BadResponse),
        ("return Promise.resolve(Response.error())", Kind::BadResponse),
        (
            "return Promise.resolve(new Response(new ReadableStream({ start(c) { c.error(new Error('half')) } })))",
            Kind::Network,
        ),
        ("return Promise.resolve(new Response('{}', { status: 502 }))", Kind::ServerError),
    ] {
        let seen = stub_fetch(body);
        let error = client(Some("a-secret-key")).generate(&image()).await.unwrap_err();
        assert_eq!((error.kind, error.billed, seen.length()), (kind, Billed::Unknown, 1), "{body}");
    }
}

#[wasm_bindgen_test]
async fn what_the_host_throws_is_kept_as_the_same_object() {
    stub_fetch("globalThis.thrown = new TypeError('fetch failed'); return Promise.reject(globalThis.thrown)");
    let error = client(None).status(&Handle::new("a")).await.unwrap_err();
    let kept = error.source.as_ref().unwrap().downcast_ref::<midapi::web::HostError>().unwrap();
    assert!(Object::is(&kept.0, &evaluate("thrown")));
}

#[wasm_bindgen_test]
async fn a_dropped_call_ends_its_request() {
    let seen = stub_fetch("return new Promise(() => {})");
    let api = client(None);
    let outcome = race(api.status(&Handle::new("a")), HostTimer.sleep(5)).await;
    assert!(outcome.is_none());
    assert_eq!(get(&seen.get(0), "1.signal.aborted"), true);
}

#[wasm_bindgen_test]
async fn sleeps_last_and_end_when_dropped() {
    let start = HostTimer.now();
    HostTimer.sleep(30).await;
    assert!(HostTimer.now() - start >= 29);

    let cleared = "(() => { const real = clearTimeout, cleared = [];
        globalThis.clearTimeout = (id) => { cleared.push(id); globalThis.clearTimeout = real; real(id) }; return cleared })()";
    let cleared: Array = evaluate(cleared).unchecked_into();
    drop(HostTimer.sleep(60_000));
    assert_eq!(cleared.length(), 1);
}

#[wasm_bindgen_test]
async fn a_signal_is_heard_and_left_without_a_listener() {
    let controller = "(() => { const controller = new AbortController(), { signal } = controller;
        signal.count = 0;
        for (const [name, step] of [['addEventListener', 1], ['removeEventListener', -1]]) {
            const real = signal[name].bind(signal);
            signal[name] = (...args) => { signal.count += step; real(...args) };
        }
        return controller })()";
    let controller: AbortController = evaluate(controller).unchecked_into();
    let signal = controller.signal();

    assert_eq!(race(std::future::ready(7), aborted(&signal)).await, Some(7));
    {
        let mut waiting = pin!(aborted(&signal));
        assert_eq!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
        assert_eq!(get(&signal, "count"), 1);
    }
    assert_eq!(get(&signal, "count"), 0);

    let soon = async {
        HostTimer.sleep(5).await;
        controller.abort();
        std::future::pending::<()>().await;
    };
    assert_eq!(race(soon, aborted(&signal)).await, None);
    assert_eq!(race(std::future::pending::<()>(), aborted(&signal)).await, None, "already aborted");
    assert_eq!(get(&signal, "count"), 0);
}

#[wasm_bindgen_test]
async fn a_body_is_read_up_to_its_limit_and_no_further() {
    let response = |text: &str| Response::new_with_opt_str(Some(text)).unwrap();
    assert_eq!(read_bytes(response("grüße").body(), 7, 0).await.unwrap(), "grüße".as_bytes());
    assert_eq!(read_bytes(None, 7, 0).await.unwrap(), b"");
    assert_eq!(read_bytes(response("12345678").body(), 7, 0).await, Err(Unreadable::Overlong));
    let bytes: Response = evaluate("new Response(new Uint8Array([0x61, 0xff]))").unchecked_into();
    assert_eq!(read_bytes(bytes.body(), 7, 0).await.unwrap(), [0x61, 0xff], "whatever they are");
    let broken = "new Response(new ReadableStream({ start(c) { c.error(new Error('half')) } }))";
    let broken: Response = evaluate(broken).unchecked_into();
    assert_eq!(read_bytes(broken.body(), 7, 0).await, Err(Unreadable::Broken));

    let in_use = "(() => { const response = new Response('x'); response.body.getReader(); return response })()";
    let in_use: Response = evaluate(in_use).unchecked_into();
    assert_eq!(read_bytes(in_use.body(), 7, 0).await, Err(Unreadable::Broken));

    let endless =
        "globalThis.pulled = 0; new ReadableStream({ pull(c) { pulled++; c.enqueue(new Uint8Array(1000)) } })";
    let read = |drained| read_bytes(Some(evaluate(endless).unchecked_into()), 10_000, drained);
    assert_eq!(read(0).await, Err(Unreadable::Overlong));
    assert!(evaluate("pulled").as_f64().unwrap() < 20.0);
    // What is over the limit may be drained, but not for ever.
    assert_eq!(read(50_000).await, Err(Unreadable::Overlong));
    assert!((60.0..70.0).contains(&evaluate("pulled").as_f64().unwrap()));
    assert_eq!(read_bytes(response("12345678").body(), 7, 100).await, Err(Unreadable::Overlong));
}
