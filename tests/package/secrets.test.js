/** Row 1, the package's part: whatever fails, and whatever a server says, nobody reads the key in it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { Midjourney } from "../../dist/node.js";
import { crashing } from "./crashing.js";
import { IMAGE, KEY, envelope, pause, reset, running, server, shortMinute, stub, succeeded, vendor } from "./stub.js";

/** The key as it may be spelled: plain, in base64, in a URL, in hexadecimal digits. */
const SPELLINGS = [
  KEY,
  Buffer.from(KEY).toString("base64"),
  Buffer.from(`Bearer ${KEY}`).toString("base64"),
  Buffer.from(KEY).toString("hex"),
  // In whatever place of a base64 text it stands, a part of it looks like this.
  Buffer.from(`x${KEY}`).toString("base64").slice(4, -4),
  Buffer.from(`xx${KEY}`).toString("base64").slice(4, -4),
];

/** Every text somebody may come to see of a value: printed, logged, stored, sent to an error tracker. */
function texts(value) {
  const seen = [inspect(value, { depth: 9, showHidden: true, getters: true }), String(value)];
  try {
    seen.push(JSON.stringify(value) ?? "");
  } catch {
    // What is cyclic isn't stored.
  }
  try {
    seen.push(inspect(structuredClone(value), { depth: 9, showHidden: true }));
  } catch {
    // What holds functions isn't sent.
  }
  for (let error = value, depth = 0; error instanceof Error && depth < 9; error = error.cause, depth++) {
    seen.push(error.message, error.stack, error.name, String(error));
    for (const name of [...Object.getOwnPropertyNames(error), ...Object.getOwnPropertySymbols(error)]) {
      seen.push(String(name), inspect(error[name], { depth: 9, showHidden: true }));
    }
  }
  return seen;
}

function hidesTheKey(value, what) {
  for (const text of texts(value)) {
    for (const spelling of SPELLINGS) assert.ok(!text.includes(spelling), `${what}: ${text.slice(0, 2000)}`);
    assert.ok(!/Bearer /.test(text), `${what}: ${text.slice(0, 2000)}`);
  }
}

const CALLS = {
  generate: (mj, options) => mj.generate(IMAGE, options),
  run: (mj, options) => mj.run(IMAGE, { ...options, timeout: 20 }),
  upscale: (mj, options) => mj.upscale("a", 1, options),
  vary: (mj, options) => mj.vary("a", 1, options),
  extendVideo: (mj, options) => mj.extendVideo("a", 1, options),
  status: (mj, options) => mj.status("a", options),
  credits: (mj, options) => mj.credits(options),
  wait: (mj, options) => mj.wait("a", { ...options, timeout: 20 }),
  reconcile: (mj, options) => mj.reconcile({ route: "generate", body: "{}", idempotencyKey: "k" }, options),
  batch: async (mj, options) => {
    const batch = mj.batch([IMAGE, "a"], { ...options, timeout: 20 });
    const items = [];
    for await (const item of batch) items.push(item);
    return Object.assign(new Error("what came of a batch"), { items, batch, saved: JSON.stringify(batch) });
  },
};

/** Runs every call, and looks at what is returned, thrown, told and printed. */
async function everyCall(t, what, { endpoint, prepare = () => {} }) {
  const printed = [];
  for (const name of ["log", "error", "warn", "info", "debug"]) {
    t.mock.method(console, name, (...args) => printed.push(args));
  }
  let failures = 0;
  const mj = server({ endpoint });
  prepare();
  const run = async ([name, call]) => {
    const options = what === "aborted" ? { signal: AbortSignal.timeout(5) } : {};
    const outcome = await call(mj, options).catch((error) => error);
    if (outcome instanceof Error) failures++;
    hidesTheKey(outcome, `${what}, ${name}`);
  };
  await Promise.all(Object.entries(CALLS).map(run));
  hidesTheKey(mj, what);
  hidesTheKey(Object.getPrototypeOf(mj), what);
  t.mock.restoreAll();
  for (const line of printed) hidesTheKey(line, `${what}: printed`);
  return failures;
}

