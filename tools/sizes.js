/**
 * Prints what a visitor downloads and what the Worker uploads, and fails above the recorded client or the promised limit.
 * The client is all there is: module, glue and entry.
 */
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const WORKER_LIMIT_KIB = 250;
const CLIENT_LIMIT = 80_000;
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
  `client: ${kb(client)} KB brotli (wasm ${kb(wasm)}, glue and entry ${kb(js)}; recorded in tools/sizes.json: ${kb(recorded.client)}; at most ${kb(CLIENT_LIMIT)})`,
);

const upload = readFileSync("build/worker/upload-size.txt", "utf8");
const worker = Number(/gzip: ([\d.]+) KiB/.exec(upload)?.[1]);
console.error(`worker: ${worker} KiB gzip (at most ${WORKER_LIMIT_KIB})`);

if (client > Math.min(recorded.client * TOLERANCE, CLIENT_LIMIT) || !(worker <= WORKER_LIMIT_KIB)) {
  console.error("a size is above its limit");
  process.exit(1);
}
