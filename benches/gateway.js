/**
 * Throughput of the status route in workerd, 16 connections: the gateway, answering from a live job and passing through,
 * beside a bare Worker that passes through and the best-known proxy. All on one upstream, in turn, the best of several
 * rounds.
 */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { startGateway, workerOptions } from "../tools/platform.js";
import { accepted, record, say, table } from "./stub.js";

const running = { ...record, data: { ...record.data, successFlag: 0, resultInfoJson: null } };
/** A vendor whose every look is worth another at once, or after ten seconds, by the header of its reply. */
let pace = "0";
let looks = 0;
/** Which part of what should pass through did. */
let share;
const vendor = createServer((request, response) => {
  looks++;
  request.resume();
  response.writeHead(200, { "Content-Type": "application/json", "Retry-After": pace });
  response.end(JSON.stringify(request.method === "POST" ? accepted : running));
});
await new Promise((ready) => vendor.listen(0, "127.0.0.1", ready));
const upstream = `127.0.0.1:${vendor.address().port}`;

const ends = [];
/** @param assets whether static files are looked after, too, as the gateway's are: in Miniflare that is a hop of its own */
async function worker(script, bindings, assets) {
  const path = fileURLToPath(new URL(`workers/${script}.js`, import.meta.url));
  const define = { "process.env.FAL_KEY": '""', "process.env.FAL_KEY_ID": '""', "process.env.FAL_KEY_SECRET": '""' };
  const bundled = await build({ entryPoints: [path], bundle: true, write: false, format: "esm", define, logLevel: "error" });
  const server = new Miniflare({
    modules: true,
    script: bundled.outputFiles[0].text,
    compatibilityDate: "2026-04-26",
    bindings,
    // The peer goes to hosts of its own list alone.
    outboundService: { external: { address: upstream, http: {} } },
    ...(assets && { assets: workerOptions.assets }),
    // Connections that end with a round are told as errors.
    handleRuntimeStdio: () => {},
  });
  ends.push(() => server.dispose());
  return new URL(await server.ready).origin;
}

const TOKEN = "a-token";
const gateway = await startGateway({
  vars: {
    MIDAPI_API_KEY: "a-key-of-mine",
    MIDAPI_UPSTREAM_URL: `http://${upstream}`,
    MIDAPI_DAILY_CREDITS: "1000000",
    MIDAPI_TOKENS: JSON.stringify([{ name: "bench", sha256: createHash("sha256").update(TOKEN).digest("hex"), dailyCredits: 1e6 }]),
  },
  limits: { SUBMIT_LIMIT: 1e9, READ_LIMIT: 1e9 },
  onLine: () => {},
});
ends.push(() => gateway.stop());
const as = { Authorization: `Bearer ${TOKEN}` };
const order = { method: "POST", headers: { ...as, "Content-Type": "application/json" }, body: JSON.stringify({ taskType: "mj_txt2img", prompt: "a" }) };
/** So many that each is asked for about once a second: then the vendor is looked at nearly every time. */
const JOBS = 960;
const statuses = [];
for (let number = 0; number < JOBS; number += 20) {
  const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${gateway.url}/api/v1/mj/generate`, order)));
  for (const answer of answers) statuses.push(`/api/v1/mj/record-info?taskId=${(await answer.json()).data.taskId}`);
  if (number % 480 === 0) say(`gateway: ${number} of ${JOBS} jobs`);
}

const BARE = { UPSTREAM: `http://${upstream}`, KEY: "a-key" };
const path = `/api/v1/mj/record-info?taskId=${record.data.taskId}`;
const target = `https://queue.fal.run${path}`;
const CONTENDERS = {
  "a bare Worker that passes through": { url: (await worker("bare", BARE)) + path },
  "the same with assets, as the gateway has": { url: (await worker("bare", BARE, true)) + path },
  "@fal-ai/server-proxy on Hono": { url: `${await worker("fal")}/api/fal/proxy`, headers: { "x-fal-target-url": target } },
  "the gateway, passing through": { url: gateway.url, headers: as, requests: statuses },
  "the gateway, from a live job": { url: gateway.url + statuses[0], headers: as, pace: "600" },
};

const ROUNDS = 5;
const SECONDS = 3;
const CONNECTIONS = 16;
const best = {};
for (let round = 1; round <= ROUNDS; round++) {
  say(`gateway: round ${round} of ${ROUNDS}`);
  for (const [name, { url, headers, requests: paths, pace: its = "0" }] of Object.entries(CONTENDERS)) {
    pace = its;
    await fetch(url, { headers });
    let connection = 0;
    // Each connection has jobs of its own, in turn.
    const setupClient = (client) => {
      const mine = connection++;
      client.setRequests(paths.filter((_, number) => number % CONNECTIONS === mine).map((path) => ({ path, headers })));
    };
    const load = { url, headers, connections: CONNECTIONS, duration: SECONDS, ...(paths && { setupClient }) };
    // Objects that were not asked for ten seconds have to be woken: not in the time that is measured.
    if (paths) await autocannon(load);
    looks = connection = 0;
    const { requests, non2xx, errors } = await autocannon(load);
    if (paths) share = looks / requests.total;
    if (non2xx || errors) throw new Error(`${name}: ${non2xx} refusals, ${errors} errors`);
    best[name] = Math.max(best[name] ?? 0, requests.average);
  }
}
await Promise.all(ends.map((end) => end()));
vendor.close();

const [first] = Object.values(best);
console.log(`## Throughput of the status route, in workerd, 16 connections

Each for ${SECONDS} s a round, in turn; the best of ${ROUNDS} rounds. Load, upstream and runtime share the machine. The gateway asks
the vendor once a second for a job at the most: passing through ${JOBS} jobs in turn, it looked for ${(share * 100).toFixed(0)} % of the answers.
`);
table(
  ["Worker", "requests a second", "× the bare one"],
  Object.entries(best).map(([name, rate]) => [name, rate.toFixed(0), (rate / first).toFixed(2)]),
);
