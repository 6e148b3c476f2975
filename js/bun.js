import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { midjourney } from "./client.js";
import { loader } from "./loader.js";
// Imported, for `bun build` to take the file along.
import file from "./midapi_bg.wasm" with { type: "file" };

/** The path is absolute as installed, and relative to the bundle in one. */
export const { init, load } = loader(() => readFileSync(resolve(import.meta.dirname, file)));

export const Midjourney = midjourney(load);
export * from "./exports.js";
