import { midjourney } from "./client.js";
import { loader } from "./loader.js";
// In the edge runtime of Next.js and Vercel the module comes compiled, and from no address that `fetch` knows.
import module from "./midapi_bg.wasm?module";

export const { init, load } = loader(() => module);

export const Midjourney = midjourney(load);
export * from "./exports.js";
