import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { initSync } from "./midapi.js";
// Imported, for `bun build` to take the file along.
import file from "./midapi_bg.wasm" with { type: "file" };
import { midjourney } from "./midjourney.js";

/** Reads the module from its file inside the first call; later calls of `initSync` return at once. */
export const load = () => initSync({ module: readModule() });

let module;
function readModule() {
  // The path is absolute as installed, and relative to the bundle in one.
  module ??= new WebAssembly.Module(readFileSync(resolve(import.meta.dirname, file)));
  return module;
}

export const Midjourney = midjourney(load);
export { isMidjourneyError, MidjourneyError } from "./errors.js";
