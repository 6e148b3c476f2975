//! Row 31: the outcome of a submit nobody knows, and who may be asked about it.

use midapi::client::CallContext;
use midapi::core::{Billed, Error, Kind, Speed, UnknownSubmit, generate};
use serde_json::json;

use crate::fake::{Answer, GATEWAY, Server, accepted, ok, record, refusal, submission};

const REQUEST: &str = r#"{"taskType":"mj_txt2img","prompt":"a \"lighthouse\", é 😀"}"#;

/// The error of a submit to a gateway that broke off.
fn lost(answer: Answer) -> (Server, Error) {
    let server = Server::new([answer]);
    let error = server.run(server.gateway().submit(generate(REQUEST).unwrap(), None)).unwrap_err();
    (server, error)
}

fn unknown() -> UnknownSubmit {
    UnknownSubmit::new("generate", REQUEST, "the-key").unwrap()
}

fn honours(value: serde_json::Value) -> Answer {
    ok(json!({ "idempotencyKeys": value }))
}

#[test]
fn an_unclear_submit_at_a_gateway_keeps_what_reconcile_needs() {
    for answer in [Answer::Reset, Answer::Silence, Answer::not_json(502), Answer::text(200, "{"), refusal(500)] {
        let (server, error) = lost(answer);
        let sent = &server.sent()[0];
        let submit = error.submit.clone().unwrap();
        assert_eq!((submit.route(), Some(submit.body())), ("generate", sent.body.as_deref()));
        assert_eq!(Some(submit.idempotency_key()), sent.idempotency_key.as_deref());
        assert_eq!(UnknownSubmit::parse(&serde_json::to_string(&submit).unwrap()).unwrap(), submit);
        let thrown = serde_json::to_value(&error).unwrap();
        assert_eq!(UnknownSubmit::parse(&thrown["submit"].to_string()).unwrap(), submit);
        assert_eq!(thrown["billed"], "unknown");
    }
}

#[test]
fn a_clear_answer_or_the_vendor_leaves_nothing_to_reconcile() {
    for answer in [refusal(402), refusal(422), refusal(401)] {
        assert_eq!(lost(answer).1.submit, None);
    }
    let server = Server::new([Answer::Reset]);
    let error = server.run(server.client().submit(submission(), Some("mine".into()))).unwrap_err();
    assert_eq!((error.billed, &error.submit), (Billed::Unknown, &None));
}

#[test]
fn a_submit_that_is_aborted_under_way_keeps_what_reconcile_needs() {
    let server = Server::new([Answer::Silence]);
    let client = server.gateway();
    let context = CallContext::new(&|_| ());
    assert_eq!((context.aborted().kind, context.aborted().billed), (Kind::Aborted, Billed::No));
    assert!(!context.is_submitting());
    let submission = submission();
    let error = server.abort_after(0, &context, client.call(&context).submit(&submission, None));
    assert!(context.is_submitting());
    assert_eq!((error.kind, error.billed), (Kind::Aborted, Billed::Unknown));
    let submit = error.submit.clone().unwrap();
    assert_eq!(Some(submit.idempotency_key()), server.sent()[0].idempotency_key.as_deref());
    assert_eq!(submit.body(), submission.body());
    assert_eq!(server.open_sleeps(), 0, "a timer outlives its call");
}

#[test]
fn an_abort_between_two_tries_of_a_submit_is_not_billed() {
    // The pause lasts 250 ms.
    for (ms, billed) in [(249, Billed::No), (250, Billed::Unknown)] {
        let server = Server::new([refusal(429), Answer::Silence]);
        let client = server.gateway();
        let context = CallContext::new(&|_| ());
        let error = server.abort_after(ms, &context, client.call(&context).submit(&submission(), None));
        assert_eq!((error.kind, error.billed, error.submit.is_some()), (Kind::Aborted, billed, billed != Billed::No));
    }
}

