/**
 * Throughput of the status route in workerd, 16 connections: the gateway, answering from a live job and passing through, beside the
 * floor, a bare Worker with an object a task; and beside Workers without objects. All on one upstream, in turn, the best of several
 * rounds.
 */
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { workerOptions } from "../tools/platform.js";
import { CALLERS, CONNECTIONS, as, gatewayOf, inTurn, running, startVendor, submitted } from "./status-route.js";
import { record, say, table } from "./stub.js";

const ROUNDS = 5;
const SECONDS = 3;
/** So many that each is asked for at most once a second: then the vendor is looked at nearly every time. */
const JOBS = 960;

const vendor = await startVendor();
const ends = [() => vendor.stop()];

/** @param options what it has beside its script and variables */
async function worker(script, bindings, options) {
  const path = fileURLToPath(new URL(`workers/${script}.js`, import.meta.url));
  const define = { "process.env.FAL_KEY": '""', "process.env.FAL_KEY_ID": '""', "process.env.FAL_KEY_SECRET": '""' };
  const external = ["cloudflare:workers"];
  const bundled = await build({ entryPoints: [path], bundle: true, write: false, format: "esm", define, external, logLevel: "error" });
  const server = new Miniflare({
    modules: true,
    script: bundled.outputFiles[0].text,
    compatibilityDate: workerOptions.compatibilityDate,
    bindings,
    // Connections that end with a round are told as errors.
    handleRuntimeStdio: () => {},
    ...options,
  });
  ends.push(() => server.dispose());
  return new URL(await server.ready).origin;
}

const BARE = { UPSTREAM: `http://${vendor.host}`, KEY: "a-key" };
/** The peer goes to hosts of its own list alone. */
const allToVendor = { outboundService: { external: { address: vendor.host, http: {} } } };
/** Static files are looked after, too, as the gateway's are: in Miniflare that is a hop of its own. */
const { assets } = workerOptions;
const withObjects = { assets, durableObjects: { TASKS: { className: "Task", useSQLite: true } } };
/** What a gateway has to do beside: the line goes the way the gateway's goes. */
const limitedAndLogged = {
  ratelimits: { LIMIT: { simple: { limit: 1e9, period: 10 } } },
  structuredWorkerdLogs: true,
  handleStructuredLogs: () => {},
  handleRuntimeStdio: undefined,
};

const path = `/api/v1/mj/record-info?taskId=${record.data.taskId}`;
const target = `https://queue.fal.run${path}`;
const floor = async (what, bindings, count, options) => {
  const url = await worker("object", { CALLERS, ...bindings }, { ...withObjects, ...options });
  return { url, paths: await submitted(what, url, running, count) };
};
const gateway = await gatewayOf(vendor);
ends.push(() => gateway.stop());
const jobs = await submitted("the gateway", gateway.url, { taskType: "mj_txt2img", prompt: "a" }, JOBS);

const STORED = "the floor, from its row";
const ASKING = "the floor, asking the vendor";
const GATEWAY_ASKING = "the gateway, asking the vendor";
/** Each with the floor it is compared to, if there is one; `one` asks for a single task. */
const CONTENDERS = {
  [STORED]: { ...(await floor(STORED, {}, 20)), one: true, beside: STORED },
  "the same with a rate limit and a log": { ...(await floor(STORED, {}, 20, limitedAndLogged)), one: true, beside: STORED },
  "the gateway, from a live job": { url: gateway.url, paths: jobs, one: true, pace: 600, beside: STORED },
  [ASKING]: { ...(await floor(ASKING, BARE, JOBS)), beside: ASKING },
  "the same with a rate limit and a log, asking": { ...(await floor(ASKING, BARE, JOBS, limitedAndLogged)), beside: ASKING },
  [GATEWAY_ASKING]: { url: gateway.url, paths: jobs, beside: ASKING },
  "without objects: a bare Worker that passes through": { url: (await worker("bare", BARE)) + path },
  "the same with assets": { url: (await worker("bare", BARE, { assets })) + path },
  "@fal-ai/server-proxy on Hono": { url: `${await worker("fal", {}, allToVendor)}/api/fal/proxy`, headers: { "x-fal-target-url": target } },
};

const best = {};
/** Which part of what should ask the vendor did. */
let share;
for (let round = 1; round <= ROUNDS; round++) {
  say(`gateway: round ${round} of ${ROUNDS}`);
  for (const [name, { url, paths, one, pace = 0, headers }] of Object.entries(CONTENDERS)) {
    vendor.pace = pace;
    const load = { url, headers, connections: CONNECTIONS, duration: SECONDS };
    const run = () => autocannon(paths ? { ...load, setupClient: inTurn(one ? Array(CONNECTIONS).fill(paths[0]) : paths) } : load);
    // Objects that were not asked for ten seconds have to be woken: not in the time that is measured.
    if (paths) await run();
    vendor.looks = 0;
    const { requests, non2xx, errors } = await run();
    if (name === GATEWAY_ASKING) share = vendor.looks / requests.total;
    if (non2xx || errors) throw new Error(`${name}: ${non2xx} refusals, ${errors} errors`);
    best[name] = Math.max(best[name] ?? 0, requests.average);
  }
}
for (const end of ends.reverse()) await end();

console.log(`## Throughput of the status route, in workerd, ${CONNECTIONS} connections

Each for ${SECONDS} s a round, in turn; the best of ${ROUNDS} rounds. Load, upstream and runtime share the machine. The floor is a bare
Worker behind the same assets: it knows who calls by the hash of a token, and a task's own object reads one row and, where it is
said, asks the vendor. The gateway asks the vendor once a second for a job at the most: asked for ${JOBS} jobs in turn, it looked for \
${(Math.min(share, 1) * 100).toFixed(0)} % of the answers.
`);
table(
  ["Worker", "requests a second", "× the floor"],
  Object.entries(best).map(([name, rate]) => {
    const { beside } = CONTENDERS[name];
    return [name, rate.toFixed(0), beside ? (rate / best[beside]).toFixed(2) : "–"];
  }),
);
