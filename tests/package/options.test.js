/** The client's options that are no data: a `fetch` of the caller's, and a logger. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";
import { aspectRatios, speeds, taskTypes, versions } from "../../dist/node.js";
import { IMAGE, KEY, envelope, failure, running, server, stub, succeeded } from "./stub.js";

/** The acceptance of a task that is worth a look at once. */
const accepted = () => envelope({ taskId: "a" }, { headers: { "Retry-After": "0" } });

async function all(items) {
  const list = [];
  for await (const item of items) list.push(item);
  return list;
}

test("a caller's own `fetch` gets every request, and the host's gets none", async () => {
  const hosts = stub(() => assert.fail("the host's fetch was called"));
  const sent = [];
  const mj = server({
    fetch: async (url, init) => {
      sent.push([url, init.method ?? "GET", init.redirect, init.signal instanceof AbortSignal]);
      return init.method === "POST" ? accepted() : envelope(succeeded());
    },
  });
  assert.equal((await mj.run(IMAGE)).images.length, 4);
  const batch = await all(mj.batch([IMAGE]));
  assert.equal(batch[0].task.images.length, 4);
  const base = "https://api.midapi.ai/api/v1/mj";
  const submit = [`${base}/generate`, "POST", "manual", true];
  const look = [`${base}/record-info?taskId=a`, "GET", "manual", true];
  assert.deepEqual(sent, [submit, look, submit, look]);
  assert.equal(hosts.length, 0);
});

test("a reply that an own `fetch` got by following a redirect is refused, as the key may have gone along", async () => {
  const redirected = () => Object.defineProperty(envelope({ taskId: "a" }), "redirected", { value: true });
  const error = await failure(server({ fetch: async () => redirected() }).generate(IMAGE));
  assert.deepEqual([error.kind, error.billed], ["bad_response", "unknown"]);
});

test("what an own `fetch` throws, at once or later, is the cause, and the submit isn't sent again", async () => {
  const mine = new Error("mine");
  for (const fetch of [() => { throw mine; }, () => Promise.reject(mine), async () => 7, () => undefined]) {
    let calls = 0;
    const error = await failure(server({ fetch: (...args) => (calls++, fetch(...args)) }).generate(IMAGE));
    assert.deepEqual([error.kind, error.billed, calls], ["network", "unknown", 1]);
  }
});

test("an option that is no function or no logger is refused by its name, and nothing is sent", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  for (const [options, field] of [
    [{ fetch: 7 }, "fetch"],
    [{ fetch: {} }, "fetch"],
    [{ logger: {} }, "logger"],
    [{ logger: () => {} }, "logger"],
    [{ logger: { error() {}, warn() {} }, logLevel: "info" }, "logger"],
    [{ logLevel: "verbose" }, "logLevel"],
    [{ logLevel: 3 }, "logLevel"],
  ]) {
    const error = await failure(server(options).generate(IMAGE));
    assert.deepEqual([error.kind, error.field, error.billed], ["misconfigured", field, "no"], inspect(error));
  }
  assert.equal(sent.length, 0);
});

/** A logger that keeps its lines. */
function keeping() {
  const lines = [];
  const at = (level) => (message, details) => void lines.push({ level, message, ...details });
  return { lines, logger: { error: at("error"), warn: at("warn"), info: at("info") } };
}

test("each try is one line: what was tried, how it went, and what it cost", async () => {
  const { lines, logger } = keeping();
  stub((count, init) => {
    if (init.method !== "POST") return succeeded();
    return count === 1 ? envelope(null, { code: 429, msg: "slow down" }) : accepted();
  });
  await server({ logger, logLevel: "info" }).run(IMAGE);
  assert.ok(lines.every(({ ms }) => Number.isInteger(ms) && ms >= 0));
  assert.ok(Number.isInteger(lines[0].againIn));
  const seen = lines.map(({ ms, againIn, ...line }) => line);
  assert.deepEqual(seen, [
    { level: "warn", message: "midapi", operation: "submit", route: "generate", try: 1, status: 200, billed: "no", kind: "rate_limited" },
    { level: "info", message: "midapi", operation: "submit", route: "generate", try: 2, status: 200, billed: "yes" },
    { level: "info", message: "midapi", operation: "read", route: "record-info", try: 1, status: 200, billed: "no" },
  ]);
});

