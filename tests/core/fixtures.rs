//! Every recorded or documented body, decoded as it should be.

use midapi::core::{
    Callback, Error, ErrorCode, GenerateRequest, Json, Kind, Operation, RETENTION_MS, Record, Speed, State, Task,
    accepted, credits, open,
};
use serde_json::{Value, json};

fn read(name: &str) -> Value {
    let path = format!("{}/tests/core/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    Value::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn data(name: &str) -> Result<Value, Error> {
    open(Operation::Read, 200, Some(read(name)), None)
}

fn task(name: &str) -> Task {
    Record::decode(&data(name).unwrap()).unwrap().into()
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
    let body = read("real-generate-request");
    let request = GenerateRequest::decode(&body).unwrap();
    assert_eq!(request.speed, Some(Speed::Relaxed));
    assert_eq!(serde_json::from_str::<Value>(&request.to_json()).unwrap(), body);
}

#[test]
fn a_real_acceptance_gives_the_task() {
    let data = open(Operation::Submit, 200, Some(read("real-generate-accepted")), None).unwrap();
    assert_eq!(accepted(&data).unwrap(), "1d9c2bc4c7d0d3b7036971db1562b935");
}

#[test]
fn real_credits_are_a_fraction() {
    assert_eq!(credits(&data("real-credit").unwrap()).unwrap(), 5916.25);
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
    let error = data("real-record-unknown-task").unwrap_err();
    assert_eq!((error.kind, error.code), (Kind::NotFound, Some(422)));
    assert_eq!(error.message, "The record does not exist");
}

#[test]
fn no_permission_is_unauthorized_and_not_billed() {
    let error = open(Operation::Submit, 200, Some(read("documented-unauthorized")), None).unwrap_err();
    assert_eq!((error.kind, error.code), (Kind::Unauthorized, Some(401)));
    assert_eq!(error.billed, midapi::core::Billed::No);
}

#[test]
fn iso_times_are_the_same_times() {
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
    let error = task.to_error().unwrap();
    assert_eq!((error.kind, error.code, error.task_id.clone()), (Kind::TaskFailed, Some(500), Some(task.task_id)));
}

#[test]
fn a_generating_record_is_running() {
    let task = task("inferred-record-generating");
    assert_eq!((task.state, task.completed_at, task.failure), (State::Running, None, None));
    assert!(task.images.is_empty());
}

#[test]
fn a_result_as_text_is_the_same_result() {
    let task = task("inferred-record-result-as-string");
    assert_eq!(task.state, State::Succeeded);
    assert_eq!(task.images[0].url, "https://tempfile.aiquickdraw.com/m/0f8d2c6b1a7e4d5f9c3b2a1908f7e6d5_0_0.jpeg");
}

#[test]
fn a_callback_of_success_has_its_images() {
    let Callback::Ended(task) = Callback::decode(&read("documented-callback-success")).unwrap() else { panic!() };
    assert_eq!((task.task_id.as_str(), task.state), ("mj_task_12345", State::Succeeded));
    assert_eq!(task.images[3].url, "https://example.com/mj_result4.png");
}

#[test]
fn callbacks_of_failure_say_why() {
    let Callback::Ended(task) = Callback::decode(&read("documented-callback-failure")).unwrap() else { panic!() };
    assert_eq!((task.state, task.failure.unwrap().message.as_str()), (State::Failed, "Image generation failed"));

    let Callback::Ended(task) = Callback::decode(&read("documented-callback-extend-failure")).unwrap() else {
        panic!()
    };
    let failure = task.failure.unwrap();
    assert_eq!(failure.code, Some(ErrorCode::Text("VIDEO_EXTEND_FAILED".to_owned())));
    assert_eq!(failure.message, "Failed to extend video due to processing error");
}

#[test]
fn a_callback_with_an_id_alone_is_an_acknowledgement() {
    let callback = Callback::decode(&json!({ "code": 200, "msg": "success", "data": { "taskId": "a" } })).unwrap();
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
            assert_eq!(Task::from(Record::decode(&record).unwrap()).state, state, "{record}");
        }
    }
}

#[test]
fn success_without_an_image_is_no_success() {
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
        let task = Task::from(Record::decode(&record).unwrap());
        assert_eq!((task.state, task.images.len()), (State::Running, 0), "{record}");
    }
}

#[test]
fn videos_are_told_from_images() {
    let results = json!({ "resultUrls": [{ "resultUrl": "https://example.com/0.mp4?x=1" }] });
    let record = json!({ "taskId": "a", "successFlag": 1, "resultInfoJson": results });
    let task = Task::from(Record::decode(&record).unwrap());
    assert_eq!((task.videos.len(), task.images.len()), (1, 0));
}

#[test]
fn a_record_is_written_in_the_vendors_shape() {
    let mut expected = data("real-record-success-txt2img").unwrap();
    let record = Record::decode(&expected).unwrap();
    assert_eq!(serde_json::to_value(&record).unwrap(), expected);

    // What the sources disagree on is written one way.
    expected = data("inferred-record-result-as-string").unwrap();
    let record = serde_json::to_value(Record::decode(&expected).unwrap()).unwrap();
    assert_eq!(record["resultInfoJson"]["resultUrls"].as_array().unwrap().len(), 1);
    assert_eq!(record["errorCode"], Value::Null);
}
