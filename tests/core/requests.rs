//! What a request may be. The table of refusals is the gateway's test; here are the properties behind it.

use midapi::core::{
    AspectRatio, GenerateRequest, Kind, MAX_PROMPT_CHARS, Motion, Speed, Submission, TaskType, Version, generate, lint,
    public_param_json,
};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

fn decode(body: &Value) -> Result<Submission, midapi::core::Error> {
    generate(&body.to_string())
}

fn link() -> impl Strategy<Value = String> {
    "https?://[a-z]{1,12}\\.example(:[0-9]{1,4})?/[a-z0-9/._-]{0,20}(\\?[a-z=&]{0,9})?"
}

prop_compose! {
    fn style()(
        speed in proptest::option::of(select(Speed::ALL)),
        aspect_ratio in proptest::option::of(select(AspectRatio::ALL)),
        version in proptest::option::of(select(Version::ALL)),
        stylization in proptest::option::of(0u16..=1000),
        variety in proptest::option::of(0u16..=100),
        weirdness in proptest::option::of(0u16..=3000),
        ow in proptest::option::of(1u16..=1000),
        motion in proptest::option::of(select(Motion::ALL)),
        video_batch_size in proptest::option::of(select(&[1u16, 2, 4][..])),
        enable_translation in proptest::option::of(any::<bool>()),
    ) -> GenerateRequest {
        GenerateRequest {
            speed, aspect_ratio, version, stylization, variety, weirdness, ow, motion, video_batch_size,
            enable_translation, ..GenerateRequest::new(TaskType::TextToImage, "")
        }
    }
}

prop_compose! {
    fn valid_request()(
        style in style(),
        task_type in select(TaskType::ALL),
        prompt in "\\PC{1,60}".prop_filter("a prompt is not all space", |prompt| !prompt.trim().is_empty()),
        link in link(),
        call_back_url in proptest::option::of(link()),
        water_mark in proptest::option::of("\\PC{1,9}"),
    ) -> GenerateRequest {
        let file_urls = vec![link];
        GenerateRequest { task_type, prompt, file_urls, call_back_url, water_mark, ..style }
    }
}

proptest! {
    #[test]
    fn a_valid_request_survives_the_wire(request in valid_request()) {
        let submission = request.submission().unwrap();
        prop_assert_eq!(submission.body(), request.to_json());
        let body: Value = serde_json::from_str(submission.body()).unwrap();
        prop_assert_eq!(generate(&body.to_string()).unwrap(), submission);
    }

    #[test]
    fn a_refusal_names_a_field_and_says_what_would_be_right(request in valid_request(), field in "[a-zA-Z]{1,12}", junk in junk()) {
        let mut body: Value = serde_json::from_str(&request.to_json()).unwrap();
        body[&field] = junk;
        if let Err(error) = decode(&body) {
            let named = error.field.clone().unwrap();
            prop_assert_eq!(error.kind, Kind::InvalidRequest);
            prop_assert!(error.message.starts_with(&format!("{named}: ")), "{}", error.message);
            prop_assert!(error.message.len() > named.len() + 5);
        }
    }

    #[test]
    fn numbers_outside_their_range_are_refused(over in 1001i64..100_000, under in -100_000i64..0) {
        for wrong in [json!(over), json!(under), json!(over as f64 + 0.5), json!(0.5)] {
            let body = json!({ "taskType": "mj_txt2img", "prompt": "x", "stylization": wrong });
            let error = decode(&body).unwrap_err();
            prop_assert_eq!(error.field.as_deref(), Some("stylization"));
        }
    }
}

fn junk() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!([])),
        Just(json!({ "a": 1 })),
        any::<f64>().prop_map(|number| json!(number)),
        any::<bool>().prop_map(|boolean| json!(boolean)),
        "\\PC{0,20}".prop_map(|text| json!(text)),
    ]
}

#[test]
fn a_prompt_is_counted_in_characters() {
    for (count, right) in [(MAX_PROMPT_CHARS, true), (MAX_PROMPT_CHARS + 1, false)] {
        for letter in ["a", "é", "😀"] {
            let body = json!({ "taskType": "mj_txt2img", "prompt": letter.repeat(count) });
            assert_eq!(decode(&body).is_ok(), right, "{count} × {letter}");
        }
    }
}

#[test]
fn what_the_vendor_accepts_is_not_refused() {
    for (name, value) in [
        ("ow", json!(500)),
        ("motion", json!("high")),
        ("videoBatchSize", json!(2)),
        ("version", json!(7)),
        ("version", json!(6.1)),
        ("speed", json!("Relax")),
        ("speed", json!("relax")),
        ("speed", json!("Fast")),
        ("fileUrl", json!("")),
        ("waterMark", json!("")),
        ("stylization", json!(1)),
        ("stylization", json!(null)),
        ("prompt", json!("a cat --ar 16:9 --seed 7")),
    ] {
        let mut body = json!({ "taskType": "mj_txt2img", "prompt": "x" });
        body[name] = value;
        assert!(decode(&body).is_ok(), "{body}");
    }
}

#[test]
fn a_wrong_word_is_answered_with_the_right_ones() {
    let body = json!({ "taskType": "mj_txt2img", "prompt": "x", "aspectRatio": "21:9" });
    let message = decode(&body).unwrap_err().message.clone();
    assert_eq!(message, "aspectRatio: must be one of 1:2, 9:16, 2:3, 3:4, 5:6, 6:5, 4:3, 3:2, 1:1, 16:9, 2:1");
    let body = json!({ "taskType": "mj_txt2img", "prompt": "x", "callbackUrl": "https://a.example" });
    assert_eq!(decode(&body).unwrap_err().message, "callbackUrl: unknown field; did you mean callBackUrl?");
}

#[test]
fn a_shown_request_has_no_callback() {
    let stored = json!({ "taskType": "mj_txt2img", "prompt": "x", "callBackUrl": "https://a.example/?secret=1", "speed": "Relax" });
    let shown = public_param_json(&stored.to_string()).unwrap();
    assert_eq!(shown, r#"{"taskType":"mj_txt2img","prompt":"x","speed":"relaxed"}"#);
    assert_eq!(public_param_json(r#"{"prompt":"x","secret":1}"#), None);
}

#[test]
fn what_surely_is_not_meant_is_warned_of_and_nothing_else() {
    let real = include_str!("fixtures/real-generate-request.json");
    assert_eq!(lint(real).unwrap(), []);
    for (name, value, field, part) in [
        ("prompt", json!("a cat --ar 16:9"), "prompt", "--ar"),
        ("ow", json!(500), "ow", "mj_omni_reference"),
        ("motion", json!("high"), "motion", "mj_video"),
        ("fileUrl", json!("https://a.example/1.png"), "fileUrl", "start from an image"),
        ("speed", json!("relax"), "speed", "did you mean relaxed"),
        ("speed", json!("Relax"), "speed", "did you mean relaxed"),
        ("speed", json!("FAST"), "speed", "did you mean fast"),
    ] {
        let mut body = json!({ "taskType": "mj_txt2img", "prompt": "x", "aspectRatio": "1:1" });
        body[name] = value;
        let warnings = lint(&body.to_string()).unwrap();
        assert_eq!((warnings.len(), warnings[0].field), (1, field), "{body}");
        assert!(warnings[0].message.contains(part), "{}", warnings[0].message);
    }
    assert_eq!(lint("{}").unwrap_err().field.as_deref(), Some("taskType"));
}
