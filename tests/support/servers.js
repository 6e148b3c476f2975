/** What the tests start: the built Worker, the simulator, and an upstream that counts what reaches it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { createServer } from "node:net";
import { after } from "node:test";
import { Response } from "miniflare";
import { startGateway, startSimulator } from "../../tools/platform.js";

export const KEY = "CANARY-4f1d9b7c2e6a8350";
export const VENDOR = "https://vendor.example";

/** An upstream made of a function; `requests` holds what left the gateway. */
export class Upstream {
  requests = [];

  /** @param answer gets `{ method, url, headers, body }` and returns a Response, or throws to break the connection */
  constructor(answer) {
    this.answer = answer;
    this.service = async (request) => {
      const seen = {
        method: request.method,
        url: request.url,
        headers: Object.fromEntries(request.headers),
        body: request.method === "POST" ? await request.text() : undefined,
      };
      this.requests.push(seen);
      return this.answer(seen);
    };
  }

  get submits() {
    return this.requests.filter(({ method }) => method === "POST");
  }
}

/** An answer in the vendor's envelope. */
export const envelope = (data, { code = 200, msg = "success", ...init } = {}) => Response.json({ code, msg, data }, init);

/** A server that reads a request, answers with these bytes and breaks the connection. */
export async function breakingServer(answer) {
  const broken = { requests: 0 };
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      broken.requests++;
      socket.write(answer, () => socket.resetAndDestroy());
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  after(() => server.close());
  broken.url = `http://127.0.0.1:${server.address().port}`;
  return broken;
}

/** The token of the caller of whom nothing else is said: what the quick start's programs have for a key. */
export const TOKEN = "YOUR_API_KEY";
/** That of another. */
export const OTHER_TOKEN = "midapi_test-bob-00000000000000000000000000000000";

/** An entry of the secret MIDAPI_TOKENS. */
export const entry = (name, token, more = {}) => ({
  name,
  sha256: createHash("sha256").update(token).digest("hex"),
  dailyCredits: 100_000,
  ...more,
});

/** What a gateway of a test has: two callers, and room for all they do. */
export const POLICY = {
  MIDAPI_TOKENS: JSON.stringify([entry("alice", TOKEN, { callbackHosts: ["your-app.com"] }), entry("bob", OTHER_TOKEN)]),
  MIDAPI_DAILY_CREDITS: "1000000",
  // For those whose own pages may open sessions: `pages`.
  MIDAPI_SESSION_SECRET: "a-secret-of-the-tests-0123456789abcdef",
  MIDAPI_SESSION_DAILY_CREDITS: "1000",
  MIDAPI_SESSIONS_DAILY_CREDITS: "100000",
};
const NO_LIMITS = { SUBMIT_LIMIT: 1_000_000, READ_LIMIT: 1_000_000 };

/** A gateway in front of an upstream, or of the network without one; it stops with the test file. `lines` is its log. */
export async function gatewayOn(upstream, { vars = {}, ...options } = {}) {
  const lines = [];
  const server = await startGateway({
    vars: { MIDAPI_API_KEY: KEY, MIDAPI_UPSTREAM_URL: VENDOR, ...POLICY, ...vars },
    limits: NO_LIMITS,
    outboundService: upstream?.service,
    onLine: (line) => lines.push(line),
    ...options,
  });
  after(() => server.stop());
  return { ...server, ...callers(server.url), lines };
}

/** The processes of the runtime that this one has started. */
const runtimes = () =>
  readFileSync(`/proc/self/task/${process.pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter((pid) => pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("workerd"));

/** A gateway, the process it runs in, and a way to end that as a power cut would. */
export async function killable(upstream, options) {
  const others = runtimes();
  const gateway = await gatewayOn(upstream, options);
  const [pid, ...more] = runtimes().filter((pid) => !others.includes(pid));
  assert.deepEqual([typeof pid, more], ["string", []]);
  const kill = async () => {
    process.kill(Number(pid), "SIGKILL");
    await gateway.stop().catch(() => {});
  };
  return { ...gateway, kill };
}

/** Ways to call a gateway: `post` and `get` with the token, or with other headers. */
export function callers(url) {
  const api = `${url}/api/v1/mj`;
  const headers = (more) => ({ Authorization: `Bearer ${TOKEN}`, ...more });
  return {
    api,
    post: (route, body, more) =>
      call(new URL(route, `${api}/`), { method: "POST", headers: headers({ ...JSON_TYPE, ...more }), body: text(body) }),
    get: (route, more) => call(new URL(route, `${api}/`), { headers: headers(more) }),
  };
}

/** A simulator whose tasks are done when they are submitted, unless told. */
export const simulator = (vars) => ofTests(startSimulator, vars);

/** The same, started by this function. */
export async function ofTests(start, vars = {}) {
  const durations = { relaxed: 0, fast: 0, turbo: 0, video: 0, upscale: 0, ...vars.DURATIONS };
  const server = await start({
    vars: { SUBMITS_PER_10_SECONDS: 1000, ...vars, DURATIONS: JSON.stringify(durations) },
  });
  after(() => server.stop());
  const api = `${server.url}/api/v1`;
  const headers = (key = "test-key") => ({ ...JSON_TYPE, Authorization: `Bearer ${key}` });
  return {
    ...server,
    post: (route, body, key) => call(`${api}/${route}`, { method: "POST", headers: headers(key), body: text(body) }),
    get: (route, key) => call(`${api}/${route}`, { headers: headers(key) }),
  };
}

/** A gateway on a simulator. */
export async function gatewayOnSimulator(vars, options) {
  const { url } = await simulator(vars);
  return gatewayOn(undefined, { ...options, vars: { MIDAPI_UPSTREAM_URL: url, ...options?.vars } });
}

/** An upstream that passes what it is sent on to a simulator, and counts it. */
export async function countedSimulator(vars) {
  const { url: vendor } = await simulator(vars);
  return new Upstream(({ method, url, headers: { authorization }, body }) => {
    const { pathname, search } = new URL(url);
    return fetch(vendor + pathname + search, { method, headers: { authorization, ...JSON_TYPE }, body });
  });
}

const JSON_TYPE = { "Content-Type": "application/json" };
const text = (body) => (typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body));

/**
 * A call with these headers and no others: `fetch` adds its own, and drops an answer that comes before it has sent all. An
 * agent keeps the connection, if the server does: then the next call's `isReused` is true.
 */
export function exactly(url, { method = "POST", headers = {}, parts = [], agent = false }) {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent }, async (response) => {
      const body = Buffer.concat(await response.toArray()).toString();
      resolve({ status: response.statusCode, body, json: JSON.parse(body), isReused: request.reusedSocket });
    });
    request.on("error", reject);
    for (const part of parts) request.write(part);
    request.end();
  });
}

async function call(url, init) {
  const response = await fetch(url, { redirect: "manual", ...init });
  const body = await response.text();
  let json;
  try {
    json = JSON.parse(body);
  } catch {
    // Not every answer of a simulator that misbehaves on request is JSON.
  }
  return { status: response.status, headers: response.headers, body, json };
}
