/** The host's side of the WebAssembly module that answers what needs no server. */
import { MidjourneyError } from "./errors.js";
import { ask as enter, __wbg_reset_state as startAnew } from "./midapi_questions.js";

export { initSync, default as start } from "./midapi_questions.js";

let answered;

/** The module's import: see `src/js/questions.rs`. */
export function answer(well, json) {
  answered = { well, value: JSON.parse(json) };
}

/** What the module answers at once. */
export function ask(question, input) {
  let cause;
  try {
    enter(question, input);
  } catch (panic) {
    cause = panic;
    startAnew();
    enter("crash", "");
  }
  const { well, value } = answered;
  if (well) return value;
  throw new MidjourneyError({ ...value, cause });
}
