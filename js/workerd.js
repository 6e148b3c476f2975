import { midjourney } from "./client.js";
import { loader } from "./loader.js";
// Workers get the module compiled, and may compile none themselves.
import module from "./midapi_bg.wasm";

export const { init, load } = loader(() => module);

export const Midjourney = midjourney(load);
export * from "./exports.js";
