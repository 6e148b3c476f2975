//! What the package changes in wasm-bindgen's glue, so that a crash is survived (`js/crash.js`).

use anyhow::{Result, ensure};

/// Where the glue calls a closure of the module's: as the pinned version writes it, without its white space.
const CLOSURE_CALL: &str = "try{returnf(a,state.b,...args);}finally{state.a=a;real._wbg_cb_unref();}";
/// What it does with a closure of an instance that has crashed.
const STALE_CLOSURE: &str = "throw new Error('Cannot invoke closure from previous WASM instance');";

/// The same glue, which tells `js/crash.js` of what escapes from a closure, and ignores closures of an instance that is
/// over: the host calls those when a timer or an answer comes late.
pub fn reporting_traps(glue: &str) -> Result<String> {
    ensure!(
        glue.matches(STALE_CLOSURE).count() == 1,
        "the glue has no single `{STALE_CLOSURE}`: see xtask/src/glue.rs"
    );
    let glue = glue.replace(STALE_CLOSURE, "return;");
    let call = "try { return f(a, state.b, ...args); } catch (thrown) { trapped(thrown); } \
                finally { if (state.instance === __wbg_instance_id) { state.a = a; real._wbg_cb_unref(); } }";
    let pattern = whatever_space(CLOSURE_CALL)?;
    ensure!(pattern.find_iter(&glue).count() == 1, "the glue calls closures otherwise: see xtask/src/glue.rs");
    Ok(format!("import {{ trapped }} from './crash.js';\n{}", pattern.replace(&glue, regex_lite::NoExpand(call))))
}

/// A pattern of a text, whatever white space is between its characters.
fn whatever_space(text: &str) -> Result<regex_lite::Regex> {
    let chars: Vec<_> = text.chars().map(|char| regex_lite::escape(&char.to_string())).collect();
    Ok(regex_lite::Regex::new(&chars.join(r"\s*"))?)
}
