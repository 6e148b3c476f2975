/** `midapi/simulator`: what a test of somebody's app can rely on. */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Midjourney } from "../../dist/node.js";
import { simulator } from "../../dist/simulator/index.js";
import { serve } from "../../dist/simulator/node.js";
import { decoded } from "../simulator/calls.js";
import { pageIn } from "../support/browsers.js";
import { program } from "../support/quickstart.js";
import { siteOn } from "../support/site.js";
import { appWith } from "./install.js";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const KEY = "any-key-12";
const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };
/** Tasks end when they are submitted, or a millisecond later. */
const AT_ONCE = { haste: 10_000 };

const on = (fetch, apiKey = KEY) => new Midjourney({ apiKey, fetch });
const failure = (promise) => promise.then(() => assert.fail("nothing went wrong"), (error) => error);
const asked = (prompt, more) => ({ ...IMAGE, prompt, ...more });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A submit without the package, as another client sends it; returns the vendor's answer. */
async function submit(fetch, request = IMAGE, init = {}) {
  const headers = { Authorization: `Bearer ${KEY}` };
  const body = JSON.stringify(request);
  return (await fetch("https://api.midapi.ai/api/v1/mj/generate", { method: "POST", headers, body, ...init })).json();
}

async function credits(fetch, key = KEY) {
  const headers = { Authorization: `Bearer ${key}` };
  return (await (await fetch("https://api.midapi.ai/api/v1/common/credit", { headers })).json()).data;
}

/** A receiver of callbacks that answers with these statuses, one after the other; `posted` are the ids that came. */
function receiver(...statuses) {
  const posted = [];
  const fetch = async (url, { method, body }) => {
    const { data } = JSON.parse(body);
    posted.push([method, url, data.taskId]);
    // Long enough for other calls to come between.
    await pause(30);
    return new Response(null, { status: statuses.shift() ?? 200 });
  };
  return { posted, fetch };
}

async function until(holds) {
  for (const end = Date.now() + 5_000; !holds(); await pause(2)) assert.ok(Date.now() < end, "it never comes");
}

test("in the place of the host's fetch it makes a task's images, and each link is a picture", async (t) => {
  const hosts = globalThis.fetch;
  t.after(() => (globalThis.fetch = hosts));
  globalThis.fetch = simulator(AT_ONCE);
  const mj = new Midjourney({ apiKey: KEY });
  const task = await mj.wait(await mj.generate(asked("a lighthouse", { aspectRatio: "16:9" })));
  assert.equal(task.images.length, 4);
  for (const { url } of task.images) {
    const response = await fetch(url);
    assert.equal(response.headers.get("content-type"), "image/png");
    const { width, height } = decoded(Buffer.from(await response.arrayBuffer()));
    assert.deepEqual([width, height], [640, 360]);
  }
  const large = await mj.wait(await mj.upscale(task, 2));
  assert.equal(decoded(Buffer.from(await (await fetch(large.images[0].url)).arrayBuffer())).width, 1280);
});

test("haste shortens a task: four seconds a hundred times", async () => {
  const fetch = simulator({ haste: 100 });
  const start = performance.now();
  const { createdAt, completedAt } = await on(fetch).run(IMAGE);
  assert.equal(completedAt - createdAt, 40);
  assert.ok(performance.now() - start < 3_000);
});

test("haste shortens the waiting for a slot and the window of the limit, too", async () => {
  const fetch = simulator({ haste: 20, parallelTasks: 1, submitsPer10Seconds: 2 });
  const codes = [];
  for (let n = 0; n < 3; n++) codes.push((await submit(fetch)).code);
  assert.deepEqual(codes, [200, 200, 429]);
  await pause(510);
  const { data } = await submit(fetch);
  await pause(250);
  const { completedAt, createdAt } = await on(fetch).status(data.taskId);
  assert.equal(completedAt - createdAt, 200, "the two before it have ended");
});

test("a prompt asks for trouble, and the package tells it apart", async () => {
  const mj = on(simulator(AT_ONCE));
  const failed = await failure(mj.run(asked("x [sim: fail, message=Flagged]")));
  assert.deepEqual([failed.kind, failed.message], ["task_failed", "Flagged"]);
  const refused = await failure(mj.generate(asked("x [sim: code=422, message=No]")));
  assert.deepEqual([refused.code, refused.billed], [422, "no"]);
});

test("a submit that was accepted though its answer is lost is told by its task", async () => {
  const fetch = simulator(AT_ONCE);
  const error = await failure(on(fetch).generate(asked("x [sim: http=502]")));
  assert.equal(error.billed, "unknown");
  const [{ taskId, code, request }, ...more] = fetch.submits;
  assert.deepEqual([code, request.prompt, more], [502, "x [sim: http=502]", []]);
  assert.equal((await on(fetch).status(taskId)).state, "succeeded");
});

