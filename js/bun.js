import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { initSync } from "./midapi.js";
// Imported, for `bun build` to take the files along.
import file from "./midapi_bg.wasm" with { type: "file" };
import questionsFile from "./midapi_questions_bg.wasm" with { type: "file" };
import { midjourney } from "./midjourney.js";
import { initSync as initQuestions } from "./questions.js";

/** Reads the module from its file inside the first call; later calls of `initSync` return at once. */
export const load = () => initSync({ module: module() });

/** The same for the module that answers questions. */
export const loadQuestions = () => initQuestions({ module: questionsModule() });

const module = fromFile(file);
const questionsModule = fromFile(questionsFile);

function fromFile(file) {
  let module;
  // The path is absolute as installed, and relative to the bundle in one.
  return () => (module ??= new WebAssembly.Module(readFileSync(resolve(import.meta.dirname, file))));
}

export const Midjourney = midjourney(load, loadQuestions);
export { isMidjourneyError, MidjourneyError } from "./errors.js";
