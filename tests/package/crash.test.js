/** A crash of the WebAssembly module, in Node; see `apps.test.js` for the runtimes. The module panics on the word "crash". */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Midjourney } from "../../build/crash/package/node.js";
import * as glue from "../../build/crash/package/midapi.js";
import { IMAGE, envelope, failure, pause, stub } from "./stub.js";

const mj = new Midjourney({ apiKey: "a-key" });

test("a crash rejects every call in flight with what it may have cost, and the next call works", async (t) => {
  const problems = [];
  const note = (problem) => problems.push(problem);
  for (const name of ["uncaughtException", "unhandledRejection"]) {
    process.on(name, note);
    t.after(() => process.off(name, note));
  }
  const printed = t.mock.method(console, "error", () => {});
  for (const [how, crash] of [
    ["synchronously", () => mj.lint("crash")],
    ["in a step of its own", () => mj.status("crash")],
  ]) {
    const late = [];
    stub((_, __, url) => (url.endsWith("=crash") ? new Response("crash") : new Promise((answer) => late.push(answer))));
    const submit = failure(mj.generate(IMAGE));
    const look = failure(mj.status("a"));
    await pause(5);
    const errors = [await failure(crash()), await submit, await look];
    assert.deepEqual(errors.map(({ kind, billed }) => [kind, billed]), [["crashed", "no"], ["crashed", "unknown"], ["crashed", "no"]], how);
    assert.ok(errors[0].cause instanceof WebAssembly.RuntimeError);

    stub(() => envelope({ taskId: "b" }));
    assert.equal((await mj.generate(IMAGE)).taskId, "b", "the next call works");
    for (const answer of late) answer(envelope({ taskId: "late" }));
    await pause(5);
  }
  assert.match(printed.mock.calls[0].arguments[0], /^midapi crashed at src\/js\/crash\.rs:\d+$/);
  assert.deepEqual(problems, []);
});

test("what belongs to the crashed instance says that it is stale", async (t) => {
  t.mock.method(console, "error", () => {});
  stub(() => envelope({ taskId: "b" }));
  await mj.generate(IMAGE);
  const client = new glue.Client('{"apiKey":"a-key"}');
  await failure(mj.lint("crash"));
  assert.throws(() => client.history(), /stale/);

  const batch = mj.batch([IMAGE, IMAGE], { concurrency: 1 });
  stub((_, { method }) => (method === "POST" ? envelope({ taskId: "c" }, { headers: { "Retry-After": "0" } }) : new Response("crash")));
  const seen = [];
  const error = await failure((async () => {
    for await (const item of batch) seen.push(item);
  })());
  assert.equal(error.kind, "crashed");
  assert.equal(JSON.parse(JSON.stringify(batch))[0].taskId, "c", "what was accepted is known");
});
