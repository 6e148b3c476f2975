/** Callbacks, as a receiver of the vendor's gets them; signatures are held against node:crypto's. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, IncomingMessage } from "node:http";
import { test } from "node:test";
import { inspect } from "node:util";
import { MidjourneyError } from "../../dist/node.js";
import { parseCallback, signCallback, verifyCallback } from "../../dist/webhooks.js";
import { failure, running, server, stub } from "./stub.js";

const fixture = (name) => readFileSync(new URL(`../core/fixtures/${name}.json`, import.meta.url), "utf8");
const SECRET = "whsec-CANARY-5b1e";
const SUCCESS = fixture("documented-callback-success");
const NOW = 1_800_000_000;

/** The signature by someone else's code. */
const hmac = (taskId, timestamp, secret = SECRET) => createHmac("sha256", secret).update(`${taskId}.${timestamp}`).digest("base64");

/** A signed callback as Node's server has it; what is given overrides. */
function signed({ body = SUCCESS, taskId = "mj_task_12345", timestamp = NOW, signature, headers } = {}) {
  signature ??= hmac(taskId, timestamp);
  return { headers: headers ?? { "x-webhook-timestamp": String(timestamp), "x-webhook-signature": signature }, body };
}

const verify = (request, options) => verifyCallback(request, { secret: SECRET, now: NOW * 1000, ...options });

/** The refusal of a request, its message without what people need not read twice. */
async function refused(request, options) {
  const error = await failure(verify(request, options));
  assert.ok(error instanceof MidjourneyError, inspect(error));
  assert.deepEqual([error.kind, error.billed, error.retryable], ["unverified", "no", false], inspect(error));
  assert.ok(!inspect(error, { showHidden: true, depth: 9 }).includes(SECRET));
  return error.message;
}

test("every documented callback is read, and fields that it lacks are left out", async () => {
  const task = { images: [], videos: [] };
  const files = [1, 2, 3, 4].map((index) => ({ taskId: "mj_task_12345", index, url: `https://example.com/mj_result${index}.png` }));
  for (const [name, expected] of [
    ["documented-callback-success", { ...task, taskId: "mj_task_12345", state: "succeeded", images: files }],
    ["documented-callback-failure", { ...task, taskId: "mj_task_12345", state: "failed", failure: { message: "Image generation failed" } }],
    [
      "documented-callback-extend-failure",
      {
        ...task,
        taskId: "mj_task_12345",
        state: "failed",
        failure: { code: "VIDEO_EXTEND_FAILED", message: "Failed to extend video due to processing error" },
      },
    ],
  ]) {
    const body = fixture(name);
    const callback = { type: "ended", taskId: expected.taskId, task: expected };
    for (const form of [body, Buffer.from(body), new TextEncoder().encode(body), JSON.parse(body)]) {
      assert.deepEqual(await parseCallback(form), callback, name);
    }
    assert.deepEqual(await verify(signed({ body })), callback, name);
  }
});

test("a callback in the shape of a record is read, and so is the acknowledgement of a submit", async () => {
  for (const [name, state] of [
    ["real-record-success-txt2img", "succeeded"],
    ["real-record-success-omni", "succeeded"],
    ["documented-record-iso-times", "succeeded"],
    ["inferred-record-result-as-string", "succeeded"],
    ["inferred-record-failed", "failed"],
  ]) {
    const { type, taskId, task } = await parseCallback(fixture(name));
    assert.deepEqual([type, task.state, taskId === task.taskId], ["ended", state, true], name);
  }
  // Neither says that anything has ended.
  for (const name of ["real-generate-accepted", "inferred-record-generating"]) {
    const acknowledged = fixture(name);
    assert.deepEqual(await parseCallback(acknowledged), {
      type: "acknowledged",
      taskId: JSON.parse(acknowledged).data.taskId,
    });
  }
});

