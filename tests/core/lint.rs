//! What is accepted but surely not meant.

use midapi::core::{Kind, lint};
use serde_json::{Value, json};

fn warnings(changes: Value) -> Vec<(&'static str, String)> {
    let mut body = json!({ "taskType": "mj_txt2img", "prompt": "x" });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    lint(&body.to_string()).unwrap().into_iter().map(|warning| (warning.field, warning.message)).collect()
}

fn fields(changes: Value) -> Vec<&'static str> {
    warnings(changes).into_iter().map(|(field, _)| field).collect()
}

#[test]
fn a_good_request_gets_no_warning() {
    assert_eq!(lint(&crate::fixtures::text("real-generate-request")).unwrap(), []);
    let link = json!(["https://a.example/1.png"]);
    for request in [
        json!({}),
        json!({ "speed": "relaxed" }),
        json!({ "prompt": "a cat --ar 16:9 --seed 7" }),
        json!({ "prompt": "a cat --seed 7", "aspectRatio": "16:9" }),
        // A word is no flag, and a flag is a whole word.
        json!({ "prompt": "--archery and --art", "aspectRatio": "16:9" }),
        json!({ "taskType": "mj_omni_reference", "fileUrls": link, "ow": 500 }),
        json!({ "taskType": "mj_video", "fileUrls": link, "motion": "high", "videoBatchSize": 2 }),
        json!({ "taskType": "mj_video_hd", "fileUrl": "https://a.example/1.png", "motion": "low" }),
        // What counts as absent has no effect to warn of.
        json!({ "fileUrl": "", "fileUrls": [], "ow": null }),
    ] {
        assert_eq!(warnings(request.clone()), [], "{request}");
    }
}

#[test]
fn a_flag_in_the_prompt_beside_its_field_is_a_warning() {
    for (flag, field, value) in [
        ("--ar 16:9", "aspectRatio", json!("16:9")),
        ("--aspect 16:9", "aspectRatio", json!("16:9")),
        ("--v 7", "version", json!("7")),
        ("--version 7", "version", json!("7")),
        ("--niji 6", "version", json!("niji6")),
        ("--s 50", "stylization", json!(50)),
        ("--stylize 50", "stylization", json!(50)),
        ("--c 5", "variety", json!(5)),
        ("--chaos 5", "variety", json!(5)),
        ("--w 100", "weirdness", json!(100)),
        ("--weird 100", "weirdness", json!(100)),
        ("--fast", "speed", json!("fast")),
        ("--relax", "speed", json!("relaxed")),
        ("--turbo", "speed", json!("turbo")),
    ] {
        for prompt in [format!("a cat {flag}"), format!("{flag} a cat"), format!("a cat\n{flag}\tx")] {
            let told = warnings(json!({ "prompt": prompt, field: value }));
            let [(at, message)] = &told[..] else { panic!("{prompt:?} {field}: {told:?}") };
            assert_eq!(*at, "prompt");
            assert!(message.starts_with(flag.split(' ').next().unwrap()) && message.contains(field), "{message}");
        }
        assert_eq!(fields(json!({ "prompt": format!("a cat {flag}") })), [""; 0], "alone it is as good as the field");
    }
}

#[test]
fn a_field_without_effect_is_a_warning() {
    assert_eq!(
        warnings(json!({ "ow": 500 })),
        [("ow", "has no effect on mj_txt2img; it is for mj_omni_reference".to_owned())]
    );
    assert_eq!(fields(json!({ "motion": "high", "videoBatchSize": 1 })), ["motion", "videoBatchSize"]);
    assert_eq!(fields(json!({ "fileUrl": "https://a.example/1.png" })), ["fileUrl"]);
    assert_eq!(fields(json!({ "fileUrls": ["https://a.example/1.png"] })), ["fileUrls"]);
    for task_type in ["mj_img2img", "mj_style_reference"] {
        let from_image = json!({ "taskType": task_type, "fileUrl": "https://a.example/1.png", "ow": 500 });
        assert_eq!(fields(from_image), ["ow"]);
    }
    let omni = json!({ "taskType": "mj_omni_reference", "fileUrl": "https://a.example/1.png", "motion": "low" });
    assert_eq!(fields(omni), ["motion"]);
}

