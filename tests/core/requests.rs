//! What a request may be. The table of refusals is the gateway's test; here are the properties behind it.

use midapi::core::{
    AspectRatio, GenerateRequest, Kind, MAX_PROMPT_CHARS, Motion, Speed, Submission, TaskType, Version, Word, generate,
    public_param_json,
};
use proptest::prelude::*;
use proptest::sample::select;
use serde::Deserialize;
use serde::de::value::MapDeserializer;
use serde_json::{Value, json};
use url::Url;

fn decode(body: &Value) -> Result<Submission, midapi::core::Error> {
    generate(&body.to_string())
}

fn sent(body: &Value) -> Value {
    serde_json::from_str(decode(body).unwrap().body()).unwrap()
}

fn link() -> impl Strategy<Value = String> {
    "https?://[a-z]{1,12}\\.example(:[0-9]{1,4})?/[a-z0-9/._-]{0,20}(\\?[a-z=&]{0,9})?"
        .prop_map(|link| Url::parse(&link).unwrap().into())
}

prop_compose! {
    fn style()(
        speed in proptest::option::of(select(Speed::all())),
        aspect_ratio in proptest::option::of(select(AspectRatio::all())),
        version in proptest::option::of(select(Version::all())),
        stylization in proptest::option::of(0u16..=1000),
        variety in proptest::option::of(0u16..=100),
        weirdness in proptest::option::of(0u16..=3000),
        ow in proptest::option::of(1u16..=1000),
        motion in proptest::option::of(select(Motion::all())),
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
        task_type in select(TaskType::all()),
        prompt in "\\PC{0,30}[a-zé😀]\\PC{0,30}".prop_filter("no half of a character", |prompt| !prompt.contains('\u{fffd}')),
        link in link(),
        call_back_url in proptest::option::of(link()),
        water_mark in proptest::option::of("\\PC{1,9}"),
    ) -> GenerateRequest {
        GenerateRequest { task_type, prompt, file_urls: vec![link], call_back_url, water_mark, ..style }
    }
}