test("an account has the credits it was given, and no more is accepted at once than they pay for", async () => {
  const fetch = simulator({ ...AT_ONCE, credits: 3 * 8 + 7, submitsPer10Seconds: 100 });
  const answers = await Promise.all(Array.from({ length: 10 }, () => submit(fetch)));
  assert.deepEqual(answers.map(({ code }) => code).sort(), [...Array(3).fill(200), ...Array(7).fill(402)]);
  assert.equal(await credits(fetch), 7);
  assert.equal((await failure(on(fetch).generate(IMAGE))).kind, "insufficient_credits");
  assert.equal(await credits(fetch, "another-key"), 31);
});

test("it tells which calls it has seen, and which of them were submits", async () => {
  const fetch = simulator(AT_ONCE);
  const { taskId } = await on(fetch).run(IMAGE);
  await fetch(`https://api.midapi.ai/m/${taskId}_0_0.png`);
  await on(fetch, "invalid-key").credits().catch(() => {});
  const unknown = await fetch("https://api.midapi.ai/elsewhere", { headers: { Authorization: `Bearer ${KEY}` } });
  assert.equal(unknown.status, 404);
  assert.deepEqual(fetch.calls, [
    { method: "POST", route: "generate", request: IMAGE, code: 200, taskId },
    { method: "GET", route: "record-info", taskId, code: 200 },
    { method: "GET", route: "file", taskId, code: 200 },
    { method: "GET", route: "credit", code: 401 },
    { method: "GET", route: "/elsewhere", code: 404 },
  ]);
  assert.deepEqual(fetch.submits, fetch.calls.slice(0, 1));
  fetch.calls.length = 0;
  assert.equal(fetch.calls.length, 5, "a copy");
});

test("a callback is posted once, though others end with it and the task is looked at meanwhile", async () => {
  const { posted, fetch: post } = receiver();
  const fetch = simulator({ haste: 20, fetch: post });
  const callBackUrl = "https://app.example/hook";
  const ids = await Promise.all([1, 2, 3].map(async () => (await submit(fetch, { ...IMAGE, callBackUrl })).data.taskId));
  assert.equal(posted.length, 0, "not before the tasks' end");
  await until(() => posted.length > 0);
  for (let look = 0; look < 10; look++) await Promise.all([on(fetch).status(ids[0]), pause(2)]);
  await pause(100);
  assert.deepEqual(posted.map(([, , id]) => id).sort(), ids.sort());
  assert.deepEqual(posted[0].slice(0, 2), ["POST", callBackUrl]);
});

test("a callback that was refused is posted again until it is received", async () => {
  const { posted, fetch: post } = receiver(500, 503);
  const fetch = simulator({ ...AT_ONCE, fetch: post });
  const { data } = await submit(fetch, { ...IMAGE, callBackUrl: "https://app.example/hook" });
  await until(() => posted.length === 3);
  await pause(200);
  assert.deepEqual(posted.map(([, , id]) => id), Array(3).fill(data.taskId));
});

test("a task that never ends calls nobody back", async () => {
  const { posted, fetch: post } = receiver();
  const fetch = simulator({ ...AT_ONCE, fetch: post });
  const { data } = await submit(fetch, asked("x [sim: never]", { callBackUrl: "https://app.example/hook" }));
  await pause(50);
  assert.equal(posted.length, 0);
  assert.equal((await on(fetch).status(data.taskId)).state, "running");
});

