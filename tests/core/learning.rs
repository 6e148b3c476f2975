//! How long tasks take, as a client learns it and says it.

use midapi::client::DEFAULT_WAIT_MS;
use midapi::core::{Handle, Speed, Task};
use serde_json::json;

use crate::fake::{Server, accepted, ok, record, submission};

/// A fast image, created at the beginning of time.
fn handle() -> Handle {
    Handle { task_type: Some("mj_txt2img".into()), speed: Some(Speed::Fast), ..Handle::new("a") }
}

#[test]
fn the_duration_of_an_ended_task_enters_the_history() {
    let mut ended = record(1);
    ended["createTime"] = json!(10_000);
    ended["completeTime"] = json!(52_000);
    let server = Server::answering(move |_| ok(ended.clone()));
    let client = server.client();
    for _ in 0..3 {
        server.run(client.wait(&handle(), DEFAULT_WAIT_MS, &mut |_| ())).unwrap();
    }
    assert_eq!(serde_json::to_string(&client.history()).unwrap(), r#"{"mj_txt2img/fast":[42000,42000,42000]}"#);
    // And the next such submit is expected accordingly.
    let server = Server::new([accepted("b")]);
    let client = server.gateway().with_history(client.history());
    let task = server.run(client.submit(submission(), None)).unwrap();
    assert_eq!(task.expected_at, Some(server.now() + 42_000));
    let left = task.time_left.unwrap();
    assert_eq!((left.min_ms, left.max_ms, left.samples), (42_000, 42_000, 3));
}

#[test]
fn a_running_task_has_an_estimate_of_the_time_left() {
    let mut running = record(0);
    running["createTime"] = json!(0);
    let server = Server::answering(move |_| ok(running.clone()));
    let client = server.client();
    let mut left = Vec::new();
    let seen = &mut |task: &Task| {
        let time_left = task.time_left.unwrap();
        left.push((time_left.min_ms, time_left.max_ms));
    };
    server.run(client.wait(&handle(), 40_000, seen)).unwrap_err();
    // Fast ones take 60 s, typically: 30 to 120. It was looked at after 0, 5, 12.5, 23.75 and 40 seconds.
    assert_eq!(left, [(30_000, 120_000), (25_000, 115_000), (17_500, 107_500), (6_250, 96_250), (0, 80_000)]);
}
