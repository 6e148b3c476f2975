//! What a submit may cost.

use midapi::core::{ChangeRequest, Estimate, ImageNumber, Kind, Prices, Submission, generate};
use serde_json::json;

fn request(task_type: &str, speed: Option<&str>) -> Submission {
    let body = json!({ "taskType": task_type, "prompt": "x", "speed": speed, "fileUrl": "https://a.example/1.png" });
    generate(&body.to_string()).unwrap()
}

fn of(prices: &Prices, submission: &Submission) -> (u32, u32) {
    let Estimate { min, max } = prices.of(submission);
    (min, max)
}

#[test]
fn the_default_prices_are_those_of_published_price_tables() {
    let prices = Prices::default();
    for task_type in ["mj_txt2img", "mj_img2img", "mj_style_reference", "mj_omni_reference"] {
        for (speed, credits) in
            [(Some("relaxed"), 3), (Some("Relax"), 3), (Some("fast"), 8), (Some("turbo"), 16), (None, 8)]
        {
            assert_eq!(of(&prices, &request(task_type, speed)), (credits, credits), "{task_type} {speed:?}");
        }
    }
    for speed in [None, Some("relaxed"), Some("turbo")] {
        assert_eq!(of(&prices, &request("mj_video", speed)), (15, 60));
        assert_eq!(of(&prices, &request("mj_video_hd", speed)), (45, 180));
    }
    let image = ImageNumber::new(1).unwrap();
    for (change, range) in [
        (ChangeRequest::upscale("a", image), (3, 16)),
        (ChangeRequest::vary("a", image), (3, 16)),
        (ChangeRequest::extend_video("a", image, None), (15, 60)),
        (ChangeRequest::extend_video("a", image, Some("x".into())), (15, 60)),
    ] {
        assert_eq!(of(&prices, &change.submission().unwrap()), range, "{change:?}");
    }
}

#[test]
fn own_prices_replace_only_the_prices_that_they_name() {
    let prices = Prices::parse(r#"{"fast": 10, "video": [20, 40], "change": [0, 0], "turbo": null}"#).unwrap();
    assert_eq!(of(&prices, &request("mj_txt2img", Some("fast"))), (10, 10));
    assert_eq!(of(&prices, &request("mj_txt2img", Some("turbo"))), (16, 16));
    assert_eq!(of(&prices, &request("mj_video", None)), (20, 40));
    assert_eq!(of(&prices, &request("mj_video_hd", None)), (45, 180));
    let upscale = ChangeRequest::upscale("a", ImageNumber::new(1).unwrap()).submission().unwrap();
    assert_eq!(of(&prices, &upscale), (0, 0));
    assert_eq!(Prices::parse("{}").unwrap(), Prices::default());
}

#[test]
fn wrong_prices_are_refused() {
    for wrong in [
        r#"{"fast": -1}"#,
        r#"{"fast": 1.5}"#,
        r#"{"fast": "8"}"#,
        r#"{"fast": true}"#,
        r#"{"fast": {}}"#,
        r#"{"fast": 4294967296}"#,
        r#"{"fast": []}"#,
        r#"{"fast": [8]}"#,
        r#"{"fast": [9, 8]}"#,
        r#"{"fast": [1, 2, 3]}"#,
        r#"{"fast": [1, "x", 2]}"#,
        r#"{"fast": [null, 1, 2]}"#,
        r#"{"Fast": 8}"#,
        r#"{"image": 8}"#,
        "[]",
        "8",
        "",
        "null",
    ] {
        let error = Prices::parse(wrong).unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (Kind::InvalidRequest, Some("prices")), "{wrong}");
    }
}

#[test]
fn an_estimate_as_json_is_marked_as_an_estimate() {
    assert_eq!(serde_json::to_string(&Estimate { min: 3, max: 16 }).unwrap(), r#"{"min":3,"max":16,"estimate":true}"#);
}

#[test]
fn a_speed_in_the_prompt_counts_in_every_spelling() {
    let estimate = |prompt: &str, speed: &str| {
        let body = json!({ "taskType": "mj_txt2img", "prompt": prompt, "speed": speed });
        of(&Prices::default(), &generate(&body.to_string()).unwrap())
    };
    for flag in [
        "--turbo",
        "--TURBO",
        "--Turbo",
        "—turbo",
        "–turbo",
        "――turbo",
        "−−turbo",
        "\u{a0}--turbo",
        "\u{3000}--turbo",
        "\u{200b}--turbo",
        "--turbo\u{200b}",
        "\u{2060}--turbo\u{feff}",
        "--\u{ad} --turbo",
        "\n--turbo\n",
        "--turbo, please",
        "--turbo.",
    ] {
        assert_eq!(estimate(&format!("a cat {flag}"), "relaxed"), (3, 16), "{flag:?}");
        assert_eq!(estimate(&format!("a cat{flag}"), "relaxed").0, 3, "{flag:?}");
    }
    assert_eq!(estimate("a cat --fast", "relaxed"), (3, 8));
    assert_eq!(estimate("a cat --fast —turbo --relax", "relaxed"), (3, 16));
    assert_eq!(estimate("a stage set –ar 9:16 —turbo", "relaxed"), (3, 16));
    assert_eq!(estimate("a cat --relax", "fast"), (8, 8), "no flag makes it cheaper than the field");
    for no_flag in ["a turbo cat", "a cat-turbo", "a -turbo cat", "a cat --turbocharged", "a cat - turbo", "--no turbo"]
    {
        assert_eq!(estimate(no_flag, "relaxed"), (3, 3), "{no_flag}");
    }
    // Own prices count here, too.
    let prices = Prices::parse(r#"{"turbo": [30, 40]}"#).unwrap();
    let body = json!({ "taskType": "mj_txt2img", "prompt": "a cat --turbo", "speed": "relaxed" });
    assert_eq!(of(&prices, &generate(&body.to_string()).unwrap()), (3, 40));
}
