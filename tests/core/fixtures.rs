//! Every recorded or documented body, read as it should be.

use midapi::core::{
    Callback, Error, ErrorCode, Handle, Kind, Prices, RETENTION_MS, Record, Speed, State, Task, generate,
    public_param_json,
};
use serde_json::{Value, json};

use crate::fake::{Answer, Server, accepted, ok};

/// The text of a fixture.
pub fn text(name: &str) -> String {
    let path = format!("{}/tests/core/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

fn json_of(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap()
}

/// The task a fixture is about, to ask for it; any, if it is about none.
fn handle(name: &str) -> Handle {
    Handle::new(json_of(name)["data"]["taskId"].as_str().unwrap_or("a"))
}

/// The record a status call that is answered with this fixture gets.
fn record(name: &str) -> Result<Record, Error> {
    let server = Server::new([Answer::text(200, text(name))]);
    Ok(server.run(server.client().record(&handle(name)))?.0)
}

fn record_of(data: Value) -> Record {
    let server = Server::new([ok(data)]);
    server.run(server.client().record(&Handle::new("a"))).unwrap().0
}

/// The same as a task.
fn task(name: &str) -> Task {
    let server = Server::new([Answer::text(200, text(name))]);
    server.run(server.client().status(&handle(name))).unwrap()
}

fn task_of(data: Value) -> Task {
    record_of(data).into()
}

fn submit(answer: Answer) -> Result<Task, Error> {
    let server = Server::new([answer]);
    server.run(server.client().submit(generate(&text("real-generate-request")).unwrap(), None))
}

fn ended(name: &str) -> Task {
    match Callback::parse(&text(name)).unwrap() {
        Callback::Ended(task) => *task,
        acknowledged => panic!("{acknowledged:?}"),
    }
}

#[test]
fn every_fixture_has_its_test() {
    let folder = format!("{}/tests/core/fixtures", env!("CARGO_MANIFEST_DIR"));
    let tests = include_str!("fixtures.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(name) = name.strip_suffix(".json") {
            assert!(tests.contains(&format!("(\"{name}\")")), "{name} is read by no test");
        }
    }
}

#[test]
fn a_real_request_is_accepted_and_sent_as_it_is() {
    let body = json_of("real-generate-request");
    let submission = generate(&text("real-generate-request")).unwrap();
    assert_eq!(submission.route(), "generate");
    assert_eq!(serde_json::from_str::<Value>(submission.body()).unwrap(), body);
    let relaxed = Prices::default().of(&submission);
    assert_eq!((relaxed.min, relaxed.max), (3, 3));
    assert_eq!(submit(accepted("a")).unwrap().speed, Some(Speed::Relaxed));
}

#[test]
fn a_real_acceptance_gives_the_task() {
    let task = submit(Answer::text(200, text("real-generate-accepted"))).unwrap();
    assert_eq!(task.task_id, "1d9c2bc4c7d0d3b7036971db1562b935");
}

#[test]
fn real_credits_may_have_decimals() {
    let server = Server::new([Answer::text(200, text("real-credit"))]);
    assert_eq!(server.run(server.client().credits()).unwrap(), 5916.25);
}

#[test]
fn real_successes_have_four_images_and_integer_times() {
    for (name, id, created, completed) in [
        ("txt2img", "9f47c52047dda21bb3df0488736cce57", 1760557318000, 1760557532000),
        ("omni", "eff9f34909116fb89767fd3beca76fbe", 1760567370000, 1760567618000),
    ] {
        let task = match name {
            "txt2img" => task("real-record-success-txt2img"),
            _ => task("real-record-success-omni"),
        };
        assert_eq!((task.task_id.as_str(), task.state), (id, State::Succeeded));
        assert_eq!(task.task_type, Some(format!("mj_{}", if name == "omni" { "omni_reference" } else { name })));
        assert_eq!((task.created_at, task.completed_at), (Some(created), Some(completed)));
        assert_eq!(task.expires_at, Some(completed + RETENTION_MS));
        let urls: Vec<_> = task.images.iter().map(|image| (image.index, image.url.clone())).collect();
        let expected: Vec<_> =
            (0..4).map(|i| (i + 1, format!("https://tempfile.aiquickdraw.com/m/{id}_0_{i}.jpeg"))).collect();
        assert_eq!(urls, expected);
        assert!(task.videos.is_empty());
    }
}

#[test]
fn an_unknown_task_is_not_found() {
    let error = record("real-record-unknown-task").unwrap_err();
    assert_eq!((error.kind, error.code), (Kind::NotFound, Some(422)));
    assert_eq!(error.message, "The record does not exist");
}

#[test]
fn no_permission_is_unauthorized_and_not_billed() {
    let error = submit(Answer::text(200, text("documented-unauthorized"))).unwrap_err();
    assert_eq!((error.kind, error.code), (Kind::Unauthorized, Some(401)));
    assert_eq!(error.billed, midapi::core::Billed::No);
}

#[test]
fn iso_times_and_milliseconds_are_read_as_the_same_times() {
    let task = task("documented-record-iso-times");
    assert_eq!((task.created_at, task.completed_at), (Some(1710930600000), Some(1710930660000)));
    assert_eq!(task.images.len(), 4);
}

#[test]
fn a_failed_record_says_why() {
    let task = task("inferred-record-failed");
    assert_eq!(task.state, State::Failed);
    let failure = task.failure.clone().unwrap();
    assert_eq!((failure.code, failure.message.as_str()), (Some(ErrorCode::Number(500)), "No response from MidJourney"));
    let error = task.to_error();
    assert_eq!((error.kind, error.code, error.task_id.clone()), (Kind::TaskFailed, Some(500), Some(task.task_id)));
}

#[test]
fn a_generating_record_is_running() {
    let task = task("inferred-record-generating");
    assert_eq!((task.state, task.completed_at, task.failure), (State::Running, None, None));
    assert!(task.images.is_empty());
}

#[test]
fn a_result_in_a_json_string_is_read_as_the_same_result() {
    let task = task("inferred-record-result-as-string");
    assert_eq!(task.state, State::Succeeded);
    assert_eq!(task.images[0].url, "https://tempfile.aiquickdraw.com/m/0f8d2c6b1a7e4d5f9c3b2a1908f7e6d5_0_0.jpeg");
}

#[test]
fn a_callback_of_success_has_its_images() {
    let task = ended("documented-callback-success");
    assert_eq!((task.task_id.as_str(), task.state), ("mj_task_12345", State::Succeeded));
    assert_eq!(task.images[3].url, "https://example.com/mj_result4.png");
}

#[test]
fn callbacks_of_failure_say_why() {
    let task = ended("documented-callback-failure");
    assert_eq!((task.state, task.failure.unwrap().message.as_str()), (State::Failed, "Image generation failed"));

    let task = ended("documented-callback-extend-failure");
    let failure = task.failure.unwrap();
    assert_eq!(failure.code, Some(ErrorCode::Text("VIDEO_EXTEND_FAILED".to_owned())));
    assert_eq!(failure.message, "Failed to extend video due to processing error");
}

#[test]
fn a_callback_with_an_id_alone_is_an_acknowledgement() {
    let callback = Callback::parse(r#"{"code":200,"msg":"success","data":{"taskId":"a"}}"#).unwrap();
    assert_eq!(callback, Callback::Acknowledged { task_id: "a".to_owned() });
}

#[test]
fn all_four_flags_mean_what_the_quick_start_says() {
    let urls = json!({ "resultUrls": [{ "resultUrl": "https://example.com/1.jpg" }] });
    for (flag, state) in
        [(0, State::Running), (1, State::Succeeded), (2, State::Failed), (3, State::Failed), (4, State::Running)]
    {
        for flag in [json!(flag), json!(flag.to_string())] {
            let record = json!({ "taskId": "a", "successFlag": flag, "resultInfoJson": urls });
            assert_eq!(task_of(record.clone()).state, state, "{record}");
        }
    }
}

#[test]
fn row_33_success_without_an_image_is_not_a_success() {
    for results in [
        json!(null),
        json!({}),
        json!({ "resultUrls": [] }),
        json!("{}"),
        json!("junk"),
        json!(7),
        json!({ "resultUrls": ["javascript:alert(1)", "", "data:x", 7] }),
    ] {
        let record = json!({ "taskId": "a", "successFlag": 1, "resultInfoJson": results });
        let task = task_of(record.clone());
        assert_eq!((task.state, task.images.len()), (State::Running, 0), "{record}");
    }
}

#[test]
fn videos_are_told_from_images() {
    let results = json!({ "resultUrls": [{ "resultUrl": "https://example.com/0.mp4?x=1" }] });
    let record = json!({ "taskId": "a", "successFlag": 1, "resultInfoJson": results });
    let task = task_of(record);
    assert_eq!((task.videos.len(), task.images.len()), (1, 0));
}

#[test]
fn a_record_is_written_in_the_vendors_shape() {
    let written = |record: Record| serde_json::to_value(record).unwrap();
    for name in ["real-record-success-txt2img", "real-record-success-omni", "inferred-record-generating"] {
        assert_eq!(written(record(name).unwrap()), json_of(name)["data"], "{name}");
    }

    // What the sources disagree on is written one way.
    let record = written(record("inferred-record-result-as-string").unwrap());
    assert_eq!(record["resultInfoJson"]["resultUrls"].as_array().unwrap().len(), 1);
    assert_eq!(record["errorCode"], Value::Null);
}

#[test]
fn a_recorded_request_is_shown_without_its_callback() {
    let stored = record("real-record-success-omni").unwrap().param_json.unwrap();
    let shown: Value = serde_json::from_str(&public_param_json(&stored).unwrap()).unwrap();
    assert_eq!(shown, serde_json::from_str::<Value>(&stored).unwrap());

    // The documented one has no task type and an unusual spelling.
    let stored = record("documented-record-iso-times").unwrap().param_json.unwrap();
    let shown: Value = serde_json::from_str(&public_param_json(&stored).unwrap()).unwrap();
    assert_eq!(shown, json!({ "prompt": "a beautiful landscape", "speed": "relaxed" }));
}

#[test]
fn row_34_an_answer_about_another_task_is_a_bad_response() {
    for other in ["b", "", "A"] {
        let data = || json!({ "taskId": other, "successFlag": 1, "resultInfoJson": { "resultUrls": ["https://a.example/1.png"] } });
        let server = Server::new([ok(data())]);
        let error = server.run(server.client().status(&Handle::new("a"))).unwrap_err();
        assert_eq!((error.kind, error.task_id.as_deref()), (Kind::BadResponse, Some("a")), "{other}");
    }
}

#[test]
fn a_picture_keeps_the_number_of_its_place() {
    for gap in [
        json!({ "resultUrl": null }),
        json!({ "resultUrl": "" }),
        json!(null),
        json!({}),
        json!({ "resultUrl": "data:x" }),
    ] {
        let link = |place: usize| format!("https://files.example/t1_{place}.jpeg");
        let links = json!([{ "resultUrl": link(0) }, gap, { "resultUrl": link(2) }, link(3)]);
        let data = json!({ "taskId": "a", "successFlag": 1, "resultInfoJson": { "resultUrls": links } });
        let record = record_of(data.clone());
        assert_eq!(record.results.urls, [Some(link(0)), None, Some(link(2)), Some(link(3))]);
        let written = serde_json::to_value(&record).unwrap();
        assert_eq!(
            written["resultInfoJson"]["resultUrls"],
            json!([{ "resultUrl": link(0) }, { "resultUrl": null }, { "resultUrl": link(2) }, { "resultUrl": link(3) }])
        );
        // What is written is read the same.
        assert_eq!(record_of(written).results.urls, record.results.urls);

        let images = [(1, link(0)), (3, link(2)), (4, link(3))];
        let numbered = |task: Task| task.images.into_iter().map(|image| (image.index, image.url)).collect::<Vec<_>>();
        assert_eq!(numbered(task_of(data.clone())), images);
        for callback in [
            json!({ "code": 200, "msg": "x", "data": data }),
            json!({ "code": 200, "msg": "x", "data": { "taskId": "a", "resultUrls": [link(0), null, link(2), link(3)] } }),
        ] {
            let Callback::Ended(task) = Callback::parse(&callback.to_string()).unwrap() else { panic!("{callback}") };
            assert_eq!(numbered(*task), images);
        }
    }
}

#[test]
fn a_file_is_a_video_by_its_ending_and_else_by_the_tasks_type() {
    for (link, task_type, is_video) in [
        ("https://a.example/0.mp4", None, true),
        ("https://a.example/0.MP4?x=.jpg", None, true),
        ("https://a.example/0.webm#t=1", None, true),
        ("https://a.example/0.mov", Some("mj_txt2img"), true),
        ("https://a.example/0", Some("mj_video"), true),
        ("https://a.example/v/0", Some("mj_video_hd"), true),
        ("https://a.example/0.bin", Some("mj_video_extend_auto"), true),
        ("https://a.example/0.jpeg", Some("mj_video"), false),
        ("https://a.example/0", Some("mj_txt2img"), false),
        ("https://a.example/0", None, false),
        ("https://a.mp4/0", None, false),
        ("https://a.example/0?file=a.mp4", None, false),
    ] {
        let results = json!({ "resultUrls": [{ "resultUrl": link }] });
        let task =
            task_of(json!({ "taskId": "a", "taskType": task_type, "successFlag": 1, "resultInfoJson": results }));
        assert_eq!(
            (task.videos.len(), task.images.len()),
            if is_video { (1, 0) } else { (0, 1) },
            "{link} {task_type:?}"
        );
    }
}

#[test]
fn a_time_is_milliseconds_or_an_rfc_3339_text() {
    for (time, ms) in [
        (json!(1_710_930_600_000_i64), Some(1_710_930_600_000)),
        (json!("1710930600000"), Some(1_710_930_600_000)),
        (json!("2024-03-20T10:30:00Z"), Some(1_710_930_600_000)),
        (json!("1970-01-01T00:00:00.5Z"), Some(500)),
        (json!("2024-02-29T23:59:59.999+02:00"), Some(1_709_243_999_999)),
        (json!("2024-03-20"), None),
        (json!("2023-02-29T00:00:00Z"), None),
        (json!("2024-03-20T10:30:00"), None),
        (json!("yesterday"), None),
        (json!(""), None),
        (json!(1.5), None),
        (json!(null), None),
    ] {
        assert_eq!(record_of(json!({ "taskId": "a", "createTime": time })).create_time, ms, "{time}");
    }
}

#[test]
fn a_byte_order_mark_in_front_means_nothing() {
    let marked = |text: &str| format!("\u{feff}{text}");
    let body = r#"{"taskType":"mj_txt2img","prompt":"x"}"#;
    assert_eq!(generate(&marked(body)).unwrap(), generate(body).unwrap());
    assert!(midapi::core::lint(&marked(body)).is_ok() && Prices::parse(&marked("{}")).is_ok());
    let reply = json!({ "code": 200, "msg": "success", "data": { "taskId": "a" } }).to_string();
    assert_eq!(submit(Answer::text(200, marked(&reply))).unwrap().task_id, "a");
    assert!(Callback::parse(&marked(&text("documented-callback-success"))).is_ok());
    assert_eq!(Handle::parse(&marked("\"a\"")).unwrap(), Handle::new("a"));
    let submit = r#"{"route":"generate","body":"{}","idempotencyKey":"k"}"#;
    assert!(midapi::core::UnknownSubmit::parse(&marked(submit)).is_ok());
    assert!(generate(&marked(&marked(body))).is_err(), "one is a mark, two are not");
}
