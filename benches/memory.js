/**
 * A long life: many times submit and look once, in one instance. The quick start's class does the same in a process of its
 * own, as Node's heap isn't still either. To be run with `--expose-gc`.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import wasm from "../dist/midapi.js";
import { Midjourney, load } from "../dist/node.js";
import { Bare } from "./bare.js";
import { request, say, stub, table } from "./stub.js";

const CALLS = 100_000;
const EVERY = 5_000;
/** No object of V8's is as small: with a leak of one a call the heap would grow by more. */
const LEAK_BYTES = 8;

const CONTENDERS = {
  midapi() {
    const mj = new Midjourney({ apiKey: "a-key-of-the-bench" });
    return async () => mj.status(await mj.generate(request));
  },
  "midapi, with a signal"() {
    const mj = new Midjourney({ apiKey: "a-key-of-the-bench" });
    const { signal } = new AbortController();
    return async () => mj.status(await mj.generate(request, { signal }), { signal });
  },
  "the quick start's class"() {
    const bare = new Bare("a-key-of-the-bench");
    return async () => bare.getTaskStatus(await bare.generateImage(request));
  },
};

const [, , contender] = process.argv;
if (contender) {
  console.log(JSON.stringify(await sampled(contender)));
} else {
  report();
}

async function sampled(name) {
  globalThis.fetch = stub;
  await load();
  // The same module, once more: its exports are those that are in use.
  const { memory } = await wasm();
  const run = CONTENDERS[name]();
  const samples = [];
  for (let call = 1; call <= CALLS; call++) {
    await run();
    if (call % EVERY !== 0) continue;
    // What is finalised in one collection is freed in the next.
    for (let round = 0; round < 3; round++) {
      gc();
      await new Promise(setImmediate);
    }
    const sample = { wasm: memory.buffer.byteLength, heap: process.memoryUsage().heapUsed };
    samples.push(sample);
    say(`memory, ${name}: after ${call} of ${CALLS}: ${kib(sample.wasm)} KiB of wasm, ${mb(sample.heap)} MB of heap`);
  }
  return samples;
}

function report() {
  const rows = [];
  let flat = true;
  for (const name of Object.keys(CONTENDERS)) {
    const options = ["--expose-gc", fileURLToPath(import.meta.url), name];
    const samples = JSON.parse(execFileSync(process.execPath, options, { stdio: ["ignore", "pipe", "inherit"] }));
    const row = (what, unit, values) => {
      const [first, ...later] = values;
      const perCall = (values.at(-1) - first) / (CALLS - EVERY);
      const figures = [first, Math.min(...later), Math.max(...later), values.at(-1)].map(unit);
      rows.push([`${name}: ${what}`, ...figures, perCall.toFixed(1)]);
      return perCall;
    };
    const heap = row("JavaScript heap, MB", mb, samples.map(({ heap }) => heap));
    if (!name.startsWith("midapi")) continue;
    const wasm = row("WebAssembly memory, KiB", kib, samples.map(({ wasm }) => wasm));
    flat &&= wasm === 0 && heap < LEAK_BYTES;
  }
  const verdict = flat ? "Flat" : "**Not flat**";
  console.log(`## Memory: ${CALLS} times submit and look once, in one instance

${verdict}. Flat means: after the first ${EVERY} the WebAssembly memory doesn't grow at all, and the heap by less than \
${LEAK_BYTES} bytes a call, which is less than a leak of one object a call. Sampled every ${EVERY}, after garbage was collected.
`);
  table(["", `after ${EVERY}`, "least later", "most later", `after ${CALLS}`, "bytes a call"], rows);
}

function kib(bytes) {
  return (bytes / 1024).toFixed(0);
}

function mb(bytes) {
  return (bytes / 1e6).toFixed(2);
}
