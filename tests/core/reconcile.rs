//! Row 31: the outcome of a submit nobody knows, and who may be asked about it.

use midapi::core::{Billed, Error, Event, Goal, Kind, Speed, Unresolved, generate};
use serde_json::json;

use crate::fake::{Answer, GATEWAY, Server, accepted, ok, refusal};
use crate::machine::{Machine, error, gateway, sent, submission, submit, vendor};

const REQUEST: &str = r#"{"taskType":"mj_txt2img","prompt":"a \"lighthouse\", é 😀"}"#;

/// The error of a submit to a gateway that broke off.
fn lost(answer: Answer) -> (Server, Error) {
    let server = Server::new([answer]);
    let error = server.run(server.gateway().submit(generate(REQUEST).unwrap(), None)).unwrap_err();
    (server, error)
}

fn unresolved() -> Unresolved {
    Unresolved::new("generate", REQUEST, "the-key").unwrap()
}

fn honours(value: serde_json::Value) -> Answer {
    ok(json!({ "idempotencyKeys": value }))
}

#[test]
fn an_unclear_answer_leaves_what_is_needed_to_ask_about_it() {
    for answer in [Answer::Reset, Answer::Silence, Answer::not_json(502), Answer::text(200, "{"), refusal(500)] {
        let (server, error) = lost(answer);
        let sent = &server.sent()[0];
        let submit = error.submit.clone().unwrap();
        assert_eq!((submit.route(), Some(submit.body())), ("generate", sent.body.as_deref()));
        assert_eq!(Some(submit.idempotency_key()), sent.idempotency_key.as_deref());
        assert_eq!(Unresolved::parse(&submit.to_json()).unwrap(), submit);
        let thrown: serde_json::Value = serde_json::from_str(&error.to_json()).unwrap();
        assert_eq!(Unresolved::parse(&thrown["submit"].to_string()).unwrap(), submit);
        assert_eq!(thrown["billed"], "unknown");
    }
}

#[test]
fn a_clear_answer_and_the_vendor_leave_nothing_to_ask_about() {
    for answer in [refusal(402), refusal(422), refusal(401)] {
        assert_eq!(lost(answer).1.submit, None);
    }
    let server = Server::new([Answer::Reset]);
    let error = server.run(server.client().submit(submission(), Some("mine".into()))).unwrap_err();
    assert_eq!((error.billed, &error.submit), (Billed::Unknown, &None));
}

#[test]
fn a_submit_that_is_aborted_on_its_way_leaves_the_same() {
    let mut call = Machine::new(&gateway(), submit());
    assert_eq!((call.call.aborted().kind, call.call.aborted().billed), (Kind::Aborted, Billed::No));
    sent(&call.start());
    let key = call.call.request().idempotency_key.unwrap().to_owned();
    let error = call.call.aborted();
    assert_eq!((error.kind, error.billed), (Kind::Aborted, Billed::Unknown));
    let submit = error.submit.clone().unwrap();
    assert_eq!((submit.idempotency_key(), submit.body()), (key.as_str(), submission().body()));
}

#[test]
fn an_abort_between_two_tries_costs_nothing() {
    let mut call = Machine::new(&gateway(), submit());
    sent(&call.start());
    let pause = call.refuse(429, None);
    let error = call.call.aborted();
    assert_eq!((error.kind, error.billed, &error.submit), (Kind::Aborted, Billed::No, &None));
    sent(&call.sleep(&pause));
    assert_eq!(call.call.aborted().billed, Billed::Unknown);
}