test("a body that isn't a callback is refused as a bad_response", async () => {
  const cyclic = {};
  cyclic.self = cyclic;
  let deep = {};
  for (let level = 0; level < 50_000; level++) deep = { deep };
  for (const body of [
    "", " ", "null", "7", '"x"', "[]", "{}", "{", "<html>", "\u0000",
    '{"code":200}', '{"code":200,"data":null}', '{"code":200,"data":[]}', '{"code":200,"data":{}}', '{"data":{"taskId":"a"}}',
    '{"code":"x","data":{"taskId":"a"}}', fixture("documented-unauthorized"), fixture("real-record-unknown-task"), fixture("real-credit"),
    '{"code":200,"data":'.padEnd(200_000, "["), "x".repeat(5e6), Buffer.from([0xff, 0xfe]),
    undefined, null, 7, [], {}, new Uint8Array(), cyclic, deep, { code: 200n }, () => {}, Symbol("x"),
  ]) {
    const error = await failure(parseCallback(body));
    const what = typeof body === "string" ? body.slice(0, 40) : inspect(body, { depth: 1 });
    assert.ok(error instanceof MidjourneyError, `${what}: ${inspect(error)}`);
    assert.deepEqual([error.kind, error.billed], ["bad_response", "no"], what);
  }
});

test("row 40: markup in a callback stays text, and only http(s) links without user info become results", async () => {
  const markup = "<img src=x onerror=alert(1)>";
  const failed = { code: 500, msg: markup, data: { taskId: "a", successFlag: 3, errorMessage: markup, errorCode: markup } };
  assert.deepEqual((await parseCallback(failed)).task.failure, { code: markup, message: markup });
  const urls = ["javascript:alert(1)", "data:text/html,x", "//evil", "https://a@evil.example/", "https://example.com/1.png"];
  const { task } = await parseCallback({ code: 200, data: { taskId: "a", resultUrls: urls } });
  assert.deepEqual(task.images.map(({ url }) => url), ["https://example.com/1.png"]);
});

test("row 20: a signature is valid for 300 seconds either way, or for the given tolerance", async () => {
  for (const [seconds, tolerance, good] of [
    [0, undefined, true],
    [-300, undefined, true],
    [300, undefined, true],
    [-301, undefined, false],
    [301, undefined, false],
    [0, 0, true],
    [1, 0, false],
    [-1, 0, false],
    [3600, 3600, true],
    [3601, 3600, false],
  ]) {
    const request = signed({ timestamp: NOW + seconds });
    if (good) assert.equal((await verify(request, { tolerance })).taskId, "mj_task_12345");
    else assert.match(await refused(request, { tolerance }), /^X-Webhook-Timestamp: is too far from now/, String(seconds));
  }
  for (const tolerance of [-5, NaN, Infinity, 1.5, "300"]) {
    const { kind, message } = await failure(verify(signed({ timestamp: NOW }), { tolerance }));
    assert.deepEqual([kind, message], ["misconfigured", "tolerance: must be a whole number of seconds, 0 or more"]);
  }
  // A moment before a second is over it is that second still.
  assert.ok(await verify(signed({ timestamp: NOW - 300 }), { now: NOW * 1000 + 999 }));
  await refused(signed({ timestamp: NOW - 300 }), { now: NOW * 1000 + 1000 });
  // Without a time told it is the host's.
  assert.ok(await verifyCallback(signed({ timestamp: Math.floor(Date.now() / 1000) }), { secret: SECRET }));
  await failure(verifyCallback(signed(), { secret: SECRET }));
});

test("row 20: headers, bodies and times of the wrong type are refused, and calls in flight go on", async () => {
  let answer;
  stub(() => new Promise((resolve) => (answer = () => resolve(running()))));
  const meanwhile = server().status("a");
  for (const wrong of [7, 7n, {}, [7, {}], true, Symbol("x"), () => "7", null]) {
    for (const name of ["x-webhook-timestamp", "x-webhook-signature"]) {
      const { headers, body } = signed();
      assert.match(await refused({ headers: { ...headers, [name]: wrong }, body }), /^X-Webhook-/);
    }
    assert.match(await refused({ headers: { get: () => wrong }, body: SUCCESS }), /^X-Webhook-/);
    const { kind } = await failure(verify({ ...signed(), text: async () => wrong }));
    assert.equal(kind, "bad_response", inspect(wrong));
  }
  for (const now of ["x", 7n, null, {}, Symbol("x"), new Date(NOW * 1000)]) {
    const { kind, field } = await failure(verify(signed(), { now }));
    assert.deepEqual([kind, field], ["misconfigured", "now"], inspect(now));
  }
  answer();
  assert.equal((await meanwhile).state, "running");
});

