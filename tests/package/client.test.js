/** The built package over a stubbed fetch: what is sent is counted, what is thrown is looked at. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { MidjourneyAPI } from "../../dist/compat.js";
import { Midjourney, MidjourneyError, isMidjourneyError } from "../../dist/node.js";
import { IMAGE, KEY, failure, server, stalled, stub } from "./stub.js";

test("a client without an endpoint calls the vendor, and one with an endpoint calls that", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  await server().generate(IMAGE);
  await server({ endpoint: "http://127.0.0.1:8787/api/v1/mj/" }).generate(IMAGE);
  assert.deepEqual(sent.map(({ url }) => url), [
    "https://api.midapi.ai/api/v1/mj/generate",
    "http://127.0.0.1:8787/api/v1/mj/generate",
  ]);
});

test("invalid settings are refused before anything is sent", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  for (const [options, field] of [
    [undefined, "apiKey"],
    [{ apiKey: undefined }, "apiKey"],
    [{ endpoint: "http://127.0.0.1:99999/x" }, "endpoint"],
    [{ endpoint: "https://exa<mple/x" }, "endpoint"],
    [{ endpoint: "/api/v1/mj" }, "endpoint"],
    [{ endpoint: 7 }, "endpoint"],
    [{ endpoint: "http://example.com", apiKey: KEY }, "endpoint"],
    [{ apiKey: "" }, "apiKey"],
    [{ apiKey: "two\nlines" }, "apiKey"],
    [{ apiKey: "7-of-it" }, "apiKey"],
    [{ apiKey: null }, "apiKey"],
  ]) {
    const error = await failure(new Midjourney(options).generate(IMAGE));
    assert.ok(error instanceof MidjourneyError, inspect(options));
    assert.deepEqual([error.kind, error.field, error.code, error.billed], ["misconfigured", field, undefined, "no"]);
  }
  assert.equal(sent.length, 0);
});

test("invalid arguments are refused before anything is sent", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  const mj = server();
  for (const [call, field] of [
    [() => mj.generate(), "body"],
    [() => mj.generate(null), "body"],
    [() => mj.generate("a cat"), "body"],
    [() => mj.generate({ ...IMAGE, prompt: "x".repeat(2001) }), "prompt"],
    [() => mj.upscale("a", 0), "index"],
    [() => mj.upscale("a", 5), "index"],
    [() => mj.upscale("a", "1"), "index"],
    [() => mj.upscale("a", 1.5), "index"],
    [() => mj.upscale("a"), "index"],
    [() => mj.upscale({}, 1), "taskId"],
    [() => mj.status(), "taskId"],
    [() => mj.status("../credit"), "taskId"],
    [() => mj.wait(7), "taskId"],
    [() => mj.wait("a", { timeout: -1 }), "timeout"],
    [() => mj.wait("a", { timeout: NaN }), "timeout"],
    [() => mj.wait("a", { timeout: 10n }), "timeout"],
    [() => mj.run(IMAGE, { timeout: -1 }), "timeout"],
    [() => mj.run(IMAGE, { timeout: "abc" }), "timeout"],
    [() => mj.run(IMAGE, { onUpdate: "log" }), "onUpdate"],
    [() => mj.run(IMAGE, { signal: new AbortController() }), "signal"],
    [() => mj.generate(IMAGE, { signal: 5 }), "signal"],
    [() => mj.generate(IMAGE, 5), "options"],
    [() => mj.generate(new Proxy({}, { ownKeys: () => assert.fail("a trap") })), "body"],
  ]) {
    const error = await failure(call());
    assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", field, "no"], String(call));
  }
  assert.equal(sent.length, 0);
});

test("an abort ends a call at once, and says what may have been spent", async () => {
  const reason = new Error("closed the tab");
  const aborted = async (call, after = 20) => {
    const controller = new AbortController();
    if (after === 0) controller.abort(reason);
    const outcome = failure(call(controller.signal));
    await new Promise((resolve) => setTimeout(resolve, after));
    const start = performance.now();
    controller.abort(reason);
    const error = await outcome;
    assert.ok(performance.now() - start < 100);
    assert.ok(error instanceof MidjourneyError);
    assert.equal(error.kind, "aborted");
    assert.equal(error.cause, reason, "the same object");
    return error;
  };
  const mj = server();

  let sent = stub(stalled);
  assert.equal((await aborted((signal) => mj.generate(IMAGE, { signal }), 0)).billed, "no");
  assert.equal(sent.length, 0, "nothing is sent after an abort");

  assert.equal((await aborted((signal) => mj.generate(IMAGE, { signal }))).billed, "unknown");
  assert.ok(sent[0].init.signal.aborted, "the request itself is ended");
  assert.equal((await aborted((signal) => mj.status("a", { signal }))).billed, "no");
  const { submit } = await aborted((signal) => server({ endpoint: "https://gateway.example/api/v1/mj" }).generate(IMAGE, { signal, idempotencyKey: "k" }));
  assert.deepEqual(submit, { route: "generate", body: JSON.stringify(IMAGE), idempotencyKey: "k" });
  const unasked = await aborted((signal) => mj.reconcile(submit, { signal }), 0);
  assert.deepEqual([unasked.billed, unasked.submit], ["unknown", submit], "what was unknown before still is");

  sent = stub(() => ({ taskId: "a", successFlag: 0 }));
  const early = await aborted((signal) => mj.wait("a", { signal }), 0);
  assert.deepEqual([early.taskId, early.billed, sent.length], ["a", "yes", 0], "the task is there all the same");
  const between = await aborted((signal) => mj.run(IMAGE, { signal, onUpdate: () => assert.fail("mine") }));
  assert.deepEqual([between.taskId, between.billed, sent.length], ["a", "yes", 1]);
  sent.length = 0;
  const error = await aborted((signal) => mj.wait("a", { signal }));
  assert.deepEqual([error.taskId, error.billed, sent.length], ["a", "yes", 1]);
});

test("an error after acceptance names the task and says that it is billed", async () => {
  const controller = new AbortController();
  const refused = () => Response.json({ code: 401, msg: "no", data: null });
  for (const [look, options, kind] of [
    [refused, {}, "unauthorized"],
    [() => ({ taskId: "a", successFlag: 0 }), { timeout: 10 }, "still_running"],
    [() => new Response("busy", { status: 502 }), { timeout: 10 }, "still_running"],
    [stalled, { signal: controller.signal, onUpdate: () => controller.abort() }, "aborted"],
  ]) {
    const sent = stub((count, init) => (count === 1 ? Response.json({ code: 200, data: { taskId: "a" } }, { headers: { "Retry-After": "0" } }) : look(count, init)));
    const error = await failure(server().run(IMAGE, options));
    assert.deepEqual([error.kind, error.taskId, error.billed], [kind, "a", "yes"]);
    assert.equal(sent.filter(({ method }) => method === "POST").length, 1);
  }
});

test("a wait whose looks all failed says so, with the last reason", async () => {
  stub(() => Promise.reject(new TypeError("refused")));
  const error = await failure(server().wait("a", { timeout: 10 }));
  assert.deepEqual([error.kind, error.billed, error.taskId], ["still_running", "unknown", "a"]);
  assert.match(error.message, /^nobody could look at the task: the server could not be reached/);
});

test("a misconfigured gateway and a failing vendor give different errors", async () => {
  stub(() => Response.json({ code: 503, msg: "misconfigured: the gateway's secret is missing", data: null }, { status: 503 }));
  const gateway = new Midjourney({ endpoint: "https://app.example/api/v1/mj", apiKey: "a-token-of-its" });
  const error = await failure(gateway.generate(IMAGE));
  assert.deepEqual([error.kind, error.billed, error.code], ["misconfigured", "no", 503]);
  // The vendor has no such words: whatever it says of itself proves nothing about the bill.
  const vendors = await failure(server().generate(IMAGE));
  assert.deepEqual([vendors.kind, vendors.billed], ["server_error", "unknown"]);
});

test("null as options is the same as none", async () => {
  stub(() => ({ taskId: "a" }));
  assert.equal((await server().generate(IMAGE, null)).taskId, "a");
});

test("a wait that times out ends in still_running with the task's id, not as a failure", async () => {
  const sent = stub(() => ({ taskId: "a", successFlag: 0 }));
  const error = await failure(server().wait("a", { timeout: 300 }));
  assert.deepEqual([error.kind, error.taskId, error.billed, sent.length], ["still_running", "a", "yes", 1]);
});

test("an exception in `onUpdate` loses no task", async () => {
  stub(() => ({ taskId: "a", successFlag: 1, resultInfoJson: { resultUrls: [{ resultUrl: "https://example.com/1.jpg" }] } }));
  const onUpdate = () => {
    throw new Error("mine");
  };
  assert.equal((await server().wait("a", { onUpdate })).images.length, 1);
});

test("an error that fetch threw is the `cause`, as the same object", async () => {
  const thrown = new TypeError("fetch failed");
  stub(() => Promise.reject(thrown));
  const error = await failure(server().generate(IMAGE));
  assert.deepEqual([error.kind, error.billed, error.retryable], ["network", "unknown", false]);
  assert.equal(error.cause, thrown);
});

test("row 1: no error, log or inspection shows the key", async () => {
  const quoting = (code) => () => Response.json({ code, msg: `bad key ${KEY}`, data: null });
  const failed = { taskId: "a", successFlag: 3, errorMessage: `Authorization: Bearer ${KEY}` };
  const mj = server();
  const seen = [inspect(mj, { depth: 9, showHidden: true }), JSON.stringify(mj), String(mj)];
  for (const answer of [quoting(401), quoting(500), () => failed, () => new Response(KEY, { status: 502 })]) {
    stub(answer);
    for (const call of [() => mj.generate(IMAGE), () => mj.wait("a", { timeout: 0 }), () => mj.upscale("a", 1)]) {
      // A submit takes the failed record for an acceptance; its task is looked at like the errors.
      const outcome = await call().catch((error) => error);
      seen.push(inspect(outcome, { depth: 9, showHidden: true }), JSON.stringify(outcome), outcome.stack, String(outcome));
    }
  }
  assert.equal(seen.filter((text) => text?.includes("MidjourneyError")).length > 20, true);
  for (const text of seen) assert.ok(!text?.includes(KEY), text);
});

test("in a page the quick start's class rejects for a key, whichever method is called", async (t) => {
  globalThis.document = {};
  t.after(() => delete globalThis.document);
  const api = new MidjourneyAPI(KEY);
  for (const call of [() => api.generateImage(IMAGE), () => api.waitForCompletion("a"), () => api.getTaskStatus("a"), () => api.upscaleImage("a", 1)]) {
    assert.deepEqual([(await failure(call())).kind], ["misconfigured"], String(call));
  }
});

test("an error of another copy of the package is recognised by its shape", () => {
  const foreign = Object.assign(new Error("x"), { name: "MidjourneyError", kind: "network" });
  assert.ok(isMidjourneyError(foreign));
  for (const other of [new Error("x"), { name: "MidjourneyError", kind: "network" }, null, "x"]) {
    assert.ok(!isMidjourneyError(other));
  }
});
