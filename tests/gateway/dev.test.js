/** `cargo xtask dev`: the server a developer uses. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { folderOf } from "../support/folder.js";
import { KEY, TOKEN, entry } from "../support/servers.js";

const XTASK = process.env.XTASK ?? fileURLToPath(new URL("../../target/debug/xtask", import.meta.url));
const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };

/**
 * Starts it, waits for its `ready` line and returns its address, what it prints, and how it ends. The folder is one of the
 * test's: the developer's own .dev.vars may hold a key that spends money.
 */
async function dev(t, { env = {}, devVars, folder = folderOf(t), args = [] } = {}) {
  if (devVars !== undefined) writeFileSync(join(folder, ".dev.vars"), devVars);
  const temporary = join(folder, "tmp");
  mkdirSync(temporary, { recursive: true });
  const ofTheMachine = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("MIDAPI_")));
  const child = spawn(XTASK, ["dev", "--port", "0", "--folder", folder, ...args], {
    env: { ...ofTheMachine, TMPDIR: temporary, ...env },
  });
  const started = { child, folder, output: "", ended: once(child, "exit") };
  t.after(() => child.kill("SIGTERM") && started.ended);
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (started.output += text));
  const ready = /^ready (http:\/\/127\.0\.0\.1:\d+)$/m;
  while (!ready.test(started.output) && child.exitCode === null) await pause(50);
  started.url = ready.exec(started.output)?.[1];
  /** What is left in the system's folder for temporary files. */
  started.left = () => readdirSync(temporary);
  return started;
}

const tokenOf = ({ output }) => /^token for programs: (\S+)$/m.exec(output)[1];
const call = (server, path, init = {}, token = tokenOf(server)) =>
  fetch(`${server.url}/api/v1/${path}`, { ...init, headers: { Authorization: `Bearer ${token}`, ...init.headers } }).then((response) => response.json());
const generate = (server, headers, token) =>
  call(server, "mj/generate", { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(IMAGE) }, token);

/** A vendor that takes every task; `seen` holds what reached it. */
async function vendor(t) {
  const seen = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    seen.push({ url: request.url, authorization: request.headers.authorization, body });
    response.end(JSON.stringify({ code: 200, msg: "success", data: { taskId: `task-${seen.length}` } }));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  t.after(() => server.close());
  return { seen, url: `http://127.0.0.1:${server.address().port}` };
}

const isAlive = (pid) => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};
const children = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
/** The process that serves, and the runtimes it started. */
const processesOf = ({ child }) => {
  const [server, ...others] = children(child.pid);
  assert.equal(others.length, 0);
  return { server, runtimes: children(server).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("workerd")) };
};
/** Waits for these to end, for 10 s at the most. */
async function end(pids) {
  for (let tries = 0; tries < 200 && pids.some(isAlive); tries++) await pause(50);
  assert.deepEqual(pids.filter(isAlive), [], "processes are left behind");
}

test("without a key dev uses the simulator, says so, and ends on SIGTERM", async (t) => {
  const server = await dev(t);
  assert.match(server.output, /^upstream the simulator at http:\/\/127\.0\.0\.1:\d+: nothing is spent/m);
  assert.equal((await generate(server)).code, 200);
  assert.match(await (await fetch(server.url)).text(), /<title>midapi studio<\/title>/);
  const { server: pid, runtimes } = processesOf(server);
  server.child.kill("SIGTERM");
  assert.deepEqual(await server.ended, [0, null]);
  await assert.rejects(fetch(server.url), "nothing listens any more");
  await end([pid, ...runtimes]);
  assert.deepEqual(server.left(), []);
});

for (const [source, settings] of [
  ["the environment", (vars) => ({ env: vars })],
  [".dev.vars", (vars) => ({ devVars: Object.entries(vars).map(([name, value]) => `${name}="${value}"`).join("\n") })],
]) {
  test(`with a key from ${source} dev uses the configured upstream and shows the key nowhere`, async (t) => {
    const { seen, url } = await vendor(t);
    const server = await dev(t, settings({ MIDAPI_API_KEY: KEY, MIDAPI_UPSTREAM_URL: url }));
    assert.ok(server.output.includes(`upstream ${url}, with the key from ${source}: tasks cost credits`), server.output);
    assert.equal((await generate(server)).code, 200);
    assert.deepEqual(seen.map(({ url, authorization }) => [url, authorization]), [["/api/v1/mj/generate", `Bearer ${KEY}`]]);
    server.child.kill("SIGHUP");
    await server.ended;
    await assert.rejects(fetch(server.url), "no gateway with a key is left behind");
    assert.ok(!server.output.includes(KEY));
  });
}

test("with --simulator a key is neither used nor needed to be right", async (t) => {
  const { seen, url } = await vendor(t);
  const server = await dev(t, { env: { MIDAPI_API_KEY: "short", MIDAPI_UPSTREAM_URL: url }, args: ["--simulator"] });
  assert.match(server.output, /^MIDAPI_UPSTREAM_URL is ignored/m);
  assert.equal((await generate(server)).code, 200);
  assert.equal(seen.length, 0);
});