#[test]
fn a_speed_in_another_spelling_is_a_warning_with_the_documented_one() {
    for (speed, meant) in
        [("Relax", "relaxed"), ("relax", "relaxed"), ("RELAXED", "relaxed"), ("Fast", "fast"), ("TURBO", "turbo")]
    {
        let [(field, message)] = &warnings(json!({ "speed": speed }))[..] else { panic!("{speed}") };
        assert_eq!(*field, "speed");
        assert!(message.contains(&format!("did you mean {meant}?")), "{message}");
    }
}

#[test]
fn an_invalid_request_is_refused_with_the_error_that_generate_gives() {
    for (request, field) in [
        (json!({ "taskType": "mj_txt2img" }), "prompt"),
        (json!({ "taskType": "mj_txt2img", "prompt": "x", "ow": 1001 }), "ow"),
        (json!({ "taskType": "mj_txt2img", "prompt": "x", "speed": "slow" }), "speed"),
        (json!([]), "body"),
    ] {
        let error = lint(&request.to_string()).unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some(field)), "{request}");
    }
}

#[test]
fn a_warning_as_json_has_its_field_and_message() {
    let warning = lint(r#"{"taskType":"mj_txt2img","prompt":"x","speed":"Relax"}"#).unwrap().remove(0);
    let json = serde_json::to_value(&warning).unwrap();
    assert_eq!(json, json!({ "field": "speed", "message": warning.message }));
}

#[test]
fn a_flag_behind_another_dash_is_told_and_read() {
    let told = |prompt: &str| {
        let told = warnings(json!({ "prompt": prompt, "speed": "relaxed", "aspectRatio": "16:9" }));
        assert!(told.iter().all(|(field, _)| *field == "prompt"), "{told:?}");
        told.into_iter().map(|(_, message)| message).collect::<Vec<_>>()
    };
    assert_eq!(
        told("a stage set –ar 9:16 —turbo"),
        [
            "--ar stands in the prompt and aspectRatio is given, too; keep one of them",
            "--turbo stands in the prompt and speed is given, too; keep one of them",
            "–ar is spelled with another dash; a flag begins with two short ones: --ar",
            "—turbo is spelled with another dash; a flag begins with two short ones: --turbo",
        ]
    );
    for prompt in ["a cat --AR 9:16", "a cat --ar=9:16", "a cat\u{a0}--ar 9:16", "a cat --ar\u{200b} 9:16"] {
        assert_eq!(
            told(prompt),
            ["--ar stands in the prompt and aspectRatio is given, too; keep one of them"],
            "{prompt}"
        );
    }
    assert_eq!(told("a well-known cat — in the rain – at night"), [""; 0], "a dash between words is none of a flag's");
}

#[test]
fn what_makes_several_tasks_at_midjourney_is_told() {
    for prompt in ["a cat --repeat 4", "a cat --r 4", "a cat —repeat 4"] {
        let told = warnings(json!({ "prompt": prompt }));
        assert!(told.iter().any(|(_, message)| message.starts_with("--repeat makes several tasks")), "{told:?}");
    }
    for prompt in ["a {red, green} cat", "{a,b}", "a {red, green, blue} cat in {rain}"] {
        let [(field, message)] = &warnings(json!({ "prompt": prompt }))[..] else { panic!("{prompt}") };
        assert!(*field == "prompt" && message.starts_with("{a, b} makes a task of each"), "{message}");
    }
    for prompt in ["a {red} cat", "a cat, a dog", "a } cat, { dog", "{a} b, c {d}"] {
        assert_eq!(warnings(json!({ "prompt": prompt })), [], "{prompt}");
    }
}

#[test]
fn a_link_that_the_vendor_gets_no_picture_from_is_told() {
    for (link, word) in [
        ("https://drive.google.com/file/d/ID/view?usp=sharing", "a page that shows the picture"),
        ("https://www.dropbox.com/s/x/a.png?dl=0", "a page that shows the picture"),
        ("https://a.example/a.png?w=1&amp;h=2", "&amp;"),
        ("http://localhost:3000/a.png", "localhost"),
        ("http://192.168.1.4/a.png", "192.168.1.4"),
    ] {
        for (field, value) in [("fileUrl", json!(link)), ("fileUrls", json!([link]))] {
            let told = warnings(json!({ "taskType": "mj_img2img", field: value }));
            let [(at, message)] = &told[..] else { panic!("{link}: {told:?}") };
            assert!(*at == field && message.contains(word), "{message}");
        }
    }
    assert_eq!(warnings(json!({ "taskType": "mj_img2img", "fileUrl": "https://i.imgur.com/a.png?w=1&h=2" })), []);
}
