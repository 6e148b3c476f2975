/** What `cargo xtask dev` becomes once everything is built: the server a developer uses. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { KEY } from "../support/servers.js";

const DEV = fileURLToPath(new URL("../../tools/dev.js", import.meta.url));
const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };

/** Starts it, waits for its `ready` line and returns its address, what it prints, and how it ends. */
async function dev({ env, devVars = "", args = ["--port", "0"] }) {
  // In a folder of its own: the developer's own .dev.vars may hold a key that spends money.
  const cwd = mkdtempSync(join(tmpdir(), "midapi-dev-"));
  writeFileSync(join(cwd, ".dev.vars"), devVars);
  const child = spawn("node", [DEV, ...args], { cwd, env: { PATH: process.env.PATH, ...env } });
  const started = { child, output: "", ended: once(child, "exit") };
  child.on("exit", () => rmSync(cwd, { recursive: true }));
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (started.output += text));
  const ready = /^ready (http:\/\/127\.0\.0\.1:\d+)$/m;
  while (!ready.test(started.output) && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 50));
  started.url = ready.exec(started.output)?.[1];
  return started;
}

const generate = ({ url, output }) =>
  fetch(`${url}/api/v1/mj/generate`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${/^token for programs: (\S+)$/m.exec(output)[1]}` },
    body: JSON.stringify(IMAGE),
  }).then((response) => response.json());

test("without a key it is on the simulator, says so, and ends when it is told", async () => {
  const server = await dev({});
  assert.match(server.output, /^upstream the simulator at http:\/\/127\.0\.0\.1:\d+: nothing is spent/m);
  assert.equal((await generate(server)).code, 200);
  assert.match(await (await fetch(server.url)).text(), /<title>midapi studio<\/title>/);
  server.child.kill("SIGTERM");
  assert.deepEqual(await server.ended, [0, null]);
  await assert.rejects(fetch(server.url), "nothing listens any more");
});

for (const [source, settings] of [
  ["the environment", (vars) => ({ env: vars })],
  [".dev.vars", (vars) => ({ devVars: Object.entries(vars).map(([name, value]) => `${name}="${value}"`).join("\n") })],
]) {
  test(`with a key from ${source} it is on the configured upstream, and shows the key nowhere`, (t) => onUpstream(t, source, settings));
}

async function onUpstream(t, source, settings) {
  const seen = [];
  const vendor = createServer((request, response) => {
    seen.push([request.url, request.headers.authorization]);
    response.end(JSON.stringify({ code: 200, msg: "success", data: { taskId: "a" } }));
  });
  await new Promise((ready) => vendor.listen(0, "127.0.0.1", ready));
  t.after(() => vendor.close());
  const upstream = `http://127.0.0.1:${vendor.address().port}`;
  const server = await dev(settings({ MIDAPI_API_KEY: KEY, MIDAPI_UPSTREAM_URL: upstream }));
  assert.ok(server.output.includes(`upstream ${upstream}, with the key from ${source}: tasks cost credits`));
  assert.equal((await generate(server)).code, 200);
  assert.deepEqual(seen, [["/api/v1/mj/generate", `Bearer ${KEY}`]]);
  server.child.kill("SIGHUP");
  await server.ended;
  await assert.rejects(fetch(server.url), "no gateway with a key is left behind");
  assert.ok(!server.output.includes(KEY));
}

test("a port in use is one clear line", async (t) => {
  const other = createTcpServer().listen(0, "127.0.0.1");
  t.after(() => other.close());
  await once(other, "listening");
  const { port } = other.address();
  const server = await dev({ args: ["--port", String(port)] });
  const [code] = await server.ended;
  assert.equal(code, 1);
  assert.ok(server.output.includes(`port ${port} is in use: end what uses it, or choose another with --port`), server.output);
  assert.equal(server.output.trim().split("\n").length, 1, server.output);
});

test("what is set up wrongly is said at once, and nothing is served", async () => {
  const server = await dev({ env: { MIDAPI_DAILY_CREDITS: "lots" } });
  const [code] = await server.ended;
  assert.equal(code, 1);
  assert.match(server.output, /^misconfigured: the gateway's variable MIDAPI_DAILY_CREDITS must be a whole number of credits$/m);
  assert.doesNotMatch(server.output, /^ready/m);
});

test("a variable of wrangler.toml can be set for dev, also with a key", async (t) => {
  const bodies = [];
  const vendor = createServer(async (request, response) => {
    bodies.push(JSON.parse(Buffer.concat(await request.toArray())));
    response.end(JSON.stringify({ code: 200, msg: "success", data: { taskId: "a" } }));
  });
  await new Promise((ready) => vendor.listen(0, "127.0.0.1", ready));
  t.after(() => vendor.close());
  const upstream = `http://127.0.0.1:${vendor.address().port}`;
  const server = await dev({ env: { MIDAPI_API_KEY: KEY, MIDAPI_UPSTREAM_URL: upstream, MIDAPI_PUBLIC_URL: "https://tunnel.example" } });
  assert.equal((await generate(server)).code, 200);
  assert.match(bodies[0].callBackUrl, /^https:\/\/tunnel\.example\/api\/v1\/callback\//);
  server.child.kill("SIGTERM");
  await server.ended;
});
