//! A page in Rust that makes pictures: one prompt and one task at a time, through a gateway that holds the key.
//!
//! `cargo xtask test page` builds it into `build/example/` and tries it in Chromium. By hand, for a server of yours
//! that passes what comes below `/api/` on to the gateway, with its access token:
//!
//! ```sh
//! cargo build --release --package midapi-example --target wasm32-unknown-unknown
//! wasm-bindgen --target web --out-dir site target/wasm32-unknown-unknown/release/midapi_example.wasm
//! cp examples/rust-wasm/index.html site
//! ```
#![cfg(target_arch = "wasm32")]

use std::rc::Rc;

use midapi::client::{Client, DEFAULT_WAIT_MS};
use midapi::core::{Endpoint, GenerateRequest, Task, TaskType};
use midapi::web::{Fetch, HostTimer};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;
use web_sys::{Document, Element, Event, HtmlButtonElement, HtmlFormElement, HtmlImageElement, HtmlInputElement};

/// The client, and the parts of the page it speaks through.
struct App {
    client: Client<Fetch, HostTimer>,
    prompt: HtmlInputElement,
    button: HtmlButtonElement,
    status: Element,
    images: Element,
}

#[wasm_bindgen(start)]
fn start() -> Result<(), JsValue> {
    let window = web_sys::window().ok_or("this is for a page")?;
    let document = window.document().ok_or("this is for a page")?;
    // Without a key: the gateway holds it, and the server its token.
    let endpoint = Endpoint::new(&(window.location().origin()? + "/api/v1/mj"), false).map_err(JsError::from)?;
    let app = Rc::new(App {
        client: Client::new(Fetch::default(), HostTimer, endpoint, None).map_err(JsError::from)?,
        prompt: element(&document, "prompt")?,
        button: element(&document, "imagine")?,
        status: element(&document, "status")?,
        images: element(&document, "images")?,
    });
    app.button.set_disabled(false);
    let on_submit = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
        event.prevent_default();
        // Here and not in the future, which begins later: a second click must find it disabled.
        app.button.set_disabled(true);
        let app = app.clone();
        // What the page itself refuses stands in the console then, as a rejection nobody handles.
        let _ = future_to_promise(async move {
            let outcome = app.imagine().await;
            app.button.set_disabled(false);
            outcome.map(|()| JsValue::UNDEFINED)
        });
    });
    let form: HtmlFormElement = element(&document, "composer")?;
    form.set_onsubmit(Some(on_submit.into_js_value().unchecked_ref()));
    Ok(())
}

impl App {
    /// Makes one task of what stands in the page, and shows what becomes of it.
    async fn imagine(&self) -> Result<(), JsValue> {
        self.images.set_text_content(None);
        self.say("submitting");
        let request = GenerateRequest::new(TaskType::TextToImage, self.prompt.value());
        let on_update = &mut |task: &Task| self.say(&progress(task));
        match self.client.run(&request, DEFAULT_WAIT_MS, on_update).await {
            Ok(task) => self.show(&task, &request.prompt)?,
            Err(error) => self.say(&format!("{error} (billed: {})", error.billed)),
        }
        Ok(())
    }

    fn show(&self, task: &Task, prompt: &str) -> Result<(), JsValue> {
        for file in &task.images {
            let image = HtmlImageElement::new()?;
            image.set_src(&file.url);
            image.set_alt(&format!("{prompt}, {}", file.index));
            self.images.append_child(&image)?;
        }
        Ok(())
    }

    fn say(&self, text: &str) {
        self.status.set_text_content(Some(text));
    }
}

/// Where the task stands, and about how long it will take from now.
fn progress(task: &Task) -> String {
    let state = task.state;
    match task.time_left {
        Some(left) => format!("{state}, about {} to {} s left", left.min_ms / 1000, left.max_ms / 1000),
        None => state.to_string(),
    }
}

/// The page's element of this id.
fn element<T: JsCast>(document: &Document, id: &str) -> Result<T, JsValue> {
    let element = document.get_element_by_id(id).and_then(|element| element.dyn_into().ok());
    element.ok_or_else(|| format!("the page has no #{id} of the right kind").into())
}