test("row 20: the timestamp must be one whole number of seconds", async () => {
  for (const timestamp of [
    NOW * 1000, `-${NOW}`, `+${NOW}`, `${NOW}.0`, `${NOW}e0`, ` ${NOW}`, `${NOW} `, `0x${NOW.toString(16)}`, "", "x", "NaN",
    new Date(NOW * 1000).toISOString(), `${NOW}, ${NOW}`, `${NOW},${NOW}`, "9".repeat(30), "١٨٠٠٠٠٠٠٠٠",
  ]) {
    const request = signed({ signature: hmac("mj_task_12345", timestamp), timestamp });
    assert.match(await refused(request), /^X-Webhook-Timestamp: /, String(timestamp));
  }
  // It is signed as it is spelled.
  const padded = `000${NOW}`;
  assert.ok(await verify(signed({ timestamp: padded })));
  await refused(signed({ timestamp: padded, signature: hmac("mj_task_12345", NOW) }));
});

test("row 20: the signature must be one HMAC-SHA256 of the task and the time, in standard base64", async () => {
  const good = hmac("mj_task_12345", NOW);
  const raw = Buffer.from(good, "base64");
  assert.ok(await verify(signed({ signature: good })));
  for (const [what, signature] of Object.entries({
    "another secret's": hmac("mj_task_12345", NOW, "another"),
    "another task's": hmac("mj_task_99999", NOW),
    "another time's": hmac("mj_task_12345", NOW - 1),
    "of the body": createHmac("sha256", SECRET).update(SUCCESS).digest("base64"),
    "SHA-1": createHmac("sha1", SECRET).update(`mj_task_12345.${NOW}`).digest("base64"),
    "SHA-512": createHmac("sha512", SECRET).update(`mj_task_12345.${NOW}`).digest("base64"),
    hex: raw.toString("hex"),
    "without its padding": good.slice(0, -1),
    "padded twice": `${good}=`,
    "one character short": `${good.slice(0, -2)}=`,
    "one byte short": raw.subarray(1).toString("base64"),
    "one byte long": Buffer.concat([raw, raw.subarray(0, 1)]).toString("base64"),
    "the last bit turned": Buffer.concat([raw.subarray(0, 31), Buffer.from([raw[31] ^ 1])]).toString("base64"),
    "another case": good.toLowerCase(),
    "with a space before": ` ${good}`,
    "with a line break": `${good.slice(0, 20)}\n${good.slice(20)}`,
    "with a scheme": `sha256=${good}`,
    "with a version": `v1,${good}`,
    doubled: `${good}, ${good}`,
    empty: "",
    "only zeros": Buffer.alloc(32).toString("base64"),
  })) {
    assert.match(await refused(signed({ signature })), /^X-Webhook-Signature: /, what);
  }
});

test("row 20: a signature in base64url is refused", async () => {
  // Of some time near, the signature has characters that differ.
  for (let timestamp = NOW; ; timestamp++) {
    const signature = hmac("mj_task_12345", timestamp);
    if (!/[+/]/.test(signature)) continue;
    const url = Buffer.from(signature, "base64").toString("base64url");
    assert.ok(await verify(signed({ timestamp })));
    await refused(signed({ timestamp, signature: url }));
    await refused(signed({ timestamp, signature: `${url}=` }));
    return;
  }
});