#[test]
fn an_abort_while_waiting_names_the_task() {
    let mut call = Machine::new(&gateway(), Goal::Run(submission(), None, 60_000));
    sent(&call.start());
    call.reply(200, r#"{"code":200,"data":{"taskId":"a"}}"#, None);
    let error = call.call.aborted();
    assert_eq!((error.kind, error.task_id.as_deref(), error.billed), (Kind::Aborted, Some("a"), Billed::Yes));
}

#[test]
fn what_is_found_is_what_was_asked_for_and_may_have_ended_since() {
    let body = r#"{"taskType":"mj_txt2img","prompt":"a","speed":"turbo"}"#;
    let unresolved = Unresolved::new("generate", body, "the-key").unwrap();
    let server = Server::new([honours(json!(true)), accepted("a")]);
    let task = server.run(server.gateway().reconcile(&unresolved)).unwrap();
    assert_eq!((task.task_type.as_deref(), task.speed), (Some("mj_txt2img"), Some(Speed::Turbo)));
    assert_eq!((task.created_at, task.expected_at, task.time_left), (None, None, None));
    let server = Server::new([honours(json!(true)), accepted("a").retry_after("3")]);
    let task = server.run(server.gateway().reconcile(&unresolved)).unwrap();
    assert_eq!(task.expected_at, Some(server.now() + 3_000), "a server that knows is believed");
}

#[test]
fn a_server_that_honours_keys_gets_the_same_submit_under_the_same_key() {
    let (lost, error) = lost(Answer::Reset);
    let unresolved = error.submit.clone().unwrap();
    let server = Server::new([honours(json!(true)), accepted("a")]);
    assert_eq!(server.run(server.gateway().reconcile(&unresolved)).unwrap().task_id, "a");
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
    let stored = Unresolved::new("generate", " {\"b\" : 1.0,\t\"a\":\"\\u00e9\"} ", "the-key").unwrap();
    let stored = Unresolved::parse(&stored.to_json()).unwrap();
    let server = Server::new([honours(json!(true)), accepted("a")]);
    server.run(server.gateway().reconcile(&stored)).unwrap();
    assert_eq!(server.sent()[1].body.as_deref(), Some(" {\"b\" : 1.0,\t\"a\":\"\\u00e9\"} "));
}

#[test]
fn a_server_that_doesnt_say_it_honours_keys_gets_no_submit() {
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
        let error = server.run(server.gateway().reconcile(&unresolved())).unwrap_err();
        assert_eq!((server.paths(), server.submits()), (vec!["health".to_owned()], 0), "{error}");
        assert_eq!((error.billed, &error.submit), (Billed::Unknown, &Some(unresolved())), "{error}");
        assert!(!error.retryable());
    }
}

#[test]
fn the_vendor_is_not_even_asked() {
    let server = Server::new([]);
    let error = server.run(server.client().reconcile(&unresolved())).unwrap_err();
    assert_eq!((error.billed, error.submit.as_ref()), (Billed::Unknown, Some(&unresolved())));
}

#[test]
fn whatever_becomes_of_the_question_the_bill_stays_unknown() {
    // The question itself is a read.
    let server = Server::answering(|_| Answer::Reset);
    let error = server.run(server.gateway().reconcile(&unresolved())).unwrap_err();
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
        let error = server.run(server.gateway().reconcile(&unresolved())).unwrap_err();
        assert_eq!((error.billed, server.submits()), (Billed::Unknown, submits), "{error}");
        assert_eq!(error.submit.as_ref(), Some(&unresolved()));
    }
}

#[test]
fn an_aborted_question_leaves_the_bill_unknown() {
    let check = |call: &Machine| {
        let error = call.call.aborted();
        assert_eq!((error.kind, error.billed), (Kind::Aborted, Billed::Unknown));
        assert_eq!(error.submit.as_ref(), Some(&unresolved()));
    };
    let mut call = Machine::new(&gateway(), Goal::Reconcile(unresolved()));
    check(&call);
    sent(&call.start());
    check(&call);
    sent(&call.reply(200, r#"{"code":200,"data":{"idempotencyKeys":true}}"#, None));
    check(&call);
    assert_eq!(error(call.step(Event::TimedOut)).billed, Billed::Unknown);
}

#[test]
fn an_account_at_the_vendor_asks_nothing_by_hand_either() {
    let mut call = Machine::new(&vendor(), Goal::Reconcile(unresolved()));
    let error = error(call.start());
    assert_eq!((error.kind, error.billed), (Kind::Misconfigured, Billed::Unknown));
}

#[test]
fn what_is_no_submit_is_refused() {
    let good = json!({ "route": "generate", "body": "{}", "idempotencyKey": "k" });
    assert!(Unresolved::parse(&good.to_string()).is_ok());
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
        assert_eq!(Unresolved::parse(&changed.to_string()).unwrap_err().kind, Kind::InvalidRequest, "{changed}");
    }
    // Nor can a program make one up.
    assert!(Unresolved::new("record-info", "{}", "k").is_err());
    for text in ["", "null", "[]", "\"generate\"", "{"] {
        assert!(Unresolved::parse(text).is_err());
    }
}
