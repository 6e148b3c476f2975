/**
 * How soon a page knows that its task has ended: by events, and by polling as the quick start does; and what many watchers cost. The
 * gateway and the simulator run in workerd on this machine, the page in Chromium, by one clock.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { pipeline } from "node:stream/promises";
import puppeteer from "puppeteer-core";
import { inspect } from "../tests/support/inspector.js";
import { freePort, startGateway, startSimulator } from "../tools/platform.js";
import { say, table } from "./stub.js";

const TASKS = 40;
const POLLED_TASKS = 10;
const WATCHED_JOBS = 100;
const WATCHERS_A_JOB = 10;
const CALLERS = 10;
const at = (path) => new URL(`../${path}`, import.meta.url);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const simulator = await startSimulator({
  vars: { DURATIONS: JSON.stringify({ fast: 2 }), SUBMITS_PER_10_SECONDS: "100000", PARALLEL_TASKS: "100000", CREDITS: "100000000" },
});
/** Counts the looks that reach the vendor. */
let looks = 0;
const counting = createServer(async (request, response) => {
  if (request.url.includes("record-info")) looks++;
  const body = request.method === "POST" ? Buffer.concat(await request.toArray()) : undefined;
  const { authorization, "content-type": type } = request.headers;
  const answer = await fetch(simulator.url + request.url, { method: request.method, body, headers: { authorization, ...(type && { "Content-Type": type }) } });
  const pace = answer.headers.get("Retry-After");
  response.writeHead(answer.status, { "Content-Type": "application/json", ...(pace && { "Retry-After": pace }) });
  response.end(await answer.text());
});
await new Promise((ready) => counting.listen(0, "127.0.0.1", ready));

const [port, inspectorPort] = [await freePort(), await freePort()];
const tokens = Array.from({ length: CALLERS }, (_, number) => `a-token-of-caller-${number}`);
const gateway = await startGateway({
  port,
  inspectorPort,
  vars: {
    MIDAPI_API_KEY: "a-key-of-mine",
    MIDAPI_UPSTREAM_URL: `http://127.0.0.1:${counting.address().port}`,
    MIDAPI_PUBLIC_URL: `http://127.0.0.1:${port}`,
    MIDAPI_DAILY_CREDITS: "10000000",
    MIDAPI_TOKENS: JSON.stringify(
      tokens.map((token, number) => ({ name: `caller-${number}`, sha256: createHash("sha256").update(token).digest("hex"), dailyCredits: 1e6 })),
    ),
  },
  bucket: false,
  limits: { SUBMIT_LIMIT: 1e9, READ_LIMIT: 1e9 },
  onLine: () => {},
});
const api = `${gateway.url}/api/v1/mj`;
const as = (token) => ({ Authorization: `Bearer ${token}`, "Content-Type": "application/json" });

/** A site with the package, whose own server has the token. */
const site = createServer(async (request, response) => {
  if (request.url.startsWith("/api/")) {
    const body = request.method === "POST" ? Buffer.concat(await request.toArray()) : undefined;
    const answer = await fetch(gateway.url + request.url, { method: request.method, body, headers: as(tokens[0]) });
    response.writeHead(answer.status, { "Content-Type": answer.headers.get("Content-Type") });
    response.flushHeaders();
    // A stream ends with the gateway.
    return pipeline(answer.body, response).catch(() => {});
  }
  const file = request.url === "/" ? undefined : readFileSync(at(`dist${request.url}`));
  const type = request.url.endsWith(".wasm") ? "application/wasm" : request.url === "/" ? "text/html" : "text/javascript";
  response.writeHead(200, { "Content-Type": type }).end(file ?? '<!doctype html><link rel="icon" href="data:," /><title>push</title>');
});
await new Promise((ready) => site.listen(0, "127.0.0.1", ready));

const browser = await puppeteer.launch({
  browser: "chrome",
  executablePath: process.env.CHROMIUM ?? "chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run"],
  headless: true,
});
const page = await browser.newPage();
await page.goto(`http://127.0.0.1:${site.address().port}/`);

