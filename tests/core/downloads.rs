//! The files of a task: what is asked for again, and what is refused.

use std::cell::RefCell;
use std::rc::Rc;

use midapi::client::{CallContext, Download, MAX_FILE_BYTES, Try};
use midapi::core::{Billed, Error, FileKind, Kind, ResultFile};

use crate::fake::{Answer, Server};

const URL: &str = "https://files.example/a_1.png";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nthe rest";

fn file() -> ResultFile {
    ResultFile { task_id: "a".to_owned(), index: 1, url: URL.to_owned() }
}

fn sent(bytes: &[u8]) -> Answer {
    Answer::File { url: URL.to_owned(), bytes: bytes.to_owned() }
}

fn download(server: &Server) -> Result<Download<Vec<u8>>, Error> {
    let client = server.client();
    server.run(client.download(&file(), MAX_FILE_BYTES))
}

#[test]
fn a_file_comes_whole_with_its_name_and_kind() {
    let server = Server::new([sent(PNG)]);
    let expected = Download { name: "a-1.png".to_owned(), kind: FileKind::Png, body: PNG.to_owned() };
    assert_eq!(download(&server).unwrap(), expected);
    assert_eq!((server.count(), server.sent()[0].url.as_str()), (1, URL));
}

#[test]
fn what_fails_in_passing_is_asked_for_three_times() {
    for (answer, kind) in [
        (|| Answer::Reset, Kind::Network),
        (|| Answer::Unreached, Kind::Network),
        (|| Answer::Silence, Kind::Network),
        (|| Answer::text(503, ""), Kind::ServerError),
        (|| Answer::text(408, ""), Kind::ServerError),
        (|| Answer::text(429, ""), Kind::RateLimited),
        (|| Answer::text(404, ""), Kind::NotFound),
    ] as [(fn() -> Answer, Kind); 7]
    {
        let server = Server::new([answer(), answer(), sent(PNG)]);
        assert_eq!(download(&server).unwrap().body, PNG);
        assert_eq!(server.pauses(), [250, 500]);
        let server = Server::new([answer(), answer(), answer()]);
        let error = download(&server).unwrap_err();
        assert_eq!((error.kind, error.billed, error.task_id.as_deref()), (kind, Billed::Yes, Some("a")));
        assert!(!error.retryable() && !error.message.contains("files.example"), "{error:?}");
    }
}

#[test]
fn each_try_has_a_minute_of_its_own() {
    let server = Server::new([Answer::Silence, Answer::Silence, Answer::Silence]);
    assert_eq!(download(&server).unwrap_err().kind, Kind::Network);
    assert_eq!(server.durations(), [60_000; 3]);
}

#[test]
fn a_pause_that_the_host_asks_for_is_kept_and_one_that_is_too_long_is_told() {
    let server = Server::new([Answer::text(429, "").retry_after("7"), sent(PNG)]);
    assert_eq!(download(&server).unwrap().body, PNG);
    assert_eq!(server.pauses(), [7_000]);
    let server = Server::new([Answer::text(503, "").retry_after("61")]);
    assert_eq!(download(&server).unwrap_err().retry_after, Some(61));
}

#[test]
fn what_would_be_the_same_again_is_asked_for_once() {
    let page = b"\n <!doctype html><title>Sign in</title>";
    for (answer, code, words) in [
        (Answer::text(403, ""), Some(403), "answered HTTP 403"),
        (Answer::text(302, ""), Some(302), "answered HTTP 302"),
        (Answer::text(206, ""), Some(206), "answered HTTP 206"),
        (sent(page), None, "a page (HTML)"),
        (sent(b"{}"), None, "no picture or video"),
        (sent(b""), None, "is empty"),
        (Answer::File { url: "http://files.example/a".to_owned(), bytes: PNG.to_owned() }, None, "redirects to http"),
    ] {
        let server = Server::new([answer]);
        let error = download(&server).unwrap_err();
        assert!(error.message.contains(words), "{error:?}");
        assert_eq!((error.kind, error.code, error.billed), (Kind::BadResponse, code, Billed::Yes));
        assert_eq!((error.task_id.as_deref(), server.count()), (Some("a"), 1));
    }
}

#[test]
fn a_file_may_be_as_long_as_is_said_and_no_longer() {
    let length = PNG.len() as u64;
    let server = Server::new([sent(PNG), sent(PNG)]);
    let client = server.client();
    assert_eq!(server.run(client.download(&file(), length)).unwrap().body, PNG);
    let error = server.run(client.download(&file(), length - 1)).unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (Kind::BadResponse, "the file is longer than 15 bytes"));
}

#[test]
fn a_link_to_anything_but_http_is_refused_before_anything_is_sent() {
    for url in [
        "",
        "file:///etc/passwd",
        "data:image/png;base64,",
        "javascript:alert(1)",
        "/a.png",
        "https://me@files.example/a",
    ] {
        let server = Server::default();
        let error = server.run(server.client().download(&ResultFile { url: url.to_owned(), ..file() }, 1)).unwrap_err();
        assert_eq!((error.kind, error.field.as_deref(), error.billed), (Kind::InvalidRequest, Some("url"), Billed::No));
        assert_eq!(server.count(), 0);
    }
}

#[test]
fn an_abort_says_that_the_task_is_paid_for() {
    let server = Server::new([Answer::Silence]);
    let client = server.client();
    let context = CallContext::new(&|_| ());
    let error = server.abort_after(10, &context, client.call(&context).download(None, &file(), 1));
    assert_eq!((error.kind, error.billed, error.task_id.as_deref()), (Kind::Aborted, Billed::Yes, Some("a")));
}

#[test]
fn a_log_sees_each_try_and_no_link() {
    let server = Server::new([Answer::text(503, ""), sent(PNG)]);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = seen.clone();
    let client = server.client().with_log(move |tried: &Try| log.borrow_mut().push(*tried));
    server.run(client.download(&file(), MAX_FILE_BYTES)).unwrap();
    let tries: Vec<_> =
        seen.borrow().iter().map(|tried| (tried.route, tried.number, tried.status, tried.again_in)).collect();
    assert_eq!(tries, [("file", 1, Some(503), Some(250)), ("file", 2, Some(200), None)]);
    assert!(seen.borrow().iter().all(|tried| tried.billed == Billed::No));
}
