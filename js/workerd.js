import { initSync } from "./midapi.js";
import module from "./midapi_bg.wasm";
import questionsModule from "./midapi_questions_bg.wasm";
import { midjourney } from "./midjourney.js";
import { initSync as initQuestions } from "./questions.js";

/** Workers get the module compiled; `initSync` returns at once when it has run before. */
export const load = () => initSync({ module });

/** The same for the module that answers questions. */
export const loadQuestions = () => initQuestions({ module: questionsModule });

export const Midjourney = midjourney(load, loadQuestions);
export { isMidjourneyError, MidjourneyError } from "./errors.js";
