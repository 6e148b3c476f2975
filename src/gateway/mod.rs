//! The Cloudflare Worker that holds the key: an intent proxy over a closed set of routes. The upstream's address
//! comes from configuration alone, bodies are rebuilt from the validated request in both directions, and no header
//! crosses in either but the server's pace, as a number.

mod answer;
mod config;
mod routes;
mod task_ids;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{Request, Response, Url};

use self::routes::Route;
use crate::core::{Error, Kind};

/// Answers a request that is no asset of the studio's. `env` holds the Worker's variables and secrets.
#[wasm_bindgen]
pub async fn handle(request: Request, env: JsValue) -> Result<Response, JsValue> {
    let url = Url::new(&request.url())?;
    let Some(route) = Route::of(&url.pathname()) else {
        return answer::refusal(&Error::new(Kind::NotFound, "no such route").with(|error| error.code = Some(404)));
    };
    if request.method() != route.method() {
        return answer::method_not_allowed(route.method());
    }
    let gateway = match config::gateway(&env) {
        Ok(gateway) => gateway,
        Err(error) => return answer::refusal(&error),
    };
    match route.answer(&gateway, &request, &url).await {
        Ok(answer) => {
            let mut data = answer.data;
            gateway.key.redact(&mut data);
            answer::success(&data, answer.pace)
        }
        Err(error) => answer::refusal(&error.with(|error| gateway.key.redact(&mut error.message))),
    }
}
