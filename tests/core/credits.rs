//! The account's credits.

use midapi::core::Kind;
use serde_json::json;

use crate::fake::{Answer, Server, ok, refusal};

#[test]
fn credits_are_a_decimal_number() {
    for (number, credits) in [(json!(5916.25), 5916.25), (json!(7), 7.0), (json!(0), 0.0), (json!(-1.5), -1.5)] {
        let server = Server::new([ok(number)]);
        assert_eq!(server.run(server.client().credits()).unwrap(), credits);
        assert_eq!(server.sent()[0].url, "https://api.midapi.ai/api/v1/common/credit");
    }
}

#[test]
fn the_second_credits_route_is_tried_only_after_a_404() {
    let urls = ["https://api.midapi.ai/api/v1/common/credit", "https://api.midapi.ai/api/v1/chat/credit"];
    for missing in [Answer::not_json(404), refusal(404)] {
        let server = Server::new([missing, ok(json!(1))]);
        assert_eq!(server.run(server.client().credits()).unwrap(), 1.0);
        assert_eq!(server.sent().iter().map(|sent| sent.url.as_str()).collect::<Vec<_>>(), urls);
    }

    let server = Server::new([refusal(404), refusal(404)]);
    assert_eq!(server.run(server.client().credits()).unwrap_err().kind, Kind::NotFound);

    let server = Server::new([refusal(401)]);
    assert_eq!(server.run(server.client().credits()).unwrap_err().kind, Kind::Unauthorized);
}

#[test]
fn credits_that_are_not_a_number_are_a_bad_response() {
    for data in [json!("5"), json!({}), json!([1]), json!(true)] {
        let server = Server::new([ok(data)]);
        assert_eq!(server.run(server.client().credits()).unwrap_err().kind, Kind::BadResponse);
    }
}

#[test]
fn the_credits_request_goes_to_the_host_of_the_endpoint() {
    for (endpoint, url) in [
        ("https://app.example/api/v1/mj", "https://app.example/api/v1/common/credit"),
        ("https://app.example/mj", "https://app.example/common/credit"),
        ("https://app.example", "https://app.example/common/credit"),
        ("https://app.example:8443/", "https://app.example:8443/common/credit"),
    ] {
        let server = Server::new([ok(json!(1))]);
        server.run(server.client_of(endpoint, None).credits()).unwrap();
        assert_eq!(server.sent()[0].url, url);
    }
}
