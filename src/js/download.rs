//! The files of a task, in and out.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::value::given_of;
use crate::client::Download;
use crate::core::{Error, FileKind, Given, Kind, ResultFile, file_name};
use crate::web::HostError;

#[wasm_bindgen]
extern "C" {
    type Blob;
    #[wasm_bindgen(constructor, catch)]
    fn new(parts: &Array, options: &JsValue) -> Result<Blob, JsValue>;
}

const MUST: &str = "must be a task that has succeeded, an image or video of one, or a list of these";

/// The files of a task, of a result of one, or of a list of these, each with the names that it may have.
pub fn results(value: &JsValue) -> Result<Array, Error> {
    let mut files = Vec::new();
    match given_of(value).map_err(|error| error.in_field("task"))? {
        Given::List(items) => items.iter().try_for_each(|item| add(&mut files, item))?,
        item => add(&mut files, &item)?,
    }
    Ok(files.iter().map(named).collect())
}

/// One of these.
pub fn file(value: &JsValue) -> Result<ResultFile, Error> {
    result_file(&given_of(value)?).ok_or_else(|| Error::invalid("task", MUST))
}

/// What the caller gets.
pub fn download_to_js(file: &ResultFile, download: Download<Array>) -> Result<JsValue, Error> {
    let media_type = JsValue::from_str(download.kind.media_type());
    // Where it can't be made there is no memory for it.
    let body = Blob::new(&download.body, &object([("type", media_type.clone())])).map_err(|thrown| {
        let error = Error::new(Kind::Network, "the file could not be kept").after_acceptance(&file.task_id);
        error.with(|error| error.source = Some(Box::new(HostError(thrown))))
    })?;
    Ok(object([
        ("name", download.name.into()),
        ("type", media_type),
        ("body", body.into()),
        ("index", JsValue::from_f64(file.index as f64)),
        ("taskId", file.task_id.as_str().into()),
    ]))
}

fn add(files: &mut Vec<ResultFile>, given: &Given) -> Result<(), Error> {
    let wrong = |must: &str| Err(Error::invalid("task", must));
    if let Some(file) = result_file(given) {
        files.push(file);
        return Ok(());
    }
    match given.field("state").and_then(text) {
        Some("succeeded") => {}
        Some("running") => return wrong("must have succeeded, and is running: wait for it"),
        Some("failed") => return wrong("must have succeeded, and has failed"),
        _ => return wrong(MUST),
    }
    for name in ["images", "videos"] {
        let Some(Given::List(results)) = given.field(name) else { continue };
        for result in results {
            files.push(result_file(result).ok_or_else(|| Error::invalid("task", MUST))?);
        }
    }
    Ok(())
}

fn result_file(given: &Given) -> Option<ResultFile> {
    let index = usize::try_from(given.field("index")?.whole()?).ok().filter(|index| *index > 0)?;
    let field = |name| Some(text(given.field(name)?)?.to_owned());
    Some(ResultFile { task_id: field("taskId")?, index, url: field("url")? })
}

fn text(given: &Given) -> Option<&str> {
    if let Given::Text(text) = given { Some(text) } else { None }
}

fn named(file: &ResultFile) -> JsValue {
    let names: Array = FileKind::all().iter().map(|kind| JsValue::from(file_name(file, *kind))).collect();
    object([
        ("taskId", file.task_id.as_str().into()),
        ("index", JsValue::from_f64(file.index as f64)),
        ("url", file.url.as_str().into()),
        ("names", names.into()),
    ])
}

fn object<const N: usize>(fields: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}