/** Asked to wait that long, a client doesn't try again. */
const LONG = { "Retry-After": "3600" };
const QUOTE = `no such key: ${KEY} (Authorization: ${KEY})`;

test("row 1: an error shows the server's message without the key that it quotes", async (t) => {
  for (const code of [400, 401, 402, 403, 404, 418, 422, 429, 455, 500, 501, 503, 505]) {
    for (const status of [200, Math.max(code, 400)]) {
      const prepare = () => stub(() => envelope(null, { code, msg: QUOTE, status, headers: LONG }));
      const failures = await everyCall(t, `code ${code}`, { prepare });
      assert.equal(failures, Object.keys(CALLS).length, String(code));
    }
  }
});

test("row 1: a quoted key is hidden when the text is cut, repeats it, or spells it with JSON escapes", async (t) => {
  const escaped = [...KEY].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
  for (const msg of [`"${"x".repeat(980)}${KEY}"`, `"${"x".repeat(1000)}${KEY}"`, `"${KEY}${KEY} ${KEY.repeat(40)}"`, `"${escaped}"`, `"${"é".repeat(990)}${KEY}"`]) {
    await everyCall(t, "a long text", { prepare: () => stub(() => new Response(`{"code":401,"msg":${msg},"data":null}`)) });
  }
});

test("row 1: an error doesn't quote an unreadable body", async (t) => {
  for (const body of [KEY, `<html>${KEY}`, `{"code":"${KEY}"}`, `{"${KEY}":1}`, `{"code":200,"data":"${KEY}"}`, `{"code":200,"data":{"taskId":["${KEY}"]}}`]) {
    for (const status of [200, 401, 502]) await everyCall(t, body, { prepare: () => stub(() => new Response(body, { status, headers: LONG })) });
  }
});

test("row 1: a failed task's reason is shown without the key", async (t) => {
  const failed = { taskId: "a", successFlag: 3, errorCode: 500, errorMessage: QUOTE };
  await everyCall(t, "a failed task", { prepare: () => stub(() => failed) });
});

test("row 1: no broken connection shows the key", async (t) => {
  // A batch lets a submit on its way finish.
  shortMinute(t, 100);
  for (const [what, answer] of Object.entries({
    reset,
    closed: (_, response) => void response.socket.end(),
    // What a server sends that is no HTTP, Node keeps in the exception that becomes the cause.
    garbage: (_, response) => void response.socket.end("SSH-2.0-OpenSSH_9.9\r\n\r\n"),
    redirected: ({ headers }) => new Response(null, { status: 307, headers: { Location: `http://127.0.0.1:1/?key=${headers.authorization}` } }),
    aborted: () => {},
  })) {
    const { api } = await vendor(t, answer);
    await everyCall(t, what, { endpoint: api });
  }
});

test("row 1: no server that stalls, or isn't there, shows the key", async (t) => {
  const { api } = await vendor(t, () => {});
  shortMinute(t, 20);
  await everyCall(t, "stalled", { endpoint: api });
  await everyCall(t, "nobody", { endpoint: "http://127.0.0.1:1/api/v1/mj" });
});

test("row 1: a successful result doesn't show the key", async (t) => {
  await everyCall(t, "well", { prepare: () => stub((count, { method }) => (method ? { taskId: "a" } : succeeded())) });
  await everyCall(t, "running", { prepare: () => stub((count, { method }) => (method ? { taskId: "a" } : running())) });
});

test("row 1: a client with calls under way doesn't show the key", async () => {
  let answer;
  const answered = new Promise((resolve) => (answer = resolve));
  stub(() => answered.then(() => ({ taskId: "a" })));
  const mj = server();
  const { signal } = new AbortController();
  const calls = [mj.generate(IMAGE, { signal }), mj.status("a", { signal })];
  const batch = mj.batch([IMAGE], { signal, timeout: 0 });
  calls.push(batch.next());
  await pause(5);
  for (const value of [mj, batch, signal, ...calls]) hidesTheKey(value, "in the midst");
  answer();
  await Promise.allSettled(calls);
});

