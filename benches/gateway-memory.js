/** A long life of the gateway: many times the status route in one instance, from a live job and asking the vendor. */
import autocannon from "autocannon";
import { inspect } from "../tests/support/inspector.js";
import { freePort } from "../tools/platform.js";
import { CONNECTIONS, gatewayOf, inTurn, startVendor, submitted } from "./status-route.js";
import { say, table } from "./stub.js";

const REQUESTS = 100_000;
const EVERY = 10_000;
/** No object of V8's is as small: with a leak of one a request the heap would grow by more. */
const LEAK_BYTES = 8;

const vendor = await startVendor();
const inspectorPort = await freePort();
const gateway = await gatewayOf(vendor, { inspectorPort });
const jobs = await submitted("gateway memory", gateway.url, { taskType: "mj_txt2img", prompt: "a" }, 960);
const inspector = await inspect(inspectorPort);

let flat = true;
const rows = [];
for (const [name, pace, paths] of [["from a live job", 600, jobs.slice(0, CONNECTIONS)], ["asking the vendor", 0, jobs]]) {
  vendor.pace = pace;
  const samples = [];
  while (samples.length < REQUESTS / EVERY) {
    const load = { url: gateway.url, connections: CONNECTIONS, amount: EVERY, setupClient: inTurn(paths) };
    const { non2xx, errors } = await autocannon(load);
    if (non2xx || errors) throw new Error(`${name}: ${non2xx} refusals, ${errors} errors`);
    const sample = await inspector.memory();
    samples.push(sample);
    say(`gateway memory, ${name}: after ${samples.length * EVERY} of ${REQUESTS}: ${kib(sample.webAssembly)} KiB of wasm`);
  }
  const growth = (what, unit, values) => {
    const [first, ...later] = values;
    const perRequest = (values.at(-1) - first) / (REQUESTS - EVERY);
    const figures = [first, Math.min(...later), Math.max(...later), values.at(-1)].map(unit);
    rows.push([`${name}: ${what}`, ...figures, perRequest.toFixed(1)]);
    return perRequest;
  };
  const wasm = growth("WebAssembly memory, KiB", kib, samples.map(({ webAssembly }) => webAssembly));
  const heap = growth("JavaScript heap, MB", mb, samples.map(({ heap }) => heap));
  flat &&= wasm === 0 && heap < LEAK_BYTES;
}
inspector.close();
await gateway.stop();
vendor.stop();

console.log(`## Memory of the gateway: ${REQUESTS} status requests each way, in one instance

${flat ? "Flat" : "**Not flat**"}. Flat means: after the first ${EVERY} the WebAssembly memory doesn't grow at all, and the heap by less than \
${LEAK_BYTES} bytes a request. Sampled every ${EVERY}, after garbage was collected.
`);
table(["", `after ${EVERY}`, "least later", "most later", `after ${REQUESTS}`, "bytes a request"], rows);

function kib(bytes) {
  return (bytes / 1024).toFixed(0);
}

function mb(bytes) {
  return (bytes / 1e6).toFixed(2);
}
