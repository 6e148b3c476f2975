//! Upscales, variations and longer videos: what is sent, and what a body of such a route means.

use std::cell::Cell;
use std::rc::Rc;

use midapi::core::{Billed, Change, ChangeRequest, GenerateRequest, ImageNumber, Kind, State, TaskType};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fake::{Answer, Server, accepted, refusal};

const MANUAL: &str = "mj_video_extend_manual";
const AUTO: &str = "mj_video_extend_auto";

fn number(number: u8) -> ImageNumber {
    ImageNumber::new(number).unwrap()
}

fn missing() -> Answer {
    Answer::not_json(404)
}

#[test]
fn an_upscale_tries_the_other_route_only_after_a_404_and_remembers_it() {
    for missing in [|| Answer::not_json(404), || refusal(404)] {
        let server = Server::new([missing(), accepted("b"), accepted("c")]);
        let client = server.client();
        let request = ChangeRequest::upscale("a", number(3));
        assert_eq!(server.run(client.change(&request)).unwrap().task_id, "b");
        assert_eq!(server.run(client.change(&request)).unwrap().task_id, "c");
        assert_eq!(server.paths(), ["upscale", "generateUpscale", "generateUpscale"]);
        let reference = json!({ "taskId": "a", "imageIndex": 2 });
        assert_eq!(server.bodies(), [json!({ "taskId": "a", "index": 3 }), reference.clone(), reference]);
    }

    let request = ChangeRequest::upscale("a", number(3));
    for answer in [Answer::Reset, Answer::not_json(502), refusal(422)] {
        let server = Server::new([answer]);
        assert!(server.run(server.client().change(&request)).is_err());
        assert_eq!(server.paths(), ["upscale"]);
    }
}

#[test]
fn trying_the_other_upscale_route_does_not_count_as_a_retry() {
    let server = Server::new([refusal(429), missing(), refusal(429), accepted("b")]);
    let task = server.run(server.client().change(&ChangeRequest::upscale("a", number(1)))).unwrap();
    assert_eq!(task.task_id, "b");
    // Each was refused before acceptance. Three tries, and the one that found no such route.
    assert_eq!(server.paths(), ["upscale", "upscale", "generateUpscale", "generateUpscale"]);
}

#[test]
fn an_upscale_route_is_remembered_after_any_answer_but_404() {
    for answer in [Answer::Reset, Answer::Silence, refusal(422), refusal(402), refusal(500), Answer::text(200, "{")] {
        let server = Server::new([missing(), answer, accepted("b")]);
        let client = server.client();
        let request = ChangeRequest::upscale("a", number(1));
        server.run(client.change(&request)).unwrap_err();
        assert_eq!(server.run(client.change(&request)).unwrap().task_id, "b");
        assert_eq!(server.paths(), ["upscale", "generateUpscale", "generateUpscale"]);
    }
}

#[test]
fn a_server_without_either_upscale_route_is_asked_for_both_every_time() {
    let forms: [(fn() -> Answer, Kind); 2] = [(|| refusal(404), Kind::NotFound), (missing, Kind::BadResponse)];
    for (missing, kind) in forms {
        let server = Server::answering(move |_| missing());
        let client = server.client();
        let request = ChangeRequest::upscale("a", number(1));
        for _ in 0..2 {
            let error = server.run(client.change(&request)).unwrap_err();
            assert_eq!((error.kind, error.code, error.billed), (kind, Some(404), Billed::No));
        }
        assert_eq!(server.paths(), ["upscale", "generateUpscale", "upscale", "generateUpscale"]);
    }
}

#[test]
fn a_server_that_changes_its_mind_about_the_forms_is_followed_either_way() {
    let there = Rc::new(Cell::new("generateUpscale"));
    let is_there = there.clone();
    let server = Server::answering(move |sent| if sent.path() == is_there.get() { accepted("b") } else { missing() });
    let client = server.client();
    let request = ChangeRequest::upscale("a", number(2));
    for (form, sent) in [
        ("generateUpscale", &["upscale", "generateUpscale"][..]),
        ("generateUpscale", &["generateUpscale"]),
        ("upscale", &["generateUpscale", "upscale"]),
        ("upscale", &["upscale"]),
        ("generateUpscale", &["upscale", "generateUpscale"]),
    ] {
        there.set(form);
        let before = server.paths().len();
        assert_eq!(server.run(client.change(&request)).unwrap().task_id, "b");
        assert_eq!(server.paths()[before..], *sent);
    }
}