test("row 20: headers that are missing or doubled are refused, as Headers and as Node's object", async () => {
  const [timestamp, signature] = [String(NOW), hmac("mj_task_12345", NOW)];
  const [T, S] = ["X-Webhook-Timestamp", "X-Webhook-Signature"];
  const doubled = (name) => {
    const headers = new Headers({ [T]: timestamp, [S]: signature });
    headers.append(name, name === T ? timestamp : signature);
    return headers;
  };
  for (const [headers, name] of [
    [{}, T],
    [new Headers(), T],
    [{ [S.toLowerCase()]: signature }, T],
    [new Headers({ [S]: signature }), T],
    [{ [T.toLowerCase()]: timestamp }, S],
    [new Headers({ [T]: timestamp }), S],
    [doubled(T), T],
    [doubled(S), S],
    [{ [T.toLowerCase()]: [timestamp, timestamp], [S.toLowerCase()]: signature }, T],
    [{ [T.toLowerCase()]: timestamp, [S.toLowerCase()]: [signature, signature] }, S],
    [{ [T.toLowerCase()]: [], [S.toLowerCase()]: signature }, T],
    [{ [T.toLowerCase()]: timestamp, [S.toLowerCase()]: `${signature}, ${signature}` }, S],
    [[[T, timestamp], [S, signature]], T],
  ]) {
    assert.match(await refused({ headers, body: SUCCESS }), new RegExp(`^${name}: `), inspect(headers));
  }
  // One of each is right in every form.
  for (const headers of [
    new Headers({ [T]: timestamp, [S]: signature }),
    new Map([[T, timestamp], [S, signature]]),
    { [T]: timestamp, [S]: signature },
    { [T.toLowerCase()]: timestamp, [S.toLowerCase()]: signature },
    { [T.toLowerCase()]: [timestamp], [S.toLowerCase()]: [signature] },
  ]) {
    assert.equal((await verify({ headers, body: SUCCESS })).type, "ended", inspect(headers));
  }
});

test("a Request is verified as it arrives, and so is what Node's server has", async (t) => {
  const headers = { "X-Webhook-Timestamp": String(NOW), "X-Webhook-Signature": hmac("mj_task_12345", NOW) };
  const request = new Request("https://app.example/callback", { method: "POST", body: SUCCESS, headers });
  assert.equal((await verify(request)).task.images.length, 4);

  const outcomes = [];
  const receiver = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    outcomes.push(await verify({ headers: request.headers, body }).catch(({ kind, message }) => ({ kind, message })));
    response.end();
  });
  await new Promise((ready) => receiver.listen(0, "127.0.0.1", ready));
  t.after(() => receiver.close());
  const url = `http://127.0.0.1:${receiver.address().port}`;
  const doubled = new Headers(headers);
  doubled.append("X-Webhook-Timestamp", String(NOW));
  for (const sent of [headers, {}, doubled]) await (await fetch(url, { method: "POST", body: SUCCESS, headers: sent })).text();
  assert.deepEqual(outcomes.map(({ type, kind }) => type ?? kind), ["ended", "unverified", "unverified"]);
});

test("row 20: both secrets are accepted during a change, and the old one is refused afterwards", async () => {
  const old = signed({ signature: hmac("mj_task_12345", NOW, "old") });
  const fresh = signed({ signature: hmac("mj_task_12345", NOW, "fresh") });
  for (const secret of [["old", "fresh"], ["fresh", "old"]]) {
    for (const request of [old, fresh]) assert.ok(await verify(request, { secret }));
  }
  await refused(old, { secret: "fresh" });
  await refused(old, { secret: ["fresh", SECRET] });
});

test("a missing request, or one whose body was read, is refused with a MidjourneyError", async () => {
  const read = new Request("https://app.example", { method: "POST", body: SUCCESS });
  await read.text();
  for (const request of [undefined, null, read]) {
    const error = await failure(verify(request));
    assert.ok(error instanceof MidjourneyError);
    assert.deepEqual([error.kind, error.field], ["invalid_request", "request"], inspect(request));
  }
});

