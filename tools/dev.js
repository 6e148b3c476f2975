/** Serves the gateway, and the simulator unless a key is set, until interrupted. `cargo xtask dev` builds, then runs this. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { parseArgs, parseEnv } from "node:util";
import { freePort, startGateway, startSimulator, workerOptions } from "./platform.js";

const { values: options } = parseArgs({
  options: { port: { type: "string", default: "8787" }, simulator: { type: "boolean", default: false } },
});

const fromFile = existsSync(".dev.vars") ? parseEnv(readFileSync(".dev.vars", "utf8")) : {};
const setting = (name) => process.env[name] || fromFile[name] || undefined;

const port = Number(options.port) || (await freePort());
if (!(await isFree(port))) {
  console.error(`port ${port} is in use: end what uses it, or choose another with --port`);
  process.exit(1);
}

const key = options.simulator ? undefined : setting("MIDAPI_API_KEY");
const SIMULATED = "simulated-key";
const running = [];
let vars;
if (key) {
  const upstream = setting("MIDAPI_UPSTREAM_URL") ?? "https://api.midapi.ai";
  vars = { MIDAPI_API_KEY: key, MIDAPI_UPSTREAM_URL: upstream };
  console.log(`upstream ${upstream}, with the key from ${process.env.MIDAPI_API_KEY ? "the environment" : ".dev.vars"}: tasks cost credits`);
} else {
  const state = resolve("build/state/simulator");
  const simulator = await simulatorBeside(port, state);
  running.push(simulator);
  const plenty = { MIDAPI_DAILY_CREDITS: "1000000", MIDAPI_SESSION_DAILY_CREDITS: "1000000", MIDAPI_SESSIONS_DAILY_CREDITS: "1000000" };
  vars = { MIDAPI_API_KEY: SIMULATED, MIDAPI_UPSTREAM_URL: simulator.url, MIDAPI_PUBLIC_URL: `http://127.0.0.1:${port}`, ...plenty };
  console.log(`upstream the simulator at ${simulator.url}: nothing is spent; set MIDAPI_API_KEY to use the vendor`);
  if (setting("MIDAPI_UPSTREAM_URL")) console.log("MIDAPI_UPSTREAM_URL is ignored: it is the simulator's turn");
}

const { MIDAPI_UPSTREAM_URL: _, ...others } = workerOptions.bindings;
for (const name of [...Object.keys(others), "MIDAPI_TURNSTILE_SECRET", "MIDAPI_STOPPED"]) {
  if (setting(name)) vars[name] = setting(name);
}
vars.MIDAPI_SESSION_SECRET = setting("MIDAPI_SESSION_SECRET") ?? secretOfThisMachine();
vars.MIDAPI_TOKENS = setting("MIDAPI_TOKENS") ?? tokensOfTheFile() ?? tokenOfThisRun();

/** The tokens that `cargo xtask token` keeps. */
function tokensOfTheFile() {
  if (!existsSync("tokens.json")) return undefined;
  const tokens = readFileSync("tokens.json", "utf8");
  console.log(`tokens for programs: those of tokens.json, as it is now${tokens.trim() === "[]" ? ", which are none" : ""}`);
  return tokens;
}

/** Where the gateway keeps jobs and accounts: for each upstream and key its own, as play money is none. */
function stateOf({ MIDAPI_UPSTREAM_URL: upstream, MIDAPI_API_KEY: key }) {
  if (key === SIMULATED) return resolve("build/state/gateway-simulator");
  return resolve(`build/state/gateway-${createHash("sha256").update(`${upstream} ${key}`).digest("hex").slice(0, 12)}`);
}

/** Signs the sessions of this machine's browsers: kept, so that a restart leaves them their tasks. */
function secretOfThisMachine() {
  const path = resolve("build/state/session-secret");
  if (!existsSync(path)) {
    mkdirSync(resolve("build/state"), { recursive: true });
    writeFileSync(path, randomBytes(32).toString("hex"), { mode: 0o600 });
  }
  return readFileSync(path, "utf8");
}

/** A token for programs, as there is no other: printed once, good until this server ends. */
function tokenOfThisRun() {
  const token = `midapi_${randomBytes(32).toString("base64url")}`;
  const sha256 = createHash("sha256").update(token).digest("hex");
  console.log(`token for programs: ${token}`);
  const operations = ["generate", "upscale", "vary", "extendVideo", "credits"];
  // As much as a token may: the cap of the whole gateway is less, or meant.
  return JSON.stringify([{ name: "dev", sha256, dailyCredits: 1_000_000, operations }]);
}

/** Whether this port can be listened on. */
function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer().once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

/** On the port after the gateway's, so that links to its pictures survive a restart; on any, if that one is in use. */
async function simulatorBeside(port, state) {
  const settings = Object.entries(process.env).filter(([name]) => name.startsWith("SIMULATOR_"));
  const vars = Object.fromEntries(settings.map(([name, value]) => [name.slice("SIMULATOR_".length), value]));
  const next = port < 65535 && (await isFree(port + 1)) ? port + 1 : 0;
  return startSimulator({ port: next, state, vars });
}

const stop = async () => {
  await Promise.all(running.map((server) => server.stop()));
  process.exit(0);
};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);

try {
  const gateway = await startGateway({ port, vars, pages: true, state: stateOf(vars) });
  running.push(gateway);
  const { code, msg } = await (await fetch(`${gateway.url}/api/v1/health`)).json();
  if (code !== 200) throw new Error(msg);
  console.log(`ready ${gateway.url}`);
} catch (error) {
  console.error(error.message);
  await Promise.all(running.map((server) => server.stop()));
  process.exit(1);
}
