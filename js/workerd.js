import { initSync } from "./midapi.js";
import module from "./midapi_bg.wasm";
import { midjourney } from "./midjourney.js";

/** Workers get the module compiled; `initSync` returns at once when it has run before. */
export const load = () => initSync({ module });

export const Midjourney = midjourney(load);
export { isMidjourneyError, MidjourneyError } from "./errors.js";