say(`push: ${TASKS} tasks by events`);
const pushed = await page.evaluate(async (count) => {
  const { Midjourney } = await import("/browser.js");
  const mj = new Midjourney({ endpoint: "/api/v1/mj" });
  const late = [];
  for (let number = 0; number < count; number += 4) {
    const four = Array.from({ length: 4 }, async () => {
      const task = await mj.run({ taskType: "mj_txt2img", prompt: "a lighthouse", speed: "fast" });
      late.push(Date.now() - task.completedAt);
    });
    await Promise.all(four);
  }
  return late;
}, TASKS);
const readsPushed = looks / TASKS;

say(`push: ${POLLED_TASKS} tasks polled every 30 s`);
looks = 0;
const polled = await page.evaluate(async (count) => {
  const call = async (path, body) => (await (await fetch(`/api/v1/mj/${path}`, body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json()).data;
  const one = async () => {
    const { taskId } = await call("generate", { taskType: "mj_txt2img", prompt: "a lighthouse", speed: "fast" });
    for (;;) {
      const record = await call(`record-info?taskId=${taskId}`);
      if (record.successFlag === 1) return Date.now() - record.completeTime;
      await new Promise((resolve) => setTimeout(resolve, 30_000));
    }
  };
  return Promise.all(Array.from({ length: count }, one));
}, POLLED_TASKS);
const readsPolled = looks / POLLED_TASKS;
await browser.close();

say(`push: ${WATCHED_JOBS * WATCHERS_A_JOB} watchers over ${WATCHED_JOBS} jobs`);
const inspector = await inspect(inspectorPort);
const before = await inspector.memory();
looks = 0;
const watched = [];
const watchers = [];
for (let number = 0; number < WATCHED_JOBS; number++) {
  const token = tokens[number % CALLERS];
  const order = { method: "POST", headers: as(token), body: JSON.stringify({ taskType: "mj_txt2img", prompt: "a lighthouse [sim: seconds=20]" }) };
  const { taskId } = (await (await fetch(`${api}/generate`, order)).json()).data;
  for (let other = 0; other < WATCHERS_A_JOB; other++) watchers.push(watch(taskId, token));
}
async function watch(taskId, token) {
  const leaving = new AbortController();
  const response = await fetch(`${api}/events?taskId=${taskId}`, { headers: as(token), signal: leaving.signal });
  if (response.status !== 200) throw new Error(`a watcher got ${response.status}`);
  let text = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const done = /"completeTime":(\d+)/.exec(text);
    if (done && text.endsWith("\n\n")) {
      watched.push(Date.now() - Number(done[1]));
      leaving.abort();
      return;
    }
  }
}
await pause(1_000);
const during = await inspector.memory();
await Promise.all(watchers.map((watcher) => watcher.catch((error) => error.name === "AbortError" || Promise.reject(error))));
const readsWatched = looks / WATCHED_JOBS;
await pause(17_000);
const after = await inspector.memory();
inspector.close();
await Promise.all([gateway.stop(), simulator.stop()]);
counting.close();
site.close();

const sorted = (list) => list.toSorted?.((a, b) => a - b) ?? [...list].sort((a, b) => a - b);
const at50 = (list) => sorted(list)[Math.floor(list.length / 2)];
const at95 = (list) => sorted(list)[Math.floor(list.length * 0.95)];
console.log(`## From the vendor's end of a task to the page

In Chromium, over the package, a gateway that the vendor calls back, and the simulator; beside the same task polled every 30 s, as the
quick start does. ${watched.length} watchers over ${WATCHED_JOBS} jobs read their streams in one Node process.
`);
table(
  ["who waits", "tasks", "median, ms", "95 %, ms", "reads of the vendor a task"],
  [
    ["a page, by events", TASKS, at50(pushed), at95(pushed), readsPushed.toFixed(2)],
    ["a page that polls every 30 s", POLLED_TASKS, at50(polled), at95(polled), readsPolled.toFixed(2)],
    [`${watched.length} watchers`, WATCHED_JOBS, at50(watched), at95(watched), readsWatched.toFixed(2)],
  ],
);
const kib = (bytes) => (bytes / 1024).toFixed(0);
console.log("");
table(
  ["the gateway's memory", "before", `with ${watched.length} streams`, "after"],
  [
    ["WebAssembly, KiB", kib(before.webAssembly), kib(during.webAssembly), kib(after.webAssembly)],
    ["JavaScript heap, KiB", kib(before.heap), kib(during.heap), kib(after.heap)],
  ],
);
process.exit(0);