#[test]
fn an_abort_while_waiting_names_the_task() {
    // Asleep, and during a look.
    for ms in [1_000, 60_500] {
        let server = Server::new([accepted("a"), ok(record(1)).late(1_000)]);
        let client = server.gateway();
        let context = CallContext::new(&|_| ());
        let error = server.abort_after(ms, &context, client.call(&context).run(&submission(), None, 120_000));
        assert_eq!((error.kind, error.task_id.as_deref(), error.billed), (Kind::Aborted, Some("a"), Billed::Yes));
        assert_eq!(error.submit, None);
    }
}

#[test]
fn a_reconciled_task_has_the_type_and_speed_of_its_submit_and_no_expected_end_of_its_own() {
    let body = r#"{"taskType":"mj_txt2img","prompt":"a","speed":"turbo"}"#;
    let unknown = UnknownSubmit::new("generate", body, "the-key").unwrap();
    let server = Server::new([honours(json!(true)), accepted("a")]);
    let task = server.run(server.gateway().reconcile(&unknown)).unwrap();
    assert_eq!((task.task_type.as_deref(), task.speed), (Some("mj_txt2img"), Some(Speed::Turbo)));
    assert_eq!((task.created_at, task.expected_at, task.time_left), (None, None, None));
    let server = Server::new([honours(json!(true)), accepted("a").retry_after("3")]);
    let task = server.run(server.gateway().reconcile(&unknown)).unwrap();
    assert_eq!(task.expected_at, Some(server.now() + 3_000), "a server that knows is believed");
}

#[test]
fn a_server_that_honours_keys_gets_the_same_submit_under_the_same_key() {
    let (lost, error) = lost(Answer::Reset);
    let unknown = error.submit.clone().unwrap();
    let server = Server::new([honours(json!(true)), accepted("a")]);
    assert_eq!(server.run(server.gateway().reconcile(&unknown)).unwrap().task_id, "a");
    let [health, again] = &server.sent()[..] else { panic!("{:?}", server.paths()) };
    assert_eq!(
        (health.url.as_str(), &health.body, &health.idempotency_key),
        ("https://app.example/api/v1/health", &None, &None)
    );
    assert_eq!(again.url, format!("{GATEWAY}/generate"));
    assert_eq!((&again.body, &again.idempotency_key), (&lost.sent()[0].body, &lost.sent()[0].idempotency_key));
}

#[test]
fn a_stored_submit_is_sent_byte_for_byte() {
    let stored = UnknownSubmit::new("generate", " {\"b\" : 1.0,\t\"a\":\"\\u00e9\"} ", "the-key").unwrap();
    let stored = UnknownSubmit::parse(&serde_json::to_string(&stored).unwrap()).unwrap();
    let server = Server::new([honours(json!(true)), accepted("a")]);
    server.run(server.gateway().reconcile(&stored)).unwrap();
    assert_eq!(server.sent()[1].body.as_deref(), Some(" {\"b\" : 1.0,\t\"a\":\"\\u00e9\"} "));
}

#[test]
fn a_server_that_does_not_announce_idempotency_keys_gets_no_submit() {
    let answers = [
        honours(json!(false)),
        honours(json!(null)),
        honours(json!("true")),
        honours(json!(1)),
        ok(json!({})),
        ok(json!([])),
        ok(json!("ok")),
        Answer::json(200, json!({ "code": 200, "data": null })),
        Answer::json(200, json!({ "idempotencyKeys": true })),
        Answer::text(200, "ok"),
        refusal(401),
        refusal(404),
        refusal(402),
        Answer::not_json(404),
    ];
    for answer in answers {
        let server = Server::new([answer]);
        let error = server.run(server.gateway().reconcile(&unknown())).unwrap_err();
        assert_eq!((server.paths(), server.submits()), (vec!["health".to_owned()], 0), "{error}");
        assert_eq!((error.billed, &error.submit), (Billed::Unknown, &Some(unknown())), "{error}");
        assert!(!error.retryable());
    }
}

