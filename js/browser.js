import { initSync } from "./midapi.js";
import { midjourney } from "./midjourney.js";

let loading;

/** Loads the module inside the first call, and again at the next one if the network failed. */
export function load() {
  loading ??= fetched(new URL("./midapi_bg.wasm", import.meta.url)).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  // Not compiled while it streams: that needs a server that knows the module's type, and 70 KB are compiled in no time.
  initSync({ module: await WebAssembly.compile(await response.arrayBuffer()) });
}

export const Midjourney = midjourney(load);
export { isMidjourneyError, MidjourneyError } from "./errors.js";