test("row 1: the error for an invalid key, or for a key in a page, doesn't repeat it", async () => {
  const outcomes = [];
  const thrown = (make) => {
    try {
      return make();
    } catch (error) {
      outcomes.push(error);
    }
  };
  for (const options of [
    { apiKey: `${KEY}\n` },
    { apiKey: `Bearer ${KEY}` },
    { apiKey: { key: KEY } },
    { apiKey: [KEY] },
    { apiKey: KEY, endpoint: "http://vendor.example/api/v1/mj" },
    { apiKey: KEY, endpoint: "/api/v1/mj" },
    { apiKey: KEY, endpoint: `https://${KEY}@vendor.example/api/v1/mj` },
    { apiKey: KEY, endpoint: `https://vendor.example/api/v1/mj?key=${KEY}` },
    { endpoint: `https://vendor.example/#${KEY}` },
  ]) {
    const mj = thrown(() => new Midjourney(options));
    outcomes.push(mj, await mj.generate(IMAGE).catch((error) => error), await mj.history().catch((error) => error));
  }
  globalThis.document = {};
  thrown(() => new Midjourney({ apiKey: KEY }));
  delete globalThis.document;
  assert.ok(outcomes.length > 27);
  for (const outcome of outcomes) hidesTheKey(outcome, "refused");
});

test("row 1: a crash shows nothing of the requests under way", async (t) => {
  const { Midjourney } = await crashing();
  const printed = [];
  t.mock.method(console, "error", (...args) => printed.push(args));
  stub((count, { method }, url) => (url.includes("crash") ? new Response("crash") : new Promise(() => {})));
  const mj = new Midjourney({ apiKey: KEY });
  const calls = [mj.generate(IMAGE), mj.status("a"), mj.wait("a"), mj.batch([IMAGE]).next()];
  await pause(5);
  const crashes = [await mj.status("crash").catch((error) => error), await mj.lint("crash").catch((error) => error)];
  const outcomes = [...crashes, ...(await Promise.allSettled(calls)).map(({ reason, value }) => reason ?? value)];
  assert.equal(printed.length, 2);
  for (const outcome of [...outcomes, ...printed, mj]) hidesTheKey(outcome, "crashed");
});

test("row 1: the vendor's key goes to its endpoint alone, in one header", async (t) => {
  const elsewhere = await vendor(t, () => ({ taskId: "a" }));
  const { api, requests } = await vendor(t, ({ url }) => new Response(null, { status: 308, headers: { Location: elsewhere.api + url } }));
  for (const call of Object.values(CALLS)) await call(server({ endpoint: api }), {}).catch(() => {});
  assert.equal(elsewhere.requests.length, 0);
  assert.ok(requests.length >= 9);
  for (const { url, body, headers: { authorization, ...headers } } of requests) {
    assert.equal(authorization, `Bearer ${KEY}`);
    assert.ok(!JSON.stringify([url, body, headers]).includes(KEY));
  }
});

test("an exception of the caller's fetch is passed on unchanged as the `cause`, and nothing else shows the key that it holds", async () => {
  // Some wrappers of fetch put the request into what they throw. The package's own fields never repeat it.
  globalThis.fetch = async (url, init) => {
    throw Object.assign(new Error(`failed: ${init.headers.Authorization}`), { config: init });
  };
  for (const [name, call] of Object.entries(CALLS)) {
    const outcome = await call(server(), {}).catch((error) => error);
    const errors = name === "batch" ? outcome.items.map(({ error }) => error) : [outcome];
    for (const error of errors) {
      // Its cause apart, which `JSON.stringify` leaves out but `inspect` shows.
      const { cause, ...fields } = error;
      hidesTheKey({ ...fields, message: error.message, stack: error.stack }, name);
      assert.ok(!JSON.stringify(error).includes(KEY), name);
    }
    if (name === "batch") assert.ok(!outcome.saved.includes(KEY));
  }
});