proptest! {
    #[test]
    fn a_valid_request_survives_the_wire(request in valid_request(), as_list in any::<bool>()) {
        let mut body = serde_json::to_value(&request).unwrap();
        let submission = request.submission().unwrap();
        prop_assert_eq!(submission.body(), serde_json::to_string(&request).unwrap());
        if !as_list {
            let links = body.as_object_mut().unwrap().remove("fileUrls").unwrap();
            body["fileUrl"] = links[0].clone();
        }
        let submission = decode(&body).unwrap();
        prop_assert_eq!(submission.route(), "generate");
        prop_assert_eq!(sent(&body), body.clone());
        // What is passed on is passed on as it is a second time.
        prop_assert_eq!(generate(submission.body()).unwrap(), submission);
    }

    #[test]
    fn a_refusal_names_a_field_and_says_what_would_be_right(request in valid_request(), field in "[a-zA-Z]{1,12}", junk in junk()) {
        let mut body = serde_json::to_value(&request).unwrap();
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
fn an_unknown_value_is_refused_with_the_list_of_valid_ones() {
    let body = json!({ "taskType": "mj_txt2img", "prompt": "x", "aspectRatio": "21:9" });
    let message = decode(&body).unwrap_err().message.clone();
    assert_eq!(message, "aspectRatio: must be one of 1:2, 9:16, 2:3, 3:4, 5:6, 6:5, 4:3, 3:2, 1:1, 16:9, 2:1");
    let body = json!({ "taskType": "mj_txt2img", "prompt": "x", "callbackUrl": "https://a.example" });
    assert_eq!(decode(&body).unwrap_err().message, "callbackUrl: unknown field; did you mean callBackUrl?");
}

#[test]
fn row_21_the_public_param_json_has_no_callback() {
    let stored = json!({ "taskType": "mj_txt2img", "prompt": "x", "callBackUrl": "https://a.example/?secret=1", "speed": "Relax" });
    let shown = public_param_json(&stored.to_string()).unwrap();
    assert_eq!(shown, r#"{"taskType":"mj_txt2img","prompt":"x","speed":"relaxed"}"#);
    assert_eq!(public_param_json(r#"{"prompt":"x","secret":1}"#), None);
}

#[test]
fn every_field_of_every_type_goes_to_the_vendor_by_its_documented_name() {
    for task_type in TaskType::all() {
        let request = GenerateRequest {
            speed: Some(Speed::Turbo),
            file_urls: vec!["https://a.example/1.png".into()],
            aspect_ratio: Some(AspectRatio::R16x9),
            version: Some(Version::V6_1),
            stylization: Some(1),
            variety: Some(5),
            weirdness: Some(3000),
            ow: Some(1000),
            motion: Some(Motion::Low),
            video_batch_size: Some(4),
            enable_translation: Some(false),
            water_mark: Some("mine".into()),
            call_back_url: Some("https://me.example/hook".into()),
            ..GenerateRequest::new(*task_type, "a cat")
        };
        let body: Value = serde_json::from_str(request.submission().unwrap().body()).unwrap();
        assert_eq!(
            body,
            json!({
                "taskType": task_type.as_str(), "prompt": "a cat", "speed": "turbo",
                "fileUrls": ["https://a.example/1.png"], "aspectRatio": "16:9", "version": "6.1", "stylization": 1,
                "variety": 5, "weirdness": 3000, "ow": 1000, "motion": "low", "videoBatchSize": 4,
                "enableTranslation": false, "waterMark": "mine", "callBackUrl": "https://me.example/hook",
            })
        );
    }
}

#[test]
fn a_type_that_starts_from_an_image_needs_one_and_a_video_exactly_one() {
    let one = "https://a.example/1.png";
    for task_type in TaskType::all() {
        let with = |name: &str, links: Value| {
            let body = json!({ "taskType": task_type.as_str(), "prompt": "x", name: links });
            decode(&body).err().map(|error| error.field.clone().unwrap())
        };
        let file_needed = (*task_type != TaskType::TextToImage).then_some("fileUrl".to_owned());
        for (name, nothing) in [("fileUrl", json!("")), ("fileUrls", json!([])), ("fileUrl", json!(null))] {
            assert_eq!(with(name, nothing), file_needed, "{task_type:?} without an image");
        }
        assert_eq!(with("fileUrl", json!(one)), None);
        assert_eq!(with("fileUrls", json!([one])), None);
        assert_eq!(with("fileUrls", json!([one, one])).is_some(), task_type.is_video(), "{task_type:?} with two");
        assert_eq!(with("fileUrls", json!([one, ""])), Some("fileUrls".to_owned()));
        let both = json!({ "taskType": task_type.as_str(), "prompt": "x", "fileUrl": one, "fileUrls": [one] });
        assert!(decode(&both).is_err(), "{task_type:?} with both");
    }
}

#[test]
fn a_value_with_two_spellings_is_always_sent_in_one() {
    for (name, value, goes_as) in [
        ("speed", json!("Relax"), json!("relaxed")),
        ("speed", json!("TURBO"), json!("turbo")),
        ("version", json!(7), json!("7")),
        ("version", json!(7.0), json!("7")),
        ("version", json!("7.0"), json!("7")),
        ("version", json!(6.1), json!("6.1")),
        ("stylization", json!(100.0), json!(100)),
        ("waterMark", json!(""), Value::Null),
        ("fileUrl", json!(""), Value::Null),
        ("ow", json!(null), Value::Null),
    ] {
        let mut body = json!({ "taskType": "mj_txt2img", "prompt": "x" });
        body[name] = value;
        assert_eq!(sent(&body)[name], goes_as, "{body}");
    }
}

#[test]
fn what_is_wrong_is_refused_by_the_name_of_its_field() {
    let one = "https://a.example/1.png";
    for (field, value, must) in [
        ("stylisation", json!(5), "unknown field"),
        ("stylizations", json!(5), "unknown field"),
        ("Prompt", json!("x"), "did you mean prompt?"),
        ("fileurl", json!(one), "did you mean fileUrl?"),
        ("file_url", json!(one), "unknown field"),
        ("callback", json!(one), "unknown field"),
        ("taskId", json!("a"), "unknown field"),
        ("__proto__", json!({}), "unknown field"),
        ("", json!(1), "unknown field"),
        ("taskType", json!("mj_text2img"), "must be one of mj_txt2img"),
        ("taskType", json!(7), "must be one of mj_txt2img"),
        ("prompt", json!(7), "must be a string"),
        ("prompt", json!(["x"]), "must be a string"),
        ("speed", json!("slow"), "must be one of relaxed, fast, turbo"),
        ("speed", json!(1), "must be one of relaxed, fast, turbo"),
        ("fileUrl", json!(7), "must be a string"),
        ("fileUrls", json!(one), "must be a list of strings"),
        ("fileUrls", json!([7]), "must be a list of strings"),
        ("fileUrls", json!({ "0": one }), "must be a list of strings"),
        ("aspectRatio", json!("16x9"), "must be one of 1:2"),
        ("version", json!(8), "must be one of 7, 6.1"),
        ("version", json!("v7"), "must be one of 7, 6.1"),
        ("stylization", json!(1001), "must be a whole number from 0 to 1000"),
        ("stylization", json!(-1), "must be a whole number from 0 to 1000"),
        ("stylization", json!("100"), "must be a whole number from 0 to 1000"),
        ("stylization", json!(true), "must be a whole number from 0 to 1000"),
        ("stylization", json!([1]), "must be a whole number from 0 to 1000"),
        ("variety", json!(101), "must be a whole number from 0 to 100"),
        ("weirdness", json!(3001), "must be a whole number from 0 to 3000"),
        ("ow", json!(0), "must be a whole number from 1 to 1000"),
        ("ow", json!(1e300), "must be a whole number from 1 to 1000"),
        ("motion", json!("medium"), "must be one of high, low"),
        ("videoBatchSize", json!(3), "must be 1, 2 or 4"),
        ("videoBatchSize", json!(1.5), "must be 1, 2 or 4"),
        ("videoBatchSize", json!("2"), "must be 1, 2 or 4"),
        ("enableTranslation", json!("true"), "must be true or false"),
        ("enableTranslation", json!(1), "must be true or false"),
        ("waterMark", json!(7), "must be a string"),
        ("callBackUrl", json!("me.example"), "must be an absolute http or https URL"),
    ] {
        let mut body = json!({ "taskType": "mj_txt2img", "prompt": "x" });
        body[field] = value;
        let error = decode(&body).unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some(field)), "{body}");
        assert!(error.message.starts_with(&format!("{field}: ")) && error.message.contains(must), "{error}");
    }
    for missing in ["taskType", "prompt"] {
        for absent in [None, Some(Value::Null), Some(json!(""))] {
            let mut body = json!({ "taskType": "mj_txt2img", "prompt": "x" });
            match absent {
                None => drop(body.as_object_mut().unwrap().remove(missing)),
                Some(value) => body[missing] = value,
            }
            assert_eq!(decode(&body).unwrap_err().field.as_deref(), Some(missing), "{body}");
        }
    }
}

#[test]
fn a_foreign_name_is_shown_in_bounds_and_without_anything_a_terminal_obeys() {
    let body = json!({ "taskType": "mj_txt2img", "prompt": "x", format!("\u{1b}[31m\n{}", "é".repeat(500)): 1 });
    let error = decode(&body).unwrap_err();
    let field = error.field.clone().unwrap();
    assert!(field.chars().count() == 40 && !error.message.chars().any(char::is_control), "{error}");
}

#[test]
fn no_number_that_is_none_passes_from_a_host_that_has_such() {
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.5, 1001.0] {
        let fields = [("stylization", wrong)].into_iter();
        let given = MapDeserializer::<_, serde::de::value::Error>::new(fields);
        let error = GenerateRequest::deserialize(given).unwrap_err();
        assert_eq!(error.to_string(), "must be a whole number from 0 to 1000", "{wrong}");
    }
}

#[test]
fn what_is_sent_is_what_was_checked() {
    // A number in a spelling that JSON has none of is no JSON.
    for malformed in ["01", "0002.000", "2.", "+2", "0x2", ".5", "NaN", "Infinity", "1e999", "2 2", "'2'"] {
        for field in ["videoBatchSize", "stylization", "version"] {
            let body = format!(r#"{{"taskType":"mj_txt2img","prompt":"x","{field}":{malformed}}}"#);
            let error = generate(&body).unwrap_err();
            assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some("body")), "{body}");
        }
    }
    for (spelled, value) in [("2.0", 2), ("2.000", 2), ("2e0", 2), ("20e-1", 2), ("1", 1), ("4", 4)] {
        let body = format!(r#"{{"taskType":"mj_txt2img","prompt":"x","videoBatchSize":{spelled}}}"#);
        let sent = generate(&body).unwrap();
        assert!(sent.body().ends_with(&format!(r#""videoBatchSize":{value}}}"#)), "{}", sent.body());
    }
    // Of two that have one name nobody knows which the vendor would read.
    let twice = generate(r#"{"taskType":"mj_txt2img","prompt":"x","prompt":"y"}"#).unwrap_err();
    assert_eq!(twice.message, "prompt: is given twice");
}

#[test]
fn a_prompt_that_is_no_text_a_person_can_see_is_refused_by_name() {
    for (prompt, must) in [
        ("a\0b", "must not contain the character NUL"),
        ("half a smile \u{fffd}", "half of a character"),
        (" \n\t", "must be 1 to 2000 characters of text"),
        ("\u{200b}", "must be 1 to 2000 characters of text"),
        ("\u{feff}\u{2060}\u{ad}", "must be 1 to 2000 characters of text"),
        ("\u{3164}\u{2800}\u{fe0f}", "must be 1 to 2000 characters of text"),
        ("\u{e0041}\u{202e}\u{a0}", "must be 1 to 2000 characters of text"),
    ] {
        let error = decode(&json!({ "taskType": "mj_txt2img", "prompt": prompt })).unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some("prompt")), "{prompt:?}");
        assert!(error.message.contains(must), "{error}");
        let error = GenerateRequest::new(TaskType::TextToImage, prompt).submission().unwrap_err();
        assert_eq!(error.field.as_deref(), Some("prompt"), "{prompt:?}");
    }
    // Half of a pair in JSON's own escape is no JSON text.
    assert!(generate(r#"{"taskType":"mj_txt2img","prompt":"a \ud83d b"}"#).is_err());
    for prompt in ["a", "日", "👩\u{200d}👩\u{200d}👧", "e\u{301}", "a\u{200b}"] {
        assert_eq!(sent(&json!({ "taskType": "mj_txt2img", "prompt": prompt }))["prompt"], prompt);
    }
}
