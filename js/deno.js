import { initSync } from "./midapi.js";
// Compiled by Deno itself: a file that is read would need a permission.
import source module from "./midapi_bg.wasm";
import source questionsModule from "./midapi_questions_bg.wasm";
import { midjourney } from "./midjourney.js";
import { initSync as initQuestions } from "./questions.js";

/** Deno gives the module compiled; `initSync` returns at once when it has run before. */
export const load = () => initSync({ module });

/** The same for the module that answers questions. */
export const loadQuestions = () => initQuestions({ module: questionsModule });

export const Midjourney = midjourney(load, loadQuestions);
export { isMidjourneyError, MidjourneyError } from "./errors.js";
