/** The examples that people copy, as they stand, on the packed package. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Miniflare } from "miniflare";
import { freePort } from "../../tools/platform.js";
import { pageIn } from "../support/browsers.js";
import { countedSimulator, gatewayOn, gatewayOnSimulator, simulator, TOKEN } from "../support/servers.js";
import { exampleOf } from "./project.js";

async function nextPage(t, name, env) {
  const project = await exampleOf(name);
  project.remove(".next");
  await project.run(project.bin("next"), ["build"], env);
  const url = await project.serve(project.bin("next"), ["start", "--hostname", "127.0.0.1"], env, t);
  const { page } = await pageIn("chromium", t);
  await page.goto(url);
  await page.waitForNetworkIdle();
  // Twice, as people do.
  await page.evaluate(`{ const button = document.querySelector("button"); button.click(); button.click(); }`);
  await page.waitForFunction("document.images.length === 4 || document.querySelector('[role=status]').textContent.includes('billed')", { timeout: 30_000 });
  assert.equal(await page.$eval("[role=status]", (status) => status.textContent), "");
  assert.equal(await page.$$eval("img", (images) => images.length), 4);
}

test("examples/next-key: the page shows four images of a task whose key stays on the server, and submits once", async (t) => {
  const vendor = await simulator({ CREDITS: 100 });
  const key = "a-key-of-the-app";
  const env = { PORT: String(await freePort()), MIDAPI_ENDPOINT: `${vendor.url}/api/v1/mj`, MIDAPI_API_KEY: key };
  await nextPage(t, "next-key", env);
  // A fast task costs 8.
  assert.equal((await vendor.get("common/credit", key)).json.data, 92);
});

test("examples/next-gateway: the page shows four images of a task of its session, and submits once", async (t) => {
  const upstream = await countedSimulator();
  const PORT = String(await freePort());
  const gateway = await gatewayOn(upstream, { vars: { MIDAPI_SESSION_ORIGINS: `http://127.0.0.1:${PORT}` } });
  await nextPage(t, "next-gateway", { PORT, GATEWAY: gateway.url });
  assert.equal(upstream.submits.length, 1);
});

test("examples/worker-binding: the Worker submits and looks by its binding to the gateway", async () => {
  const project = await exampleOf("worker-binding");
  const wrangler = join(process.cwd(), "node_modules/.bin/wrangler");
  await project.run(wrangler, ["deploy", "--dry-run", "--outdir", "built"]);
  const gateway = await gatewayOnSimulator({});
  const bound = [];
  const worker = new Miniflare({
    modulesRoot: join(project.folder, "built"),
    scriptPath: join(project.folder, "built/worker.js"),
    modules: true,
    modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm", "**/*.wasm?module"] }],
    compatibilityDate: "2026-04-26",
    bindings: { MIDAPI_TOKEN: TOKEN },
    serviceBindings: {
      GATEWAY: async (request) => {
        const { pathname, search } = new URL(request.url);
        bound.push(`${request.method} ${pathname}`);
        const body = request.method === "POST" ? await request.text() : undefined;
        return fetch(gateway.url + pathname + search, { method: request.method, headers: request.headers, body });
      },
    },
  });
  after(() => worker.dispose());
  const { taskId } = await (await worker.dispatchFetch("http://app.example/?prompt=a+lighthouse")).json();
  const task = await (await worker.dispatchFetch(`http://app.example/?taskId=${taskId}`)).json();
  assert.equal(task.images.length, 4, JSON.stringify(task));
  assert.deepEqual(bound, ["POST /api/v1/mj/generate", "GET /api/v1/mj/record-info"]);
  const refused = await worker.dispatchFetch("http://app.example/?prompt=");
  assert.deepEqual([refused.status, (await refused.json()).field], [502, "prompt"]);
});

