import { brotliDecompressSync } from "node:zlib";
import { midjourney } from "./client.js";
import { loader } from "./loader.js";
// As text, and not from its file: a bundler that takes this entry along takes the module along.
import text from "./midapi_bg.js";

export const { init, load } = loader(() => brotliDecompressSync(Buffer.from(text, "base64")));

export const Midjourney = midjourney(load);
export * from "./exports.js";
