import { initSync } from "./midapi.js";
// Compiled by Deno itself: a file that is read would need a permission.
import source module from "./midapi_bg.wasm";
import { midjourney } from "./midjourney.js";

/** Deno gives the module compiled; `initSync` returns at once when it has run before. */
export const load = () => initSync({ module });

export const Midjourney = midjourney(load);
export { isMidjourneyError, MidjourneyError } from "./errors.js";
