/**
 * Prints what a visitor downloads, and fails where it outgrew its record. The client is all there is: module, glue and entry.
 */
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

/** What is committed may grow by this much before somebody has to write down that it did. */
const TOLERANCE = 1.02;

const brotli = (path) => {
  const bytes = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotliCompressSync(bytes, { params }).length;
};
const kb = (bytes) => (bytes / 1000).toFixed(1);

const recorded = JSON.parse(readFileSync("tools/sizes.json", "utf8"));
const wasm = brotli("build/studio/midapi/midapi_bg.wasm");
const js = brotli("build/studio/midapi/midapi.js");
const client = wasm + js;
console.error(
  `client: ${kb(client)} KB brotli (wasm ${kb(wasm)}, glue and entry ${kb(js)}; recorded in tools/sizes.json: ${kb(recorded.client)})`,
);

if (client > recorded.client * TOLERANCE) {
  console.error("the client is larger than its record allows");
  process.exit(1);
}