#[test]
fn the_quick_starts_upscale_route_is_kept_if_the_server_has_it() {
    let server = Server::new([accepted("b"), accepted("c")]);
    let client = server.client();
    for image in 1..=2 {
        server.run(client.change(&ChangeRequest::upscale("a", number(image)))).unwrap();
    }
    assert_eq!(server.paths(), ["upscale", "upscale"]);
}

#[test]
fn the_remembered_upscale_route_affects_no_other_call() {
    let server = Server::answering(|sent| if sent.path() == "upscale" { missing() } else { accepted("b") });
    let client = server.client();
    server.run(client.change(&ChangeRequest::upscale("a", number(1)))).unwrap();
    server.run(client.change(&ChangeRequest::vary("a", number(1)))).unwrap();
    server.run(client.generate(&GenerateRequest::new(TaskType::TextToImage, "x"))).unwrap();
    server.run(client.change(&ChangeRequest::upscale("a", number(1)))).unwrap();
    assert_eq!(server.paths(), ["upscale", "generateUpscale", "generateVary", "generate", "generateUpscale"]);
}

#[test]
fn an_unclear_upscale_is_reconciled_on_the_route_that_was_used() {
    let server = Server::new([missing(), Answer::Reset]);
    let error = server.run(server.gateway().change(&ChangeRequest::upscale("a", number(4)))).unwrap_err();
    let submit = error.submit.clone().unwrap();
    assert_eq!((submit.route(), submit.body()), ("generateUpscale", r#"{"taskId":"a","imageIndex":3}"#));
}

#[test]
fn a_variation_has_one_form_and_counts_from_0_on_the_wire() {
    let server = Server::new([accepted("b")]);
    let task = server.run(server.client().change(&ChangeRequest::vary("a", number(1)))).unwrap();
    assert_eq!((task.task_id.as_str(), task.state), ("b", State::Running));
    assert_eq!(
        (server.paths(), server.bodies()),
        (vec!["generateVary".into()], vec![json!({ "taskId": "a", "imageIndex": 0 })])
    );

    for (missing, kind) in [(refusal(404), Kind::NotFound), (missing(), Kind::BadResponse)] {
        let server = Server::new([missing]);
        let error = server.run(server.client().change(&ChangeRequest::vary("a", number(1)))).unwrap_err();
        assert_eq!((error.kind, server.paths().len()), (kind, 1));
    }
}

#[test]
fn a_video_is_extended_manually_with_a_prompt_and_automatically_without() {
    let server = Server::new([accepted("b"), accepted("c")]);
    let client = server.client();
    let manual = ChangeRequest {
        water_mark: Some("mine".into()),
        call_back_url: Some("https://me.example/hook".into()),
        ..ChangeRequest::extend_video("a", number(2), Some("it rains".into()))
    };
    let task = server.run(client.change(&manual)).unwrap();
    assert_eq!(task.task_type.as_deref(), Some(MANUAL));
    let task = server.run(client.change(&ChangeRequest::extend_video("a", number(4), None))).unwrap();
    assert_eq!(task.task_type.as_deref(), Some(AUTO));
    assert_eq!(server.paths(), ["generateVideoExtend", "generateVideoExtend"]);
    assert_eq!(
        server.bodies(),
        [
            json!({
                "taskType": MANUAL, "taskId": "a", "index": 1, "prompt": "it rains",
                "waterMark": "mine", "callBackUrl": "https://me.example/hook",
            }),
            json!({ "taskType": AUTO, "taskId": "a", "index": 3 }),
        ]
    );
}

#[test]
fn a_wrong_change_is_refused_before_it_is_sent() {
    let extension = |prompt: &str| ChangeRequest::extend_video("a", number(1), Some(prompt.to_owned()));
    let link = ChangeRequest { call_back_url: Some("javascript:x".into()), ..ChangeRequest::vary("a", number(1)) };
    for (request, field) in [
        (ChangeRequest::upscale("", number(1)), "taskId"),
        (ChangeRequest::vary("", number(1)), "taskId"),
        (ChangeRequest::upscale("../a", number(1)), "taskId"),
        (ChangeRequest::extend_video("", number(1), None), "taskId"),
        (extension(""), "prompt"),
        (extension("  "), "prompt"),
        (extension(&"x".repeat(2001)), "prompt"),
        (link, "callBackUrl"),
    ] {
        let error = request.submission().unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some(field)), "{request:?}");
    }
}

fn parse(route: &str, body: &Value) -> Result<ChangeRequest, midapi::core::Error> {
    ChangeRequest::parse(route, &body.to_string()).unwrap()
}

