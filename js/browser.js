import init from "./midapi.js";
import { midjourney } from "./midjourney.js";

let loading;

/** Loads the module inside the first call, and again at the next one if the network failed. */
export function load() {
  loading ??= init({ module_or_path: new URL("./midapi_bg.wasm", import.meta.url) }).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

export const Midjourney = midjourney(load);
export { isMidjourneyError, MidjourneyError } from "./errors.js";
