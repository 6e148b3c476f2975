//! What the package changes in wasm-bindgen's glue, as the pinned version writes it. White space doesn't count.

use anyhow::{Result, ensure};
use regex_lite::{NoExpand, Regex, escape};

/// A text of the glue, and what stands in its place in the package.
const CHANGES: [(&str, &str); 3] = [
    // A trap in a closure tells `js/crash.js` of itself: nobody else sees it.
    (
        "try{returnf(a,state.b,...args);}finally{state.a=a;real._wbg_cb_unref();}",
        "try { return f(a, state.b, ...args); } catch (thrown) { trapped(thrown); } \
         finally { if (state.instance === __wbg_instance_id) { state.a = a; real._wbg_cb_unref(); } }",
    ),
    // A closure of an instance that is over does nothing: the host calls it when a timer or an answer comes late.
    ("thrownewError('CannotinvokeclosurefrompreviousWASMinstance');", "return;"),
    // No closure is left to the garbage collector: the module drops each itself. To register them takes a twentieth of a
    // call's time.
    ("constCLOSURE_DTORS=(typeofFinalizationRegistry==='undefined')", "const CLOSURE_DTORS = (true)"),
];

/// The glue of the package.
pub fn of_package(glue: &str) -> Result<String> {
    let mut glue = format!("import {{ trapped }} from './crash.js';\n{glue}");
    for (text, replacement) in CHANGES {
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
