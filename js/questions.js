/** The host's side of the WebAssembly module that answers what needs no server. Loaded by itself: it imports nothing else. */
import { ask as enter, __wbg_reset_state as startAnew } from "./midapi_questions.js";

export { initSync, default as start } from "./midapi_questions.js";

let answered;

/** The module's import: see `src/js/questions.rs`. */
export function answer(well, json) {
  answered = { well, value: JSON.parse(json) };
}

/** What the module answers at once: a value, or what an error is made of. */
export function ask(question, input) {
  try {
    enter(question, input);
    return answered;
  } catch (cause) {
    // It panicked: its next instance knows what to say.
    startAnew();
    enter("crash", "");
    return { ...answered, cause };
  }
}
