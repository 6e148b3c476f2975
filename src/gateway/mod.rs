//! The Cloudflare Worker that holds the key: an intent proxy over a closed set of routes. The upstream's address
//! comes from configuration alone, bodies are rebuilt from the validated request in both directions, and no header
//! crosses in either.

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
        return answer::refusal(&Error { code: Some(404), ..Error::new(Kind::NotFound, "no such route") });
    };
    if request.method() != route.method() {
        return answer::method_not_allowed(route.method());
    }
    let gateway = match config::gateway(&env) {
        Ok(gateway) => gateway,
        Err(error) => return answer::refusal(&error),
    };
    match route.answer(&gateway, &request, &url).await {
        Ok(answer) => answer::success(gateway.key.redact(answer.data), answer.pace),
        Err(error) => answer::refusal(&Error { message: gateway.key.redact(error.message), ..error }),
    }
}