test("the tokens of tokens.json are those that count", async (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, "tokens.json"), JSON.stringify([entry("alice", TOKEN)]));
  const server = await dev(t, { folder });
  assert.match(server.output, /^tokens for programs: those of tokens\.json, as it is now$/m);
  assert.equal((await generate(server, {}, TOKEN)).code, 200);
  assert.equal((await generate(server, {}, "midapi_other")).code, 401);
});

test("a port in use ends dev with one line that says what to do", async (t) => {
  const other = createTcpServer().listen(0, "127.0.0.1");
  t.after(() => other.close());
  await once(other, "listening");
  const { port } = other.address();
  const folder = folderOf(t);
  const child = spawn(XTASK, ["dev", "--folder", folder, "--port", String(port)]);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const [code] = await once(child, "close");
  assert.equal(code, 1);
  assert.ok(output.includes(`port ${port} is in use: end what uses it, or choose another with --port`), output);
  assert.equal(output.trim().split("\n").length, 1, output);
});

for (const [what, options, says] of [
  ["a variable", { env: { MIDAPI_DAILY_CREDITS: "lots" } }, /^MIDAPI_DAILY_CREDITS: must be a whole number from 1 to 4294967295$/m],
  ["a secret", { env: { MIDAPI_API_KEY: "short" } }, /^MIDAPI_API_KEY: must be 8 or more visible ASCII characters$/m],
  ["a line of .dev.vars", { devVars: `MIDAPI_API_KEY=${KEY} and more` }, /^xtask: \.dev\.vars, line 1: must be NAME=value/m],
]) {
  test(`${what} that is wrong is told by name, before anything is started`, async (t) => {
    const server = await dev(t, options);
    const [code] = await server.ended;
    assert.equal(code, 1);
    assert.match(server.output, says);
    assert.doesNotMatch(server.output, /^ready|^token|upstream|lots|CANARY/m);
  });
}

test("dev takes variables of wrangler.toml from its environment, with a key too", async (t) => {
  const { seen, url } = await vendor(t);
  const server = await dev(t, { env: { MIDAPI_API_KEY: KEY, MIDAPI_UPSTREAM_URL: url, MIDAPI_PUBLIC_URL: "https://tunnel.example" } });
  assert.equal((await generate(server)).code, 200);
  assert.match(JSON.parse(seen[0].body).callBackUrl, /^https:\/\/tunnel\.example\/api\/v1\/callback\//);
});

test("row 16: with a new key it has the same jobs and the same accounts; play money has its own", async (t) => {
  const { seen, url } = await vendor(t);
  const folder = folderOf(t);
  const once = { "Idempotency-Key": "order-1" };
  const taskOf = async (server) => (await generate(server, once)).data.taskId;
  const spentAt = async (server) => (await call(server, "usage")).data.spent;
  const tasks = [];
  for (const key of [KEY, "the-new-key-of-the-same-account"]) {
    const server = await dev(t, { folder, env: { MIDAPI_API_KEY: key, MIDAPI_UPSTREAM_URL: url } });
    tasks.push(await taskOf(server));
    assert.equal(await spentAt(server), 8);
    server.child.kill("SIGTERM");
    await server.ended;
  }
  assert.equal(tasks[0], tasks[1]);
  assert.equal(seen.length, 1, "one order is one submit");

  const simulated = await dev(t, { folder });
  assert.equal(await spentAt(simulated), 0);
  const { taskId } = (await generate(simulated, { "Idempotency-Key": "order-2" })).data;
  assert.equal((await call(simulated, `mj/record-info?taskId=${taskId}`)).code, 200);
  assert.equal((await call(simulated, `mj/record-info?taskId=${tasks[0]}`)).code, 422, "it knows nothing of real jobs");
  assert.equal(seen.length, 1);
});

test("it ends when its runtime does", async (t) => {
  for (const which of [0, 1]) {
    const server = await dev(t);
    const { server: pid, runtimes } = processesOf(server);
    assert.equal(runtimes.length, 2);
    process.kill(runtimes[which], "SIGKILL");
    assert.deepEqual(await server.ended, [1, null]);
    assert.match(server.output, /^the (simulator|gateway)'s runtime has ended: nothing is served any more$/m);
    await end([pid, ...runtimes]);
    await assert.rejects(fetch(server.url));
    assert.deepEqual(server.left(), []);
  }
});

test("told to end, it ends also when the server can't", { timeout: 30_000 }, async (t) => {
  const server = await dev(t);
  const { server: pid, runtimes } = processesOf(server);
  process.kill(pid, "SIGSTOP");
  server.child.kill("SIGINT");
  assert.deepEqual(await server.ended, [1, null]);
  await end([pid, ...runtimes]);
});

test("killed outright, it leaves nothing that serves with the key", async (t) => {
  for (const killed of ["dev", "server"]) {
    const { url } = await vendor(t);
    const server = await dev(t, { env: { MIDAPI_API_KEY: KEY, MIDAPI_UPSTREAM_URL: url } });
    const { server: pid, runtimes } = processesOf(server);
    assert.equal(runtimes.length, 1);
    process.kill(killed === "dev" ? server.child.pid : pid, "SIGKILL");
    await server.ended;
    await end([server.child.pid, pid, ...runtimes]);
    await assert.rejects(fetch(server.url));
    for (let tries = 0; tries < 100 && server.left().length > 0; tries++) await pause(50);
    assert.deepEqual(server.left(), []);
  }
});
