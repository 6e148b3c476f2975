/** The packed package, in the runtimes it is for. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { pageIn } from "../support/browsers.js";
import { program, reachesItsLastLine } from "../support/quickstart.js";
import { gatewayOnSimulator, simulator } from "../support/servers.js";
import { siteOn } from "../support/site.js";
import { appWith, installed, tarball } from "./install.js";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const bin = (name) => at(`../../node_modules/.bin/${name}`);
const checker = (name) => at(`node_modules/.bin/${name}`);

describe("the packed package", () => {
  let app;
  before(async () => {
    app = await appWith([
      "fixtures/worker.js",
      "fixtures/wrangler.toml",
      "fixtures/types.ts",
      "fixtures/types.cts",
      "fixtures/types-node.ts",
      "fixtures/types-5.4.ts",
      "fixtures/types-simulator.ts",
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

  test("is found in order by publint", async () => {
    const report = await program(checker("publint"), ["run", await tarball(), "--strict"]);
    assert.match(report, /All good!/);
  });

  test("is found in order by attw", async () => {
    // Judged as ES modules alone, which the package is. attw goes by TypeScript's `node16`, where CommonJS can't require
    // them; since Node 20.19 it can (apps.test.js), and by TypeScript's `nodenext` (types.cts).
    const report = await program(checker("attw"), [await tarball(), "--profile", "esm-only", "--format", "json"]);
    const { analysis } = JSON.parse(report);
    assert.deepEqual(Object.keys(analysis.entrypoints), Object.keys(installed(app).exports));
    assert.deepEqual(analysis.problems.filter(({ resolutionKind }) => resolutionKind !== "node16-cjs"), []);
  });

  test("runs the quick start's JavaScript program to its last line", async () => {
    const gateway = await gatewayOnSimulator({ DURATIONS: { fast: 1, upscale: 1 } });
    const output = await program("node", ["quickstart.js", gateway.api], { cwd: app });
    assert.ok(output.includes("Task is generating, continue waiting..."), output);
    reachesItsLastLine(output);
  });

  test("runs in workerd, server-side, with a key, and reads callbacks", async () => {
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
      const body = readFileSync(at("../core/fixtures/documented-callback-success.json"), "utf8");
      const callback = await worker.dispatchFetch("http://app.example/", { method: "POST", body });
      assert.equal((await callback.json()).task.images.length, 4);
    } finally {
      await worker.dispose();
    }
  });

  test("runs in a page without a bundler, and refuses a key there", async (t) => {
    const gateway = await gatewayOnSimulator({});
    const failedOnce = new Set();
    const url = await siteOn(gateway, (path) => {
      if (path === "/") return at("fixtures/page.html");
      // The module is not there the first time.
      if (!path.endsWith(".wasm") || failedOnce.has(path)) return join(app, "node_modules", path);
      failedOnce.add(path);
    }, t);
    const { page, problems } = await pageIn("chromium", t);
    await page.goto(url);
    await page.waitForFunction("window.outcome", { timeout: 20_000 }).catch((error) => {
      throw new Error(problems.join("\n"), { cause: error });
    });
    assert.deepEqual(await page.evaluate("window.outcome"), {
      keyRefused: true,
      loadedBeforeTheFirstCall: false,
      withoutModule: { kind: "misconfigured", billed: "no", retryable: false },
      images: 4,
      warnings: 1,
      modules: 1,
    });
    assert.deepEqual(problems.filter((problem) => !problem.includes("404")), []);
  });

  test("has types that take what is right and refuse what is wrong", async () => {
    const strict = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--skipLibCheck", "false"];
    const tsc = (...options) => program(bin("tsc"), ["--noEmit", "--target", "es2022", ...strict, ...options], { cwd: app });
    await tsc("--module", "nodenext", "types.ts", "types.cts", "types-simulator.ts");
    await tsc("--module", "esnext", "--moduleResolution", "bundler", "types.ts", "types-simulator.ts");
    const nodeAlone = ["--lib", "es2023", "--typeRoots", at("../../node_modules/@types"), "--types", "node"];
    await tsc("--module", "nodenext", ...nodeAlone, "types-node.ts", "types-simulator.ts");
    const oldest = at("node_modules/typescript54/bin/tsc");
    const options = ["--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--typeRoots", "none"];
    await program("node", [oldest, ...strict, ...options, "types-5.4.ts"], { cwd: app });
  });

  test("has documents that link to no file, as npm's page has none, and that name files which are there", () => {
    const folder = join(app, "node_modules/midapi");
    const documents = ["README.md", ...readdirSync(join(folder, "docs")).map((name) => `docs/${name}`)];
    for (const document of documents) {
      const text = readFileSync(join(folder, document), "utf8");
      const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target);
      assert.deepEqual(links.filter((target) => !/^(https?:|#)/.test(target)), [], document);
      for (const [, name] of text.matchAll(/`(docs\/[^`]+\.md)`/g)) assert.ok(existsSync(join(folder, name)), name);
    }
    assert.ok(documents.length > 5);
  });
});
