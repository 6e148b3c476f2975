import { MidjourneyError } from "./errors.js";
import start from "./midapi.js";
import { midjourney } from "./midjourney.js";
import { start as startQuestions } from "./questions.js";

const [init, load] = starting(start, "init", "midapi/wasm");
const [initQuestions, loadQuestions] = starting(startQuestions, "initQuestions", "midapi/questions-wasm");

export const Midjourney = midjourney(load, loadQuestions);
export { init, initQuestions };
export { isMidjourneyError, MidjourneyError } from "./errors.js";

/**
 * What starts a WebAssembly module from wherever the caller has it, and what waits for that. A start that failed is as
 * none: it may be tried again, and must be.
 */
function starting(start, name, module) {
  let started;
  const init = async (source) => {
    const mine = (started = (async () => start({ module_or_path: await source }))());
    try {
      await mine;
    } catch (error) {
      if (started === mine) started = undefined;
      throw error;
    }
  };
  const load = () => {
    if (started) return started;
    const message = `call \`${name}\` of "midapi/slim" first, with the module "${module}" or its URL; nothing was sent`;
    throw new MidjourneyError({ kind: "misconfigured", message, billed: "no", retryable: false });
  };
  return [init, load];
}
