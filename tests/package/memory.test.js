/** A long life: 20,000 times generate and status in one instance leave no memory behind. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import module from "../../dist/midapi.js";
import { IMAGE, server, stub } from "./stub.js";

const RECORD = readFileSync(new URL("../core/fixtures/real-record-success-txt2img.json", import.meta.url), "utf8");
for (const [what, signal] of [["calls", undefined], ["calls with a signal", new AbortController().signal]]) {
  test(`memory is flat after the first 5,000 of 20,000 ${what}`, (t) => isFlat(t, signal));
}

async function isFlat(t, signal) {
  stub((_, { method }) => (method === "POST" ? { taskId: JSON.parse(RECORD).data.taskId } : new Response(RECORD)));
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  const { memory } = await module();
  const mj = server();
  const samples = [];
  for (let round = 0; round < 4; round++) {
    for (let call = 0; call < 5_000; call++) {
      await mj.status(await mj.generate(IMAGE, { signal }), { signal });
      // The list of what was sent is the test's own.
      if (call % 1_000 === 0) stub((_, { method }) => (method === "POST" ? { taskId: JSON.parse(RECORD).data.taskId } : new Response(RECORD)));
    }
    collect();
    samples.push({ wasm: memory.buffer.byteLength, heap: process.memoryUsage().heapUsed });
    t.diagnostic(`after ${(round + 1) * 5_000}: ${(samples[round].wasm / 1024).toFixed()} KiB of wasm, ${(samples[round].heap / 1e6).toFixed(1)} MB of heap`);
  }
  const [first] = samples;
  for (const { wasm, heap } of samples) {
    assert.equal(wasm, first.wasm);
    assert.ok(heap < first.heap * 1.2, `${heap} bytes of heap, ${first.heap} at first`);
  }
}