test("what is no request, or has no body yet, is refused as the receiver's mistake, and says what to pass", async () => {
  const headers = signed({ signature: hmac("mj_task_12345", NOW) }).headers;
  const inHono = { text: async () => SUCCESS, header: (name) => headers[name], raw: new Request("https://app.example") };
  for (const [request, what] of [
    [{ body: SUCCESS }, /has no `headers`; must be a Request/],
    [{ headers: null, body: SUCCESS }, /has no `headers`/],
    [inHono, /has no `headers`; in Hono pass `c\.req\.raw`/],
    [Object.assign(new IncomingMessage(null), { headers }), /has no `body`; read it first/],
    [{ headers, body: null }, /has no `body`; read it first/],
    [{ headers, body: btoa(SUCCESS), isBase64Encoded: true }, /has a body in base64/],
  ]) {
    const error = await failure(verify(request));
    assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", "request", "no"], inspect(error));
    assert.match(error.message, what);
  }
});

test("an ArrayBuffer is bytes, as a Uint8Array is", async () => {
  const bytes = new TextEncoder().encode(SUCCESS);
  for (const body of [bytes, bytes.buffer, Buffer.from(bytes), new DataView(bytes.buffer)]) {
    assert.equal((await parseCallback(body)).type, "ended");
  }
});

test("a missing, empty or invalid secret is refused for every request", async () => {
  for (const secret of [undefined, null, "", [], [""], [undefined], [SECRET, ""], 7, {}, true]) {
    for (const request of [signed(), signed({ signature: hmac("mj_task_12345", NOW, "undefined") })]) {
      const error = await failure(verify(request, { secret }));
      assert.deepEqual([error.kind, error.field, error.billed], ["misconfigured", "secret", "no"], inspect(secret));
    }
  }
  assert.equal((await failure(verifyCallback(signed()))).kind, "misconfigured");
  for (const secret of [undefined, "", 7]) {
    const error = await failure(signCallback(SUCCESS, { secret }));
    assert.deepEqual([error.kind, error.field], ["misconfigured", "secret"], inspect(secret));
  }
});

test("row 20: a signature covers only the task's id: another body for the same task passes, one for another task is refused", async () => {
  const forged = JSON.stringify({ code: 200, data: { taskId: "mj_task_12345", resultUrls: ["https://evil.example/1.png"] } });
  // That is why the record is to be looked at: the types and the manual say so.
  assert.equal((await verify(signed({ body: forged }))).task.images[0].url, "https://evil.example/1.png");
  await refused(signed({ body: forged.replace("mj_task_12345", "mj_task_99999") }));
  // The id that is verified is the id that is told, even of two.
  const twice = `{"code":200,"data":{"taskId":"mj_task_12345","taskId":"mj_task_99999","resultUrls":[]}}`;
  await refused(signed({ body: twice }));
  assert.equal((await verify(signed({ body: twice, taskId: "mj_task_99999" }))).taskId, "mj_task_99999");
});

test("`signCallback` makes the same signature as node:crypto, and it verifies", async () => {
  for (const body of [SUCCESS, JSON.parse(SUCCESS), Buffer.from(SUCCESS), fixture("real-generate-accepted")]) {
    const headers = await signCallback(body, { secret: SECRET, timestamp: NOW });
    const { taskId } = (typeof body === "object" && !Buffer.isBuffer(body) ? body : JSON.parse(body)).data;
    assert.deepEqual(headers, { "X-Webhook-Timestamp": String(NOW), "X-Webhook-Signature": hmac(taskId, NOW) });
    assert.equal((await verify({ headers, body })).taskId, taskId);
  }
  // A secret of any letters, and now unless told.
  const secret = "schlüssel 🔑";
  const headers = await signCallback(SUCCESS, { secret });
  assert.equal(headers["X-Webhook-Signature"], hmac("mj_task_12345", headers["X-Webhook-Timestamp"], secret));
  assert.ok(await verifyCallback({ headers, body: SUCCESS }, { secret }));
  assert.equal((await failure(signCallback("{}", { secret: SECRET }))).kind, "bad_response");
});
