import { readFileSync } from "node:fs";
import { midjourney } from "./client.js";
import { loader } from "./loader.js";

/** Read from its file: Node's `fetch` takes no such URL. */
export const { init, load } = loader(() => readFileSync(new URL("./midapi_bg.wasm", import.meta.url)));

export const Midjourney = midjourney(load);
export { isMidjourneyError, MidjourneyError } from "./errors.js";
