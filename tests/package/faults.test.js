/** Rows 31 to 34 of the threat table, through the package and over real connections. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { IMAGE, envelope, failure, reset, running, server, shortMinute, stub, succeeded, vendor } from "./stub.js";

const TASK = { taskId: "a" };

for (const [what, answer] of [
  ["resets the connection", reset],
  ["answers half", (_, response) => void response.writeHead(200, { "Content-Length": 100 }).write("{", () => response.socket.resetAndDestroy())],
  ["answers 502 after accepting", () => new Response("bad gateway", { status: 502 })],
  ["answers with a web page", () => new Response("<!doctype html>", { status: 200 })],
  ["answers with an error code", () => envelope(null, { code: 500, msg: "internal" })],
  ["answers without a task", () => envelope(null)],
  ["answers with a redirect", () => new Response(null, { status: 302, headers: { Location: "http://127.0.0.1:1/" } })],
  ["stalls", () => {}],
]) {
  test(`row 31: a server that ${what} gets one submit, and nobody knows whether it is billed`, async (t) => {
    const { api, submits } = await lines(t, answer);
    if (what === "stalls") shortMinute(t);
    const error = await failure(server({ endpoint: api }).generate(IMAGE));
    assert.deepEqual([submits().length, error.billed, error.retryable], [1, "unknown", false], error.message);
    assert.equal(error.submit.route, "generate");
    assert.equal(submits()[0].headers["idempotency-key"], error.submit.idempotencyKey);
  });
}

async function lines(t, answer) {
  const upstream = await vendor(t, answer);
  return { api: upstream.api, submits: () => upstream.submits, reads: () => upstream.reads };
}

test("row 31: a port nobody listens on costs nothing, and is tried three times", async () => {
  const free = createServer().listen(0, "127.0.0.1");
  await new Promise((ready) => free.once("listening", ready));
  const { port } = free.address();
  await new Promise((closed) => free.close(closed));
  let tries = 0;
  const real = globalThis.fetch;
  globalThis.fetch = (...request) => (tries++, real(...request));
  const error = await failure(server({ endpoint: `http://127.0.0.1:${port}/api/v1/mj` }).generate(IMAGE));
  assert.deepEqual([error.kind, error.billed, error.retryable, tries], ["network", "no", true, 3]);
  assert.match(error.message, /nothing was sent/);
});

test("row 31: a gateway that honours keys tells which task a lost submit created, and creates one", async (t) => {
  const created = new Map();
  let lose = true;
  const { api } = await vendor(t, (request, response) => {
    if (request.url === "/api/v1/health") return { idempotencyKeys: true };
    const key = request.headers["idempotency-key"];
    if (!created.has(key)) created.set(key, `task-${created.size + 1}`);
    if (lose) return reset(request, response);
    return { taskId: created.get(key) };
  });
  const mj = server({ endpoint: api });
  const error = await failure(mj.generate(IMAGE));
  lose = false;
  assert.equal((await mj.reconcile(error)).taskId, "task-1");
  assert.equal((await mj.reconcile(JSON.parse(JSON.stringify(error.submit)))).taskId, "task-1");
  assert.equal(created.size, 1);
});

test("row 31: a server that says nothing of keys is not asked a second time", async (t) => {
  const upstream = await vendor(t, ({ method }, response) => (method === "POST" ? reset(null, response) : new Response("{}", { status: 404 })));
  const mj = server({ endpoint: upstream.api });
  const error = await failure(mj.reconcile(await failure(mj.generate(IMAGE))));
  assert.deepEqual([error.kind, error.billed, upstream.submits.length], ["misconfigured", "unknown", 1]);
});

test("row 32: in a storm of 429 a read is sent three times at the most, and retries are few", async (t) => {
  const sent = stub(() => envelope(null, { code: 429, msg: "slow down", headers: { "Retry-After": "0" } }));
  const mj = server();
  for (let call = 0; call < 200; call++) {
    const before = sent.length;
    assert.equal((await failure(mj.status("a"))).kind, "rate_limited");
    assert.ok(sent.length - before <= 3);
  }
  assert.ok(sent.length <= 240, `${sent.length} requests for 200 calls`);
});

for (const [header, least] of [["1", 1000], [new Date(Date.now() + 3_600_000).toUTCString(), undefined], ["1000000000", undefined], ["junk", 0], ["-1", 0]]) {
  test(`row 32: Retry-After: ${header.length > 12 ? "a date in an hour" : header} ${least === undefined ? "is the caller's to wait" : `is waited for ${least} ms by a real clock`}`, async (t) => {
    const upstream = await vendor(t, () =>
      upstream.reads.length === 1 ? new Response("", { status: 429, headers: { "Retry-After": header } }) : succeeded(),
    );
    const look = server({ endpoint: upstream.api }).status("a");
    if (least === undefined) {
      const error = await failure(look);
      assert.equal(error.kind, "rate_limited");
      assert.ok(error.retryAfter > 3000 && upstream.reads.length === 1);
      return;
    }
    assert.equal((await look).state, "succeeded");
    const [first, second] = upstream.reads;
    assert.ok(second.at - first.at >= least, `${second.at - first.at} ms`);
  });
}

test("row 32: out of credits says so at once, and is not sent again", async () => {
  const sent = stub(() => envelope(null, { code: 402, msg: "The credits are insufficient" }));
  const error = await failure(server().generate(IMAGE));
  assert.deepEqual([error.kind, error.billed, error.retryable, sent.length], ["insufficient_credits", "no", false, 1]);
});

test("row 33: whatever comes back is a typed error or a tolerant reading, and never a success with no image", async () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const record = (others) => JSON.stringify({ code: 200, data: { taskId: "a", ...others } });
  const urls = { resultUrls: [{ resultUrl: "https://example.com/1.jpg" }] };
  for (const [body, outcome] of [
    ["<html>", "bad_response"],
    ["", "bad_response"],
    ["null", "bad_response"],
    [`{"code":200,"data":${deep}}`, "bad_response"],
    [`{"code":200,"data":null}`, "bad_response"],
    [`{"code":200,"data":7}`, "bad_response"],
    [`{"code":200,"msg":"${"x".repeat(5_000_000)}","data":null}`, "bad_response"],
    [`{"code":"422","msg":"The record does not exist"}`, "not_found"],
    [record({ successFlag: "1", resultInfoJson: JSON.stringify(urls) }), "succeeded"],
    [record({ successFlag: 1, resultInfoJson: urls, errorCode: "0", surprise: [1] }), "succeeded"],
    [record({ successFlag: 1 }), "running"],
    [record({ successFlag: 1, resultInfoJson: { resultUrls: ["javascript:alert(1)"] } }), "running"],
    [record({ successFlag: 9 }), "running"],
    [record({ successFlag: 3 }), "failed"],
  ]) {
    stub(() => new Response(body));
    const task = await server().status("a").catch((error) => ({ state: error.kind }));
    assert.equal(task.state, outcome, body.slice(0, 80));
  }
});

test("row 34: a task that never ends is no failure, one that flips back is still adopted, one that vanishes is not found", async () => {
  const flags = [0, 1, 0, 1];
  stub((count) => (flags[count - 1] === 1 && count > 3 ? succeeded() : { ...running(), successFlag: flags[count - 1] ?? 0 }));
  const mj = server();
  const error = await failure(mj.wait("a", { timeout: 10 }));
  assert.deepEqual([error.kind, error.taskId, error.billed], ["still_running", "a", "yes"]);
  for (const state of ["running", "running", "succeeded"]) assert.equal((await mj.status("a")).state, state);
  stub(() => envelope(null, { code: 422, msg: "The record does not exist" }));
  assert.equal((await failure(mj.wait("a"))).kind, "not_found");
});
