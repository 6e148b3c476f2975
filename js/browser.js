import { initSync } from "./midapi.js";
import { midjourney } from "./midjourney.js";
import { initSync as initQuestions } from "./questions.js";

/** Loads the module inside the first call. */
export const load = once(async () => initSync(await fetched(new URL("./midapi_bg.wasm", import.meta.url))));

/** The same for the module that answers questions, which many pages never ask. */
export const loadQuestions = once(async () => initQuestions(await fetched(new URL("./midapi_questions_bg.wasm", import.meta.url))));

/** Does it once, and again at the next call if the network failed. */
function once(load) {
  let loading;
  return () =>
    (loading ??= load().catch((error) => {
      loading = undefined;
      throw error;
    }));
}

async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  // Not while it streams: that needs a server that knows the module's type, and so small a module is compiled at once.
  return { module: await WebAssembly.compile(await response.arrayBuffer()) };
}

export const Midjourney = midjourney(load, loadQuestions);
export { isMidjourneyError, MidjourneyError } from "./errors.js";