test("what failed for good is an error, with or without an answer", async () => {
  const { lines, logger } = keeping();
  stub((count) => (count === 1 ? new Response("", { status: 502 }) : Promise.reject(new TypeError("fetch failed"))));
  const mj = server({ logger });
  await failure(mj.generate(IMAGE));
  await failure(mj.generate(IMAGE));
  assert.deepEqual(
    lines.map(({ level, status, kind, billed, againIn }) => ({ level, status, kind, billed, againIn })),
    [
      { level: "error", status: 502, kind: "server_error", billed: "unknown", againIn: undefined },
      { level: "error", status: undefined, kind: "network", billed: "unknown", againIn: undefined },
    ],
  );
});

test("nothing is logged unless asked, and no more than asked", async () => {
  const console_ = { error: console.error, warn: console.warn, info: console.info };
  const printed = keeping();
  Object.assign(console, printed.logger);
  const answers = (count) => (count % 2 ? { taskId: "a" } : envelope(null, { code: 401, msg: "no" }));
  const linesOf = async (options, lines) => {
    stub(answers);
    const mj = server(options);
    await mj.generate(IMAGE);
    await failure(mj.status("a"));
    return lines.splice(0).map(({ level }) => level);
  };
  try {
    assert.deepEqual(await linesOf({}, printed.lines), []);
    assert.deepEqual(await linesOf({ logLevel: "off" }, printed.lines), []);
    assert.deepEqual(await linesOf({ logLevel: "error" }, printed.lines), ["error"]);
    assert.deepEqual(await linesOf({ logLevel: "debug" }, printed.lines), ["info", "error"]);
    const { lines, logger } = keeping();
    assert.deepEqual(await linesOf({ logger }, lines), ["error"]);
    assert.deepEqual(await linesOf({ logger, logLevel: "off" }, lines), []);
    assert.deepEqual(printed.lines, []);
  } finally {
    Object.assign(console, console_);
  }
});

test("no key, prompt or link is logged, and a logger that throws ends nothing", async () => {
  const { lines, logger } = keeping();
  const throwing = { ...logger, info: (...line) => (logger.info(...line), assert.fail("mine")) };
  stub((_, init) => (init.method === "POST" ? accepted() : succeeded()));
  const request = { ...IMAGE, fileUrl: "https://files.example/secret.png", callBackUrl: "https://hook.example/secret", taskType: "mj_img2img" };
  await server({ logger: throwing, logLevel: "debug" }).run(request);
  const text = JSON.stringify(lines);
  assert.equal(lines.length, 2);
  for (const secret of [KEY, IMAGE.prompt, "files.example", "hook.example", "https:"]) assert.ok(!text.includes(secret), text);
});

test("the tries of a batch are logged, too", async () => {
  const { lines, logger } = keeping();
  stub((_, init) => (init.method === "POST" ? accepted() : succeeded()));
  await all(server({ logger, logLevel: "info" }).batch([IMAGE, "a"]));
  assert.deepEqual(lines.map(({ route }) => route).sort(), ["generate", "record-info", "record-info"]);
});

test("a page of another origin is told that the server may not allow it, and one of the same is not", async () => {
  stub(() => Promise.reject(new TypeError("Failed to fetch")));
  globalThis.location = { href: "https://app.example/page", origin: "https://app.example" };
  try {
    const of = async (endpoint) => (await failure(server({ endpoint }).generate(IMAGE))).message;
    assert.match(await of("https://gateway.example/api/v1/mj"), /doesn't allow pages of the origin https:\/\/app\.example \(CORS\); the task may/);
    assert.ok(!(await of("https://app.example/api/v1/mj")).includes("CORS"));
    assert.match(await of("https://app.example.evil.example/api/v1/mj"), /CORS/);
  } finally {
    delete globalThis.location;
  }
});

test("the lists of words are those of the types, and every word is one that requests take", async () => {
  const types = readFileSync(new URL("../../dist/index.d.ts", import.meta.url), "utf8");
  for (const [name, list] of Object.entries({ aspectRatios, speeds, taskTypes, versions })) {
    const typed = new RegExp(`export const ${name}: readonly (\\[.*\\]);`).exec(types)[1];
    assert.deepEqual(JSON.parse(typed), [...list], name);
    assert.ok(Object.isFrozen(list));
  }
  stub((_, init) => (init.method === "POST" ? { taskId: "a" } : running()));
  const mj = server();
  const fileUrl = "https://files.example/a.png";
  for (const taskType of taskTypes) await mj.estimate({ ...IMAGE, taskType, ...(taskType !== "mj_txt2img" && { fileUrl }) });
  for (const aspectRatio of aspectRatios) await mj.estimate({ ...IMAGE, aspectRatio });
  for (const speed of speeds) await mj.estimate({ ...IMAGE, speed });
  for (const version of versions) await mj.estimate({ ...IMAGE, version });
});
