/** Apps on the packed package: in the runtimes of servers, and in a real browser behind bundlers. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { pageIn } from "../support/browsers.js";
import { program } from "../support/quickstart.js";
import { gatewayOnSimulator } from "../support/servers.js";
import { siteOn } from "../support/site.js";
import { appWith } from "./install.js";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const [deno, bun, webpack] = ["deno", "bun", "webpack"].map((name) => at(`node_modules/.bin/${name}`));
const [vite, vite7] = ["vite", "vite7"].map((name) => at(`node_modules/${name}/bin/vite.js`));
const esbuild = at("../../node_modules/.bin/esbuild");

/** An app of these fixtures that ends with the test, and how to run programs in its folder. */
async function app(t, ...fixtures) {
  const folder = await appWith(fixtures.map((name) => `fixtures/${name}`));
  t.after(() => rmSync(folder, { recursive: true }));
  // What Deno keeps, it keeps there, and it asks nobody for news of itself.
  const env = { ...process.env, DENO_DIR: join(folder, "deno"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
  return { folder, run: (name, args) => program(name, args, { cwd: folder, env }) };
}

/** What `server-app.js` prints when all is well. */
const DONE = {
  images: [1, 2, 3, 4],
  same: true,
  large: 1,
  varied: 4,
  more: 1,
  credits: { min: 8, max: 8, estimate: true, time: { min: 30_000, max: 120_000, samples: 0, estimate: true } },
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
};

const gatewayWithStates = () => gatewayOnSimulator({ DURATIONS: { fast: 1 } });

const NETWORK = "--allow-net=127.0.0.1";
const RUNTIMES = [
  ["Node", "node"],
  ["Deno, with no permission but the network", deno, "run", "--no-prompt", NETWORK],
  ["Bun", bun, "run"],
];

for (const [runtime, name, ...args] of RUNTIMES) {
  test(`runs in ${runtime}`, async (t) => {
    const { run } = await app(t, "server-app.js");
    const { api } = await gatewayWithStates();
    assert.deepEqual(JSON.parse(await run(name, [...args, "server-app.js", api])), DONE);
  });
}

for (const [runtime, name, ...args] of RUNTIMES) {
  test(`reads and verifies callbacks in ${runtime.replace(" but the network", "")}`, async (t) => {
    const { run } = await app(t, "webhooks.js");
    const body = readFileSync(at("../core/fixtures/documented-callback-success.json"), "utf8");
    const options = args.filter((option) => option !== NETWORK);
    assert.deepEqual(JSON.parse(await run(name, [...options, "webhooks.js", body])), {
      type: "ended",
      taskId: "mj_task_12345",
      images: 4,
      verified: "mj_task_12345",
      refused: { kind: "unverified", billed: "no" },
    });
  });
}

/** A host of one file that breaks off the first time; returns its URL, and how often it was asked by which program. */
async function breakingHost(t) {
  const file = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(50_000)]);
  const asked = [];
  const server = createServer(({ headers }, response) => {
    asked.push(headers["user-agent"]);
    response.writeHead(200, { "Content-Length": file.length });
    if (asked.length > 1) response.end(file);
    else response.write(file.subarray(0, 20_000), () => response.socket.end());
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  t.after(() => (server.closeAllConnections(), server.close()));
  return { url: `http://127.0.0.1:${server.address().port}`, asked, length: file.length };
}

for (const [runtime, name, ...args] of RUNTIMES) {
  test(`saves results in ${runtime.replace("no permission but the network", "permission for the network and the folder")}`, async (t) => {
    const { folder, run } = await app(t, "save-app.js");
    const { api } = await gatewayWithStates();
    const host = await breakingHost(t);
    const results = join(folder, "results");
    const permitted = args.includes(NETWORK) ? [...args, `--allow-read=${results}`, `--allow-write=${results}`] : args;
    assert.deepEqual(JSON.parse(await run(name, [...permitted, "save-app.js", api, host.url, results])), {
      names: ["broken-1.png", ...[1, 2, 3, 4].map((index) => `task-${index}.png`)],
      same: true,
      entries: 5,
      steps: ["1/5", "2/5", "3/5", "4/5", "5/5"],
      broken: host.length,
      signatures: ["PNG"],
      whole: true,
    });
    assert.equal(host.asked.length, 2);
    for (const agent of host.asked) assert.match(agent, /^midapi\/\d/);
  });
}

test("runs in a program of one file that Bun made", async (t) => {
  const { folder, run } = await app(t, "server-app.js");
  await run(bun, ["build", "--compile", "--outfile", "made", "server-app.js"]);
  rmSync(join(folder, "node_modules"), { recursive: true });
  const { api } = await gatewayWithStates();
  assert.deepEqual(JSON.parse(await run(join(folder, "made"), [api])), DONE);
});

test("is required from CommonJS, in Node and Bun", async (t) => {
  const { run } = await app(t, "require.cjs");
  const { api } = await gatewayOnSimulator({});
  for (const runtime of ["node", bun]) {
    assert.deepEqual(JSON.parse(await run(runtime, ["require.cjs", api])), { images: 4, record: 4 });
  }
});

test("says what to do where `require` can't, as before Node 20.19", async (t) => {
  const { run } = await app(t, "require.cjs");
  const old = run("node", ["--no-experimental-require-module", "require.cjs"]);
  await assert.rejects(old, /Instead change the require .* to a dynamic import\(\)/);
});

test("is started by hand, by `init` with the module", async (t) => {
  const { run } = await app(t, "init.js");
  const { api } = await gatewayOnSimulator({});
  assert.deepEqual(JSON.parse(await run("node", ["init.js", api])), {
    failed: "CompileError",
    duringFailed: { kind: "misconfigured", billed: "no", retryable: false, isError: true },
    images: 4,
    again: "nothing",
    credits: 8,
  });
});

test("shows images in a page that Vite built", async (t) => {
  const { folder, run } = await app(t, "app.js", "index.html", "vite");
  await run("node", [vite, "build"]);
  await showsImages(await siteOf(join(folder, "dist"), t), t);
});

for (const [version, fixture, server] of [
  ["Vite's dev server", "vite", vite],
  ["the dev server of Vite 7 told to leave the package as it is", "vite7", vite7],
]) {
  test(`shows images in a page of ${version}`, async (t) => {
    const { folder } = await app(t, "app.js", "index.html", fixture);
    const appServer = await siteOn(await gatewayOnSimulator({}), () => undefined, t);
    await showsImages(await devServer(server, folder, { APP_SERVER: appServer }, t), t);
  });
}

test("shows images in a page that webpack built", async (t) => {
  const { folder, run } = await app(t, "app.js", "index.html", "webpack");
  await run(webpack, []);
  cpSync(join(folder, "index.html"), join(folder, "dist/index.html"));
  await showsImages(await siteOf(join(folder, "dist"), t), t);
});

test("shows images in a page that esbuild built, with the module beside the bundle", async (t) => {
  const { folder, run } = await app(t, "app.js", "index.html");
  await run(esbuild, ["app.js", "--bundle", "--minify", "--format=esm", "--outdir=dist"]);
  cpSync(join(folder, "index.html"), join(folder, "dist/index.html"));
  cpSync(join(folder, "node_modules/midapi/midapi_bg.wasm"), join(folder, "dist/midapi_bg.wasm"));
  await showsImages(await siteOf(join(folder, "dist"), t), t);
});

for (const loader of ["file", "binary"]) {
  test(`shows images in a page that esbuild built around the module, with its loader \`${loader}\``, async (t) => {
    const { folder, run } = await app(t, "index.html", "esbuild");
    await run(esbuild, ["app.js", "--bundle", "--minify", "--format=esm", `--loader:.wasm=${loader}`, "--outdir=dist"]);
    cpSync(join(folder, "index.html"), join(folder, "dist/index.html"));
    await showsImages(await siteOf(join(folder, "dist"), t), t);
  });
}

/** Serves a folder and a gateway on a simulator as one site. */
async function siteOf(folder, t) {
  const gateway = await gatewayOnSimulator({});
  return siteOn(gateway, (path) => join(folder, path === "/" ? "index.html" : path), t);
}

/** Starts Vite's dev server, which ends with the test; returns its URL. */
function devServer(server, folder, env, t) {
  const options = ["--host", "127.0.0.1", "--port", "0"];
  const child = spawn("node", [server, ...options], { cwd: folder, env: { ...process.env, NO_COLOR: "1", ...env } });
  t.after(() => child.kill());
  return new Promise((resolve, reject) => {
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text) => {
        output += text;
        const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(output)?.[0];
        if (url) resolve(url);
      });
    }
    child.on("close", (code) => reject(new Error(`vite ended with ${code}\n${output}`)));
  });
}

/** Opens the page in a browser and sees four images, with no complaint. */
async function showsImages(url, t) {
  const { page, problems } = await pageIn("chromium", t);
  await page.goto(url);
  await page.waitForFunction("document.title === '4 images, 8 credits'", { timeout: 20_000 }).catch((error) => {
    throw new Error(problems.join("\n"), { cause: error });
  });
  const widths = "Promise.all([...document.images].map((image) => image.decode().then(() => image.naturalWidth > 0)))";
  assert.deepEqual(await page.evaluate(widths), [true, true, true, true]);
  assert.deepEqual(problems, []);
}
