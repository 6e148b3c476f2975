//! What is changed in wasm-bindgen's glue, as the pinned version writes it. White space doesn't count.

use anyhow::{Result, ensure};
use regex_lite::{NoExpand, Regex, escape};

/// A text of the glue, and what stands in its place.
type Change = (&'static str, &'static str);

/// No closure is left to the garbage collector: the module drops each itself. To register them takes a twentieth of a
/// call's time.
const UNREGISTERED: Change =
    ("constCLOSURE_DTORS=(typeofFinalizationRegistry==='undefined')", "const CLOSURE_DTORS = (true)");

const OF_THE_PACKAGE: [Change; 3] = [
    UNREGISTERED,
    // A trap in a closure tells `js/crash.js` of itself: nobody else sees it.
    (
        "try{returnf(a,state.b,...args);}finally{state.a=a;real._wbg_cb_unref();}",
        "try { return f(a, state.b, ...args); } catch (thrown) { trapped(thrown); } \
         finally { if (state.instance === __wbg_instance_id) { state.a = a; real._wbg_cb_unref(); } }",
    ),
    // A closure of an instance that is over does nothing: the host calls it when a timer or an answer comes late.
    ("thrownewError('CannotinvokeclosurefrompreviousWASMinstance');", "return;"),
];

const OF_THE_GATEWAY: [Change; 2] = [
    UNREGISTERED,
    // Each step of a future's waits in this queue. workerd's own function for it takes longer than a promise.
    ("queueMicrotask(arg0);", "Promise.resolve().then(arg0);"),
];

/// The glue of the package.
pub fn of_package(glue: String) -> Result<String> {
    changed(format!("import {{ trapped }} from './crash.js';\n{glue}"), &OF_THE_PACKAGE)
}

/// The glue of the gateway.
pub fn of_gateway(glue: String) -> Result<String> {
    changed(glue, &OF_THE_GATEWAY)
}

fn changed(mut glue: String, changes: &[Change]) -> Result<String> {
    for (text, replacement) in changes {
        let pattern = whatever_space(text)?;
        ensure!(pattern.find_iter(&glue).count() == 1, "the glue has no single `{text}`: see xtask/src/glue.rs");
        glue = pattern.replace(&glue, NoExpand(replacement)).into_owned();
    }
    Ok(glue)
}

/// A pattern of a text, whatever white space is between its characters.
fn whatever_space(text: &str) -> Result<Regex> {
    let chars: Vec<_> = text.chars().map(|char| escape(&char.to_string())).collect();
    Ok(Regex::new(&chars.join(r"\s*"))?)
}