#[test]
fn every_route_counts_as_it_is_documented_to() {
    for (route, name, first, change) in [
        ("upscale", "index", 1, Change::Upscale),
        ("generateUpscale", "imageIndex", 0, Change::Upscale),
        ("generateVary", "imageIndex", 0, Change::Vary),
    ] {
        for image in 1..=4u8 {
            let body = json!({ "taskId": "a", name: first + image - 1, "waterMark": "", "callBackUrl": null });
            assert_eq!(parse(route, &body).unwrap(), ChangeRequest::new(change.clone(), "a", number(image)));
        }
        for wrong in [json!(i64::from(first) - 1), json!(first + 4), json!(null), json!("1"), json!(1.5), json!(257)] {
            let body = json!({ "taskId": "a", name: wrong });
            let error = parse(route, &body).unwrap_err();
            assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some(name)), "{route} {body}");
        }
        // The other form's name is no name of this one.
        let other = if name == "index" { "imageIndex" } else { "index" };
        assert_eq!(parse(route, &json!({ "taskId": "a", other: 1 })).unwrap_err().field.as_deref(), Some(other));
    }
    for image in 1..=4u8 {
        let body = json!({ "taskType": AUTO, "taskId": "a", "index": image - 1 });
        let expected = ChangeRequest::extend_video("a", number(image), None);
        assert_eq!(parse("generateVideoExtend", &body).unwrap(), expected);
    }
    for wrong in [-1, 4] {
        let body = json!({ "taskType": AUTO, "taskId": "a", "index": wrong });
        assert_eq!(parse("generateVideoExtend", &body).unwrap_err().field.as_deref(), Some("index"));
    }
}

#[test]
fn an_invalid_body_is_refused_with_the_name_of_its_field() {
    for (route, body, field) in [
        ("upscale", json!({ "index": 1 }), "taskId"),
        ("upscale", json!({ "taskId": "", "index": 1 }), "taskId"),
        ("upscale", json!({ "taskId": 7, "index": 1 }), "taskId"),
        ("upscale", json!({ "taskId": "a/b", "index": 1 }), "taskId"),
        ("upscale", json!({ "taskId": "a", "index": 1, "prompt": "x" }), "prompt"),
        ("generateVary", json!({ "taskId": "a", "imageIndex": 1, "callBackUrl": "ftp://a.example" }), "callBackUrl"),
        ("generateVary", json!({ "taskId": "a", "imageIndex": 1, "waterMark": 7 }), "waterMark"),
        ("generateVideoExtend", json!({ "taskId": "a", "index": 1 }), "taskType"),
        ("generateVideoExtend", json!({ "taskType": "mj_video", "taskId": "a", "index": 1 }), "taskType"),
        ("generateVideoExtend", json!({ "taskType": MANUAL, "taskId": "a", "index": 1 }), "prompt"),
        ("generateVideoExtend", json!({ "taskType": MANUAL, "taskId": "a", "index": 1, "prompt": "" }), "prompt"),
        ("generateVideoExtend", json!({ "taskType": AUTO, "taskId": "a", "index": 1, "prompt": "x" }), "prompt"),
        ("generateVideoExtend", json!([]), "body"),
    ] {
        let error = parse(route, &body).unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some(field)), "{route} {body}");
    }
    // What a person can't see is no prompt of an extension, either.
    for prompt in ["\u{200b}", "a\0b", "\u{fffd}"] {
        let body = json!({ "taskType": MANUAL, "taskId": "a", "index": 1, "prompt": prompt });
        assert_eq!(parse("generateVideoExtend", &body).unwrap_err().field.as_deref(), Some("prompt"), "{prompt:?}");
    }
    for route in ["generate", "record-info", "", "Upscale"] {
        assert!(ChangeRequest::parse(route, "{}").is_none(), "{route} takes no such request");
    }
}

proptest! {
    #[test]
    fn a_change_survives_the_wire(
        change in prop_oneof![
            Just(Change::Upscale),
            Just(Change::Vary),
            proptest::option::of("[a-z😀]{1,30}").prop_map(|prompt| Change::ExtendVideo { prompt }),
        ],
        task_id in "[a-zA-Z0-9_.-]{1,40}",
        image in 1u8..=4,
        water_mark in proptest::option::of("\\PC{1,9}"),
        call_back_url in proptest::option::of("https://[a-z]{1,9}\\.example/[a-z]{0,9}"),
    ) {
        let request = ChangeRequest { change, task_id, image: number(image), water_mark, call_back_url };
        let submission = request.submission().unwrap();
        prop_assert_eq!(ChangeRequest::parse(submission.route(), submission.body()).unwrap().unwrap(), request);
    }
}
