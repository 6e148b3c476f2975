/** A crash of the WebAssembly module, in Node, a page and a Worker. The module panics on the word "crash". */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { Midjourney } from "../../build/crash/package/node.js";
import * as glue from "../../build/crash/package/midapi.js";
import { pageIn } from "../support/browsers.js";
import { siteOn } from "./site.js";
import { IMAGE, envelope, failure, pause, stub } from "./stub.js";

const PACKAGE = fileURLToPath(new URL("../../build/crash/package/", import.meta.url));

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

/** What a program of a page or a Worker does: a call in flight, one that crashes, and the next. */
const PROGRAM = `
  const { Midjourney } = entry;
  const mj = new Midjourney({ endpoint: "https://gateway.example/api/v1/mj" });
  const image = { taskType: "mj_txt2img", prompt: "a lighthouse" };
  const kind = (call) => call.then(() => "fine", ({ kind, billed }) => kind + ", billed: " + billed);
  await mj.lint(image); // by now the module is there: in a page it is fetched, too
  globalThis.fetch = () => new Promise(() => {});
  const inFlight = kind(mj.generate(image));
  await new Promise((resolve) => setTimeout(resolve, 10));
  const outcome = { sync: await kind(mj.lint("crash")), inFlight: await inFlight };
  globalThis.fetch = async () => new Response("crash");
  outcome.async = await kind(mj.status("a"));
  globalThis.fetch = async () => Response.json({ code: 200, data: { taskId: "b" } });
  outcome.next = await kind(mj.generate(image));
`;
const OUTCOME = {
  sync: "crashed, billed: no",
  inFlight: "crashed, billed: unknown",
  async: "crashed, billed: no",
  next: "fine",
};

test("in a page the same", async (t) => {
  const empty = fileURLToPath(new URL("fixtures/empty.html", import.meta.url));
  const url = await siteOn(undefined, (path) => (path === "/" ? empty : join(PACKAGE, path)), t);
  const { page, problems } = await pageIn("chromium", t);
  await page.goto(url);
  const script = `(async () => { const entry = await import("${url}browser.js"); ${PROGRAM} return outcome })()`;
  assert.deepEqual(await page.evaluate(script), OUTCOME);
  assert.deepEqual(problems.filter((problem) => !problem.startsWith("midapi crashed at")), []);
});

test("in a Worker the same", async (t) => {
  const worker = new Miniflare({
    modules: [
      { type: "ESModule", path: join(PACKAGE, "worker.js"), contents: `import * as entry from "./workerd.js"; export default { async fetch() { ${PROGRAM} return Response.json(outcome) } }` },
      ...["workerd", "midapi", "midjourney", "host", "batch", "errors", "json"].map((name) => ({ type: "ESModule", path: join(PACKAGE, `${name}.js`) })),
      { type: "CompiledWasm", path: join(PACKAGE, "midapi_bg.wasm") },
    ],
    modulesRoot: PACKAGE,
    compatibilityDate: "2026-04-26",
  });
  t.after(() => worker.dispose());
  assert.deepEqual(await (await worker.dispatchFetch("http://app.example/")).json(), OUTCOME);
});
