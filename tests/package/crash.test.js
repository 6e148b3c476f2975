/** Row 38, the package's part: a panic ends no promise for ever, and the next call works. On a build that can be told to. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { folderOf } from "../support/folder.js";
import { pageIn } from "../support/browsers.js";
import { siteOn } from "../support/site.js";
import { CRASHING, crashing } from "./crashing.js";
import { EXPECTED, crashes } from "./fixtures/crash.js";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** What the module says of a crash: where, never with which values. */
const REPORT = /^midapi crashed at src\/crash\.rs:\d+$/;

test("row 38: the package survives its crashes in Node", async (t) => {
  const unheard = [];
  const note = (reason) => unheard.push(reason);
  process.on("unhandledRejection", note);
  const printed = t.mock.method(console, "error", () => {});
  const realFetch = globalThis.fetch;
  t.after(() => (globalThis.fetch = realFetch));
  const outcome = await crashes(await crashing());
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off("unhandledRejection", note);
  assert.deepEqual(outcome, EXPECTED);
  assert.deepEqual(unheard, []);
  const lines = printed.mock.calls.map(({ arguments: [line] }) => line);
  assert.ok(lines.length >= 43, String(lines.length));
  for (const line of lines) assert.match(line, REPORT);
});

test("row 38: the package survives its crashes in a page", async (t) => {
  const html = `<!doctype html><link rel="icon" href="data:," /><script type="module">
    import { Midjourney, isMidjourneyError } from "/midapi/browser.js";
    import { Client } from "/midapi/midapi.js";
    import { crashes } from "/crash.js";
    window.unheard = [];
    for (const name of ["error", "unhandledrejection"]) addEventListener(name, ({ reason, message }) => unheard.push(String(reason ?? message)));
    const outcome = await crashes({ Midjourney, isMidjourneyError, Client }).catch((error) => error.stack);
    await new Promise((resolve) => setTimeout(resolve, 20));
    window.outcome = outcome;
  </script>`;
  const folder = folderOf(t);
  writeFileSync(join(folder, "index.html"), html);
  const url = await siteOn(undefined, (path) => {
    if (path === "/") return join(folder, "index.html");
    return path === "/crash.js" ? at("fixtures/crash.js") : join(CRASHING, path.replace("/midapi/", ""));
  }, t);
  const { page, problems } = await pageIn("chromium", t);
  await page.goto(url);
  await page.waitForFunction("window.outcome", { timeout: 20_000 }).catch((error) => {
    throw new Error(problems.join("\n"), { cause: error });
  });
  assert.deepEqual(await page.evaluate("window.outcome"), EXPECTED);
  assert.deepEqual(await page.evaluate("window.unheard"), []);
  for (const problem of problems) assert.match(problem, REPORT);
});

test("row 38: the package survives its crashes in workerd", async (t) => {
  const folder = folderOf(t);
  for (const file of ["workerd.js", "client.js", "batch.js", "crash.js", "downloads.js", "errors.js", "exports.js", "loader.js", "plain.js", "tasks.js", "uploads.js", "words.js", "midapi.js", "midapi_bg.wasm"]) {
    cpSync(join(CRASHING, file), join(folder, file));
  }
  cpSync(at("fixtures/crash.js"), join(folder, "crashes.js"));
  writeFileSync(
    join(folder, "worker.js"),
    `import { Midjourney, isMidjourneyError } from "./workerd.js";
    import { Client } from "./midapi.js";
    import { crashes } from "./crashes.js";
    const unheard = [];
    addEventListener("unhandledrejection", ({ reason }) => unheard.push(String(reason)));
    export default {
      async fetch() {
        const outcome = await crashes({ Midjourney, isMidjourneyError, Client }).catch((error) => error.stack);
        await new Promise((resolve) => setTimeout(resolve, 20));
        return Response.json({ outcome, unheard });
      },
    };`,
  );
  const worker = new Miniflare({
    modules: true,
    modulesRoot: folder,
    modulesRules: [
      { type: "ESModule", include: ["**/*.js"] },
      { type: "CompiledWasm", include: ["**/*.wasm"] },
    ],
    scriptPath: join(folder, "worker.js"),
    compatibilityDate: "2026-04-26",
    handleRuntimeStdio: () => {},
  });
  t.after(() => worker.dispose());
  const response = await worker.dispatchFetch("http://app.example/");
  const { outcome, unheard } = await response.json();
  assert.deepEqual(outcome, EXPECTED);
  assert.deepEqual(unheard, []);
});

test("row 38: the build that can be told to crash is not the one that is published", () => {
  assert.ok(readFileSync(join(CRASHING, "midapi_bg.wasm")).includes("src/crash.rs"));
  assert.ok(!readFileSync(at("../../dist/midapi_bg.wasm")).includes("crash.rs"));
});

test("row 38: memory is flat over 5,000 calls", async (t) => {
  // Of the module: what the host's collector holds is its own.
  const { Midjourney } = await import("../../dist/node.js");
  const { default: init } = await import("../../dist/midapi.js");
  const realFetch = globalThis.fetch;
  t.after(() => (globalThis.fetch = realFetch));
  const text = "x".repeat(20_000);
  globalThis.fetch = async (url, { body }) => {
    if (body?.includes("refuse")) return Response.json({ code: 402, msg: text, data: null });
    return Response.json({ code: 200, data: body ? { taskId: "a" } : { taskId: "a", successFlag: 0, text } });
  };
  const mj = new Midjourney({ endpoint: "https://app.example/api/v1/mj" });
  const round = async (calls) => {
    for (let call = 0; call < calls; call += 5) {
      await Promise.allSettled([
        mj.status("a"),
        mj.record("a"),
        mj.generate({ taskType: "mj_txt2img", prompt: "x".repeat(2000) }),
        mj.generate({ taskType: "mj_txt2img", prompt: "refuse" }),
        mj.lint({ taskType: "mj_txt2img", prompt: "--ar --v" }),
      ]);
    }
  };
  await round(500);
  const { memory } = await init();
  const before = memory.buffer.byteLength;
  await round(5000);
  t.diagnostic(`the module's memory: ${before} bytes before, ${memory.buffer.byteLength} after 5,000 calls`);
  assert.equal(memory.buffer.byteLength, before);
});