test("examples/hono-callbacks: a signed callback leads to the task's own record, and a forged one to nothing", async () => {
  const project = await exampleOf("hono-callbacks");
  const { receiver } = await import(pathToFileURL(join(project.folder, "app.js")));
  const vendor = await simulator();
  const submitted = await vendor.post("mj/generate", { taskType: "mj_txt2img", prompt: "a lighthouse" });
  const { taskId } = submitted.json.data;
  const tasks = [];
  const secret = "a-secret-of-the-tests";
  const app = receiver({ apiKey: "a-key-of-the-app", endpoint: `${vendor.url}/api/v1/mj`, secret, onTask: (task) => tasks.push(task) });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const post = (signedBy) => {
    const signature = createHmac("sha256", signedBy).update(`${taskId}.${timestamp}`).digest("base64");
    const headers = { "X-Webhook-Timestamp": timestamp, "X-Webhook-Signature": signature };
    const resultUrls = ["https://evil.example/1.png"];
    return app.request("/callbacks", { method: "POST", headers, body: JSON.stringify({ code: 200, msg: "success", data: { taskId, resultUrls } }) });
  };
  assert.equal((await post("another secret")).status, 400);
  assert.equal(tasks.length, 0);
  assert.equal((await post(secret)).status, 204);
  assert.deepEqual([tasks[0].taskId, tasks[0].images.length], [taskId, 4]);
  assert.ok(tasks[0].images.every(({ url }) => url.startsWith(vendor.url)));
});

test("examples/node-batch: stopped and killed while it runs, it goes on with what is left and submits each prompt once", async (t) => {
  const project = await exampleOf("node-batch");
  project.remove("batch.json", "batch.json.new");
  const upstream = await countedSimulator({ DURATIONS: { relaxed: 2 } });
  const gateway = await gatewayOn(upstream);
  writeFileSync(join(project.folder, "prompts.txt"), Array.from({ length: 8 }, (_, number) => `lighthouse ${number}\n`).join(""));
  const env = { ...process.env, MIDAPI_ENDPOINT: gateway.api, MIDAPI_API_KEY: TOKEN };
  const start = () => {
    const child = spawn("node", ["batch.js", "prompts.txt", "batch.json"], { cwd: project.folder, env });
    t.after(() => child.kill("SIGKILL"));
    const run = { child, output: "" };
    child.stdout.on("data", (text) => (run.output += text));
    child.stderr.on("data", (text) => (run.output += text));
    run.ended = new Promise((resolve) => child.on("close", resolve));
    return run;
  };
  const acceptedIn = async (run, count) => {
    for (const end = Date.now() + 20_000; upstream.submits.length < count; ) {
      if (Date.now() > end) assert.fail(`${upstream.submits.length} submits\n${run.output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    // Its answer is read and saved.
    await new Promise((resolve) => setTimeout(resolve, 700));
  };
  const stopped = start();
  await acceptedIn(stopped, 4);
  stopped.child.kill("SIGINT");
  await stopped.ended;
  const killed = start();
  await acceptedIn(killed, 8);
  killed.child.kill("SIGKILL");
  await killed.ended;
  const last = start();
  await last.ended;
  const saved = JSON.parse(readFileSync(join(project.folder, "batch.json"), "utf8"));
  assert.deepEqual(saved.map((item) => item.images?.length), Array(8).fill(4), last.output);
  assert.equal(upstream.submits.length, 8);
});

for (const [name, tests] of [["vitest", 5], ["msw", 3]]) {
  test(`examples/${name}: all of its tests pass on the packed package, and one that is wrong fails`, async (t) => {
    const { folder, run } = await exampleOf(name);
    const report = reportOf(await run("npm", ["test", "--", "--reporter=json"]));
    assert.deepEqual([report.numPassedTests, report.numTotalTests, report.success], [tests, tests, true]);
    const wrong = join(folder, "wrong.test.js");
    t.after(() => rmSync(wrong));
    writeFileSync(wrong, 'import { test } from "vitest";\ntest("x", () => { throw new Error("wrong"); });\n');
    await assert.rejects(run("npm", ["test", "--", "--reporter=json"]), /"numFailedTests":1/);
  });
}

/** Among what npm and the tests print. */
const reportOf = (output) => JSON.parse(/^\{"numTotalTestSuites".*$/m.exec(output)[0]);