test("unless told, callbacks go by the host's fetch, also if the simulator has taken its place", async (t) => {
  const received = [];
  const server = createServer(async (request, response) => {
    received.push(JSON.parse(Buffer.concat(await request.toArray())).data.taskId);
    response.end();
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const hosts = globalThis.fetch;
  t.after(() => server.close());
  t.after(() => (globalThis.fetch = hosts));
  globalThis.fetch = simulator(AT_ONCE);
  const callBackUrl = `http://127.0.0.1:${server.address().port}/hook`;
  const { data } = await submit(globalThis.fetch, { ...IMAGE, callBackUrl });
  await until(() => received.length === 1);
  assert.deepEqual(received, [data.taskId]);
});

for (const [options, message] of [
  [{ hast: 2 }, /no option `hast`; there are `haste`, `durations`,.* `fetch`$/],
  [{ haste: 0 }, /`haste` must be a number above 0/],
  [{ haste: "2" }, /`haste` must be a number/],
  [{ durations: { slow: 1 } }, /`durations` must be .* `relaxed`, `fast`/],
  [{ durations: { fast: "1" } }, /`durations` must be/],
  [{ credits: -1 }, /`credits` must be a whole number from 0/],
  [{ parallelTasks: 0 }, /`parallelTasks` must be a whole number from 1/],
  [{ submitsPer10Seconds: 1.5 }, /`submitsPer10Seconds` must be a whole number/],
  [{ submitsByOthers: NaN }, /`submitsByOthers` must be a whole number/],
  [{ upscaleRoute: "vary" }, /`upscaleRoute` must be "both", "upscale" or "generateUpscale"/],
  [{ origin: "https://a.example/b" }, /`origin` must be an origin such as/],
  [{ fetch: "https://a.example" }, /`fetch` must be a function/],
  [null, /the options must be an object/],
]) {
  test(`refuses the options ${JSON.stringify(options)} by name`, async () => {
    assert.throws(() => simulator(options), { name: "TypeError", message });
    await assert.rejects(serve(options), { name: "TypeError" });
  });
}

test("an option that is undefined is as one left out", async () => {
  assert.equal(await credits(simulator({ credits: undefined, fetch: undefined })), 10_000);
});

test("one upscale route of the two, if told so", async () => {
  const fetch = simulator({ ...AT_ONCE, upscaleRoute: "generateUpscale" });
  const task = await on(fetch).run(IMAGE);
  const headers = { Authorization: `Bearer ${KEY}` };
  const body = JSON.stringify({ taskId: task.taskId, index: 1, imageIndex: 0 });
  const answer = (route) => fetch(`https://api.midapi.ai/api/v1/mj/${route}`, { method: "POST", headers, body });
  assert.deepEqual([(await answer("upscale")).status, (await answer("generateUpscale")).status], [404, 200]);
});

test("reset forgets tasks, accounts, calls, and callbacks that are still to be posted", async () => {
  const { posted, fetch: post } = receiver();
  const fetch = simulator({ haste: 20, submitsPer10Seconds: 2, fetch: post });
  const callBackUrl = "https://app.example/hook";
  const { data } = await submit(fetch, { ...IMAGE, callBackUrl });
  await submit(fetch);
  fetch.reset();
  assert.deepEqual([fetch.calls, fetch.submits], [[], []]);
  assert.equal(await credits(fetch), 10_000);
  assert.equal((await failure(on(fetch).status(data.taskId))).kind, "not_found");
  assert.equal((await submit(fetch)).code, 200, "nor does the limit remember");
  await pause(300);
  assert.equal(posted.length, 0);
});

test("a call that a reset overtakes belongs to what was before", async () => {
  const fetch = simulator(AT_ONCE);
  const overtaken = submit(fetch);
  fetch.reset();
  assert.equal((await overtaken).code, 200);
  assert.deepEqual([fetch.calls, await credits(fetch)], [[], 10_000]);
});

test("two simulators know nothing of each other", async () => {
  const [one, other] = [simulator(AT_ONCE), simulator(AT_ONCE)];
  const { taskId, images } = await on(one).run(IMAGE);
  assert.equal((await failure(on(other).status(taskId))).kind, "not_found");
  assert.equal((await other(images[0].url)).status, 404);
  assert.deepEqual([await credits(one), await credits(other)], [10_000 - 8, 10_000]);
  assert.equal(other.submits.length, 0);
});

test("a call whose signal has fired is none: nothing is submitted", async () => {
  const fetch = simulator(AT_ONCE);
  await assert.rejects(submit(fetch, IMAGE, { signal: AbortSignal.abort() }), { name: "AbortError" });
  assert.equal(fetch.calls.length, 0);
});

test("links lie at the origin that was told, and there are its pictures", async () => {
  const fetch = simulator({ ...AT_ONCE, origin: "https://pictures.example" });
  const { images } = await on(fetch).run(IMAGE);
  assert.equal(new URL(images[0].url).origin, "https://pictures.example");
  assert.equal((await fetch(new Request(images[0].url))).status, 200);
});

/** The first link of a task whose files are so. */
async function link(fetch, word) {
  const { data } = await submit(fetch, asked(`x [sim: file=${word}]`));
  await pause(5);
  return `https://files.example/m/${data.taskId}_0_0.png`;
}

test("a file that never ends is ended by the signal or by who reads it", async () => {
  const fetch = simulator(AT_ONCE);
  for (const word of ["endless", "stalled"]) {
    const { body } = await fetch(await link(fetch, word), { signal: AbortSignal.timeout(200) });
    await assert.rejects(new Response(body).arrayBuffer(), { name: "TimeoutError" });
    const reader = (await fetch(await link(fetch, word))).body.getReader();
    assert.equal(new TextDecoder("latin1").decode((await reader.read()).value).slice(1, 4), "PNG");
    await reader.cancel();
    assert.equal((await reader.read()).done, true);
  }
});

test("a signal that fires after a file has come does nothing to it", async () => {
  const fetch = simulator(AT_ONCE);
  const controller = new AbortController();
  const response = await fetch(await link(fetch, "no-length"), { signal: controller.signal });
  const bytes = Buffer.from(await response.arrayBuffer());
  controller.abort();
  assert.equal(decoded(bytes).width, 640);
});

test("a file that breaks off is an error once its half is read", async () => {
  const fetch = simulator(AT_ONCE);
  const response = await fetch(await link(fetch, "short"));
  assert.ok(Number(response.headers.get("content-length")) > 100_000);
  await assert.rejects(response.arrayBuffer(), TypeError);
});

test("a file that inflates is inflated when it is read, and its headers tell the size on the way", async () => {
  const fetch = simulator(AT_ONCE);
  const { headers, body } = await fetch(await link(fetch, "inflating"), { signal: AbortSignal.timeout(60_000) });
  assert.ok(Number(headers.get("content-length")) < 1_000_000);
  let length = 0;
  for await (const chunk of body) length += chunk.length;
  assert.ok(length > 64 * 1024 * 1024, `${length} bytes`);
});

test("a redirect shows to who follows none, and fails for others, as there is no other host", async () => {
  const fetch = simulator(AT_ONCE);
  const url = await link(fetch, "redirect");
  const { status, headers } = await fetch(url, { redirect: "manual" });
  assert.deepEqual([status, new URL(headers.get("location")).host], [302, "elsewhere.example"]);
  await assert.rejects(fetch(url), { name: "TypeError", message: /reaches no other host, such as https:\/\/elsewhere/ });
  await assert.rejects(fetch(url, { redirect: "error" }), TypeError);
});

test("is served by Node on this machine, with the simulator behind it to ask, until it is closed", async () => {
  const { url, endpoint, simulator: vendor, close } = await serve({ ...AT_ONCE, credits: 8 });
  assert.equal(endpoint, `${url}/api/v1/mj`);
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const mj = new Midjourney({ apiKey: KEY, endpoint: `${url}/api/v1/mj` });
  const { images } = await mj.run(IMAGE);
  decoded(Buffer.from(await (await fetch(images[0].url)).arrayBuffer()));
  assert.equal((await failure(mj.generate(IMAGE))).kind, "insufficient_credits");
  assert.deepEqual(vendor.submits.map(({ code }) => code), [200, 402]);
  await assert.rejects(serve({ port: Number(new URL(url).port) }), { code: "EADDRINUSE" });
  await close();
  await assert.rejects(fetch(url));
});

/** An app of the packed package with the program that needs no network, which ends with the test. */
async function app(t) {
  const folder = await appWith(["fixtures/simulated.js", "fixtures/simulated.html"]);
  t.after(() => rmSync(folder, { recursive: true }));
  const env = { ...process.env, DENO_DIR: join(folder, "deno"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
  return { folder, run: (name, args) => program(name, args, { cwd: folder, env }) };
}

const OUTCOME = { images: 4, signature: "PNG", posted: [["https://app.example/hook", 200]], submits: 1 };

for (const [runtime, name, ...args] of [
  ["Node", "node"],
  ["Deno, with no permission", at("node_modules/.bin/deno"), "run", "--no-prompt"],
  ["Bun", at("node_modules/.bin/bun"), "run"],
]) {
  test(`runs in ${runtime}, and the process ends by itself`, async (t) => {
    const { run } = await app(t);
    assert.deepEqual(JSON.parse(await run(name, [...args, "simulated.js"])), OUTCOME);
  });
}

test("runs in a page without a bundler", async (t) => {
  const { folder } = await app(t);
  const files = (path) => join(folder, path === "/" ? "simulated.html" : path === "/simulated.js" ? path : `node_modules${path}`);
  const url = await siteOn(undefined, files, t);
  const { page, problems } = await pageIn("chromium", t);
  await page.goto(url);
  await page.waitForFunction("window.outcome", { timeout: 20_000 }).catch((error) => {
    throw new Error(problems.join("\n"), { cause: error });
  });
  assert.deepEqual(await page.evaluate("window.outcome"), OUTCOME);
});

test("carries the licenses of what is bundled into it", () => {
  const bundled = readFileSync(at("../../dist/simulator/LICENSES"), "utf8");
  for (const name of ["fast-png", "fflate", "iobuffer"]) assert.match(bundled, new RegExp(`^${name}$[^]*MIT`, "m"));
});
