import { MidjourneyError } from "./errors.js";
import start from "./midapi.js";
import { midjourney } from "./midjourney.js";
import { start as startQuestions } from "./questions.js";

let started;
let questionsStarted;

/** Starts the WebAssembly module from wherever the caller has it. A start that failed may be tried again. */
export async function init(source) {
  started = start({ module_or_path: source });
  await started;
}

/** The same for the module that answers questions: `lint` and `estimate`. */
export async function initQuestions(source) {
  questionsStarted = startQuestions({ module_or_path: source });
  await questionsStarted;
}

export const Midjourney = midjourney(
  () => started ?? refuse("init", "midapi/wasm"),
  () => questionsStarted ?? refuse("initQuestions", "midapi/questions-wasm"),
);
export { isMidjourneyError, MidjourneyError } from "./errors.js";

function refuse(name, module) {
  const message = `call \`${name}\` of "midapi/slim" first, with the module "${module}" or its URL; nothing was sent`;
  throw new MidjourneyError({ kind: "misconfigured", message, billed: "no", retryable: false });
}
