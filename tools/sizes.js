/**
 * Prints what a visitor downloads and what the Worker uploads, and fails above the recorded client or the promised limit.
 * The client is what every call needs; the module that answers questions comes when the first is asked.
 */
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const WORKER_LIMIT_KIB = 150;
/** Issue 3's. */
const CLIENT_LIMIT = 30_000;
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
const questions = brotli("build/studio/midapi/midapi_questions_bg.wasm");
console.error(`questions: ${kb(questions)} KB brotli more, at the first (recorded: ${kb(recorded.questions)})`);
console.error(
  `client: ${kb(client)} KB brotli (wasm ${kb(wasm)}, glue and entry ${kb(js)}; recorded in tools/sizes.json: ${kb(recorded.client)})`,
);

const upload = readFileSync("build/worker/upload-size.txt", "utf8");
const worker = Number(/gzip: ([\d.]+) KiB/.exec(upload)?.[1]);
console.error(`worker: ${worker} KiB gzip (limit ${WORKER_LIMIT_KIB})`);

const fits = client <= Math.min(recorded.client * TOLERANCE, CLIENT_LIMIT) && questions <= recorded.questions * TOLERANCE;
if (!fits || !(worker <= WORKER_LIMIT_KIB)) {
  console.error("a size is above its limit");
  process.exit(1);
}
