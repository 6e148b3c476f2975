/** Receiving callbacks: every documented shape, and row 20's signatures, against Node's own cryptography. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseCallback, signCallback, verifyCallback } from "../../dist/webhooks.js";
import { failure } from "./stub.js";

const fixture = (name) => readFileSync(new URL(`../core/fixtures/${name}.json`, import.meta.url), "utf8");
const BODY = fixture("documented-callback-success");
const SECRET = "a-secret";
const NOW_S = 1_760_000_000;

/** Signs as the vendor's sister site says it does. */
const sign = (timestamp, secret = SECRET, taskId = "mj_task_12345") =>
  createHmac("sha256", secret).update(`${taskId}.${timestamp}`).digest("base64");
const headers = (timestamp, signature = sign(timestamp)) => ({
  "x-webhook-timestamp": String(timestamp),
  "x-webhook-signature": signature,
});
const verify = (headers, options) =>
  verifyCallback({ headers, body: BODY }, { secret: SECRET, now: NOW_S * 1000, ...options });

test("every documented shape is read", async () => {
  const success = await parseCallback(BODY);
  assert.deepEqual([success.type, success.taskId, success.task.state, success.task.images.length], ["ended", "mj_task_12345", "succeeded", 4]);
  const failed = await parseCallback(JSON.parse(fixture("documented-callback-failure")));
  assert.equal(failed.task.failure.message, "Image generation failed");
  const extension = await parseCallback(new TextEncoder().encode(fixture("documented-callback-extend-failure")));
  assert.equal(extension.task.failure.code, "VIDEO_EXTEND_FAILED");
  assert.deepEqual(await parseCallback({ code: 200, data: { taskId: "a" } }), { type: "acknowledged", taskId: "a" });
  for (const body of ["", "{}", "[]", { code: 200, data: {} }]) assert.equal((await failure(parseCallback(body))).kind, "bad_response");
});

test("row 20: a right signature is right within five minutes, in a Request and in Node's parts", async () => {
  for (const timestamp of [NOW_S, NOW_S - 300, NOW_S + 300]) {
    assert.equal((await verify(headers(timestamp))).taskId, "mj_task_12345");
    const request = new Request("https://receiver.example/", { method: "POST", body: BODY, headers: headers(timestamp) });
    assert.equal((await verifyCallback(request, { secret: SECRET, now: NOW_S * 1000 })).type, "ended");
  }
  assert.equal((await verify(headers(NOW_S - 900), { tolerance: 1000 })).type, "ended");
});

test("row 20: anything else is unverified", async () => {
  const right = sign(NOW_S);
  const doubled = new Headers(headers(NOW_S));
  doubled.append("x-webhook-signature", right);
  for (const [what, wrong] of Object.entries({
    "too old": headers(NOW_S - 301),
    "too new": headers(NOW_S + 301),
    milliseconds: headers(NOW_S * 1000),
    negative: headers(-NOW_S),
    signed: headers(`+${NOW_S}`),
    fraction: headers(`${NOW_S}.0`),
    "no time": { "x-webhook-signature": right },
    "no signature": { "x-webhook-timestamp": String(NOW_S) },
    doubled,
    "doubled, in Node's parts": { ...headers(NOW_S), "x-webhook-timestamp": [String(NOW_S), String(NOW_S)] },
    base64url: headers(NOW_S, right.replaceAll("+", "-").replaceAll("/", "_").replace("=", "")),
    shorter: headers(NOW_S, right.slice(4)),
    "another secret": headers(NOW_S, sign(NOW_S, "another")),
    "another task": headers(NOW_S, sign(NOW_S, SECRET, "mj_task_1")),
    "another time": headers(NOW_S, sign(NOW_S - 1)),
  })) {
    assert.equal((await failure(verify(wrong))).kind, "unverified", what);
  }
});

test("row 20: while a secret is changed both are good", async () => {
  for (const secret of ["old", "new"]) {
    assert.equal((await verify(headers(NOW_S, sign(NOW_S, secret)), { secret: ["new", "old"] })).type, "ended");
  }
  for (const secret of [undefined, "", [], [""]]) assert.equal((await failure(verify(headers(NOW_S), { secret }))).kind, "misconfigured");
});

test("the signer signs what the verifier takes, and what Node computes", async () => {
  const signed = await signCallback(BODY, { secret: SECRET, timestamp: NOW_S });
  assert.equal(signed["X-Webhook-Signature"], sign(NOW_S));
  assert.equal((await verify(new Headers(signed))).type, "ended");
});
