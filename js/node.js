import { readFileSync } from "node:fs";
import { initSync } from "./midapi.js";
import { midjourney } from "./midjourney.js";
import { initSync as initQuestions } from "./questions.js";

/** Reads the module from its file inside the first call; later calls of `initSync` return at once. */
export const load = () => initSync({ module: module() });

/** The same for the module that answers questions. */
export const loadQuestions = () => initQuestions({ module: questionsModule() });

const module = fromFile(new URL("./midapi_bg.wasm", import.meta.url));
const questionsModule = fromFile(new URL("./midapi_questions_bg.wasm", import.meta.url));

function fromFile(url) {
  let module;
  return () => (module ??= new WebAssembly.Module(readFileSync(url)));
}

export const Midjourney = midjourney(load, loadQuestions);
export { isMidjourneyError, MidjourneyError } from "./errors.js";
