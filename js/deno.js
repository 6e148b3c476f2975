import { midjourney } from "./client.js";
import { loader } from "./loader.js";
// Compiled by Deno itself: a file that is read would need a permission.
import source module from "./midapi_bg.wasm";

export const { init, load } = loader(() => module);

export const Midjourney = midjourney(load);
export * from "./exports.js";
