/** Prints what a visitor downloads and what the Worker uploads, and fails above the promised limits. */
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const CLIENT_LIMIT_KB = 60;
const WORKER_LIMIT_KIB = 150;

const brotli = (path) => {
  const bytes = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotliCompressSync(bytes, { params }).length / 1000;
};

const wasm = brotli("build/studio/midapi/midapi_bg.wasm");
const js = brotli("build/studio/midapi/midapi.js");
const client = wasm + js;
console.error(
  `client: ${client.toFixed(1)} KB brotli (wasm ${wasm.toFixed(1)}, glue and entry ${js.toFixed(1)}; limit ${CLIENT_LIMIT_KB})`,
);

const upload = readFileSync("build/worker/upload-size.txt", "utf8");
const worker = Number(/gzip: ([\d.]+) KiB/.exec(upload)?.[1]);
console.error(`worker: ${worker} KiB gzip (limit ${WORKER_LIMIT_KIB})`);

if (!(client <= CLIENT_LIMIT_KB) || !(worker <= WORKER_LIMIT_KIB)) {
  console.error("a size is above its limit");
  process.exit(1);
}
