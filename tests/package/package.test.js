/** The packed package, in the runtimes it is for. */
import assert from "node:assert/strict";
import { createReadStream, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { pageIn } from "../support/browsers.js";
import { program, reachesItsLastLine } from "../support/quickstart.js";
import { gatewayOnSimulator, simulator } from "../support/servers.js";
import { appWith, installed } from "./install.js";

const bin = (name) => fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));

describe("the packed package", () => {
  let app;
  before(async () => {
    app = await appWith([
      "fixtures/node-app.js",
      "fixtures/worker.js",
      "fixtures/wrangler.toml",
      "fixtures/types.ts",
      "../quickstart/quickstart.js",
    ]);
  });

  after(() => rmSync(app, { recursive: true }));

  test("names itself and brings no dependency", () => {
    const manifest = installed(app);
    assert.equal(manifest.name, "midapi");
    assert.match(manifest.version, /^\d+\.\d+\.\d+$/);
    assert.notEqual(manifest.version, "0.0.0");
    assert.equal(manifest.dependencies, undefined);
  });

  test("runs in Node", async () => {
    const gateway = await gatewayOnSimulator({ DURATIONS: { fast: 1 } });
    const output = JSON.parse(await program("node", ["node-app.js", gateway.api], { cwd: app }));
    assert.deepEqual(output, {
      images: [1, 2, 3, 4],
      same: true,
      large: 1,
      record: 4,
      states: ["running", "succeeded"],
      error: {
        name: "MidjourneyError",
        message: "prompt: must be 1 to 2000 characters of text",
        kind: "invalid_request",
        field: "prompt",
        billed: "no",
        retryable: false,
      },
      isError: true,
    });
  });

  test("runs the quick start's JavaScript program to its last line", async () => {
    const gateway = await gatewayOnSimulator({ DURATIONS: { fast: 1, upscale: 1 } });
    const output = await program("node", ["quickstart.js", gateway.api], { cwd: app });
    assert.ok(output.includes("Task is generating, continue waiting..."), output);
    reachesItsLastLine(output);
  });

  test("runs in workerd, server-side, with a key", async () => {
    const { url } = await simulator();
    const built = join(app, "built");
    await program(bin("wrangler"), ["deploy", "--dry-run", "--outdir", built], {
      cwd: app,
      env: { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" },
    });
    const worker = new Miniflare({
      modules: true,
      modulesRoot: built,
      modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
      scriptPath: join(built, "worker.js"),
      compatibilityDate: "2026-04-26",
      bindings: { ENDPOINT: `${url}/api/v1/mj` },
    });
    try {
      const response = await worker.dispatchFetch("http://app.example/");
      const task = await response.json();
      assert.equal(task.images.length, 4, JSON.stringify(task));
    } finally {
      await worker.dispose();
    }
  });

  test("runs in a page without a bundler, and refuses a key there", async (t) => {
    const gateway = await gatewayOnSimulator({});
    const server = await siteOn(app, gateway);
    t.after(() => server.close());
    const { page, problems } = await pageIn("chromium", t);
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.waitForFunction("window.outcome", { timeout: 20_000 }).catch((error) => {
      throw new Error(problems.join("\n"), { cause: error });
    });
    assert.deepEqual(await page.evaluate("window.outcome"), {
      keyRefused: true,
      loadedBeforeTheFirstCall: false,
      withoutModule: { kind: "network", billed: "no", retryable: true },
      images: 4,
    });
    assert.deepEqual(problems.filter((problem) => !problem.includes("503")), []);
  });

  test("has types that take what is right and refuse what is wrong", async () => {
    const options = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--skipLibCheck", "false"];
    await program(bin("tsc"), [...options, "types.ts"], { cwd: app });
  });
});

/** A site that serves the installed package as files, and passes its API calls to a gateway as a same-origin server would. The module's
 * first download fails. */
async function siteOn(app, gateway) {
  let failedOnce = false;
  const types = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };
  const server = createServer(async (request, response) => {
    if (request.url.startsWith("/api/")) {
      const body = request.method === "POST" ? Buffer.concat(await request.toArray()) : undefined;
      const asked = { "Content-Type": request.headers["content-type"] ?? "" };
      const answer = await fetch(gateway.url + request.url, { method: request.method, headers: asked, body });
      const pace = answer.headers.get("Retry-After");
      const headers = { "Content-Type": "application/json", ...(pace && { "Retry-After": pace }) };
      response.writeHead(answer.status, headers).end(await answer.text());
      return;
    }
    if (request.url.endsWith(".wasm") && !failedOnce) {
      failedOnce = true;
      return response.writeHead(503).end();
    }
    const path = request.url.startsWith("/midapi/")
      ? join(app, "node_modules", request.url)
      : fileURLToPath(new URL("fixtures/page.html", import.meta.url));
    if (request.url === "/favicon.ico") return response.writeHead(204).end();
    response.writeHead(200, { "Content-Type": types[path.split(".").at(-1)] });
    createReadStream(path).pipe(response);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return server;
}
