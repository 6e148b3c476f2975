import { readFileSync } from "node:fs";
import { initSync } from "./midapi.js";
import { midjourney } from "./midjourney.js";

/** Reads the module from its file inside the first call; later calls of `initSync` return at once. */
export const load = () => initSync({ module: readModule() });

let module;
function readModule() {
  module ??= new WebAssembly.Module(readFileSync(new URL("./midapi_bg.wasm", import.meta.url)));
  return module;
}

export const Midjourney = midjourney(load);
export { isMidjourneyError, MidjourneyError } from "./errors.js";