#[test]
fn reconcile_sends_nothing_to_the_vendor() {
    let server = Server::new([]);
    let error = server.run(server.client().reconcile(&unknown())).unwrap_err();
    assert_eq!((error.billed, error.submit.as_ref()), (Billed::Unknown, Some(&unknown())));
}

#[test]
fn a_failed_reconcile_leaves_the_billing_unknown() {
    // The question itself is a read.
    let server = Server::answering(|_| Answer::Reset);
    let error = server.run(server.gateway().reconcile(&unknown())).unwrap_err();
    assert_eq!((server.paths().len(), server.submits(), error.billed), (3, 0, Billed::Unknown));

    for (answer, submits) in [
        (refusal as fn(i64) -> Answer, 3),
        (|_| Answer::Unreached, 3),
        (|_| Answer::Reset, 1),
        (|_| Answer::Silence, 1),
        (|_| refusal(422), 1),
        (|_| refusal(401), 1),
        (|_| refusal(500), 1),
    ] {
        let server =
            Server::answering(move |sent| if sent.body.is_some() { answer(429) } else { honours(json!(true)) });
        let error = server.run(server.gateway().reconcile(&unknown())).unwrap_err();
        assert_eq!((error.billed, server.submits()), (Billed::Unknown, submits), "{error}");
        assert_eq!(error.submit.as_ref(), Some(&unknown()));
    }
}

#[test]
fn an_aborted_reconcile_leaves_the_billing_unknown() {
    let check = |error: Error| {
        assert_eq!((error.kind, error.billed), (Kind::Aborted, Billed::Unknown));
        assert_eq!(error.submit.as_ref(), Some(&unknown()));
    };
    // Before anything is sent.
    let (server, context, submit) = (Server::new([]), CallContext::new(&|_| ()), unknown());
    let client = server.gateway();
    drop(client.call(&context).reconcile(&submit));
    check(context.aborted());
    // During the question, and during the submit.
    for answers in [vec![Answer::Silence], vec![honours(json!(true)), Answer::Silence]] {
        let (number, server, context) = (answers.len(), Server::new(answers), CallContext::new(&|_| ()));
        let client = server.gateway();
        check(server.abort_after(0, &context, client.call(&context).reconcile(&submit)));
        assert_eq!(server.paths().len(), number);
    }
    let server = Server::new([honours(json!(true)), Answer::Silence]);
    assert_eq!(server.run(server.gateway().reconcile(&unknown())).unwrap_err().billed, Billed::Unknown);
}

#[test]
fn a_question_to_the_vendor_is_refused_as_misconfigured() {
    let server = Server::new([]);
    let client = server.client();
    let context = CallContext::new(&|_| ());
    let error = server.run(client.call(&context).reconcile(&unknown())).unwrap_err();
    assert_eq!((error.kind, error.billed), (Kind::Misconfigured, Billed::Unknown));
}

#[test]
fn an_invalid_stored_submit_is_refused() {
    let good = json!({ "route": "generate", "body": "{}", "idempotencyKey": "k" });
    assert!(UnknownSubmit::parse(&good.to_string()).is_ok());
    for (field, wrong) in [
        ("route", json!("../credit")),
        ("route", json!("record-info")),
        ("route", json!(null)),
        ("body", json!("")),
        ("body", json!({})),
        ("idempotencyKey", json!("")),
        ("idempotencyKey", json!("a b")),
        ("idempotencyKey", json!("a\r\nX: y")),
        ("idempotencyKey", json!(7)),
    ] {
        let mut changed = good.clone();
        changed[field] = wrong;
        assert_eq!(UnknownSubmit::parse(&changed.to_string()).unwrap_err().kind, Kind::InvalidRequest, "{changed}");
    }
    // Nor can a program make one up.
    assert!(UnknownSubmit::new("record-info", "{}", "k").is_err());
    for text in ["", "null", "[]", "\"generate\"", "{"] {
        assert!(UnknownSubmit::parse(text).is_err());
    }
}
