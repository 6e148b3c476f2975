//! How long tasks take, as a client learns it and says it.

use std::rc::Rc;

use midapi::core::{Account, DEFAULT_WAIT_MS, Endpoint, Handle, Output, Speed, Task};
use serde_json::json;

use crate::fake::{GATEWAY, Server, ok, record};
use crate::machine::{Machine, output, sent, submit};

/// A fast image, created at the beginning of time.
fn handle() -> Handle {
    Handle { task_type: Some("mj_txt2img".into()), speed: Some(Speed::Fast), ..Handle::new("a") }
}

#[test]
fn a_task_that_ended_teaches_the_client_how_long_such_tasks_take() {
    let mut ended = record(1);
    ended["createTime"] = json!(10_000);
    ended["completeTime"] = json!(52_000);
    let server = Server::answering(move |_| ok(ended.clone()));
    let client = server.client();
    for _ in 0..3 {
        server.run(client.wait(&handle(), DEFAULT_WAIT_MS, &mut |_| ())).unwrap();
    }
    assert_eq!(client.history().to_json(), r#"{"mj_txt2img/fast":[42000,42000,42000]}"#);
    // And the next such submit is expected accordingly.
    let account = Account::new(Endpoint::new(GATEWAY, false).unwrap(), None, client.history());
    let mut call = Machine::new(&Rc::new(account), submit());
    sent(&call.start());
    let Output::Task(task) = output(call.reply(200, r#"{"code":200,"data":{"taskId":"b"}}"#, None)) else { panic!() };
    assert_eq!(task.expected_at, Some(call.now + 42_000));
    let left = task.time_left.unwrap();
    assert_eq!((left.min_ms, left.max_ms, left.samples), (42_000, 42_000, 3));
}

#[test]
fn a_running_task_says_how_long_it_is_likely_to_take_from_now() {
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
