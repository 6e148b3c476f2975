/** The gateway and the simulator, each served on a port of 127.0.0.1 by the runtime Cloudflare uses. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { Log, LogLevel, Miniflare } from "miniflare";
import { factsOfVariables } from "../simulator/facts.js";

process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
const { unstable_getMiniflareWorkerOptions: workerOptionsOf } = await import("wrangler");

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const HOST = "127.0.0.1";

/** What `wrangler.toml` says; not what a developer's .dev.vars add, which spend money: whoever wants those reads them. */
export const { workerOptions } = workerOptionsOf(at("wrangler.toml"), undefined, { envFiles: ["none"] });
const options = { host: HOST, log: new Log(LogLevel.ERROR) };

/**
 * Serves the built Worker with the studio's assets, configured by `wrangler.toml`.
 *
 * @param vars the variables and secrets that differ from `wrangler.toml`
 * @param pages whether its own pages may open sessions; their secret is in `vars`
 * @param state a folder that keeps its jobs and accounts; without one they end with it
 * @param bucket whether it has a bucket for files
 * @param limits the rate limits that differ from `wrangler.toml`, by name: so many calls in 10 s
 * @param inspectorPort where a debugger may attach
 * @param onLine gets each line of the Worker's log; without it they are printed
 * @param crashing whether it is the Worker that crashes when told to; for tests
 * @param outboundService sees every request that leaves the Worker; for tests
 * @param onEnd is called when its runtime ends though nobody stopped it; without `onLine`
 */
export async function startGateway({
  port = 0, vars = {}, pages = false, state, bucket = true, limits = {}, inspectorPort, onLine, crashing = false, outboundService, log, onEnd,
} = {}) {
  const ratelimits = structuredClone(workerOptions.ratelimits);
  for (const [name, limit] of Object.entries(limits)) ratelimits[name].simple.limit = limit;
  const studio = studioForLoopback();
  if (pages) {
    // Their origin has to be known before there is a server.
    port ||= await freePort();
    const origins = [HOST, "localhost"].map((host) => new URL(`http://${host}:${port}`).origin);
    if (vars.MIDAPI_SESSION_ORIGINS?.trim()) origins.push(vars.MIDAPI_SESSION_ORIGINS);
    vars = { ...vars, MIDAPI_SESSION_ORIGINS: origins.join(" ") };
  }
  const runtime = watched(onEnd);
  const worker = new Miniflare({
    ...options,
    ...runtime.options,
    ...(log && { log }),
    ...workerOptions,
    ...(bucket ? {} : { r2Buckets: {} }),
    ratelimits,
    port,
    modules: true,
    ...(crashing ? CRASHING : BUILT),
    bindings: { ...workerOptions.bindings, ...vars },
    assets: { ...workerOptions.assets, directory: studio },
    ...(state && { durableObjectsPersist: state, r2Persist: join(state, "r2") }),
    ...(inspectorPort !== undefined && { inspectorPort }),
    ...(onLine && { structuredWorkerdLogs: true, handleStructuredLogs: ({ message }) => void onLine(message) }),
    ...(outboundService && { outboundService }),
  });
  return served(worker, runtime);
}

const BUILT = { modulesRoot: at("build/worker"), scriptPath: at("build/worker/gateway.js") };
const CRASHING = {
  modulesRoot: at("build/crash/worker"),
  scriptPath: at("build/crash/worker/js/gateway.js"),
  modulesRules: [
    { type: "ESModule", include: ["**/*.js"] },
    { type: "CompiledWasm", include: ["**/*.wasm"] },
  ],
};

/**
 * Serves the simulator.
 *
 * @param vars its variables, as `simulator/README.md` lists them
 * @param state a folder that keeps its tasks; without one they end with it
 * @param onEnd is called when its runtime ends though nobody stopped it
 */
export async function startSimulator({ port = 0, vars = {}, state, outboundService, onEnd } = {}) {
  // What isn't right is said here, before anything starts.
  factsOfVariables(vars);
  const runtime = watched(onEnd);
  const worker = new Miniflare({
    ...options,
    ...runtime.options,
    port,
    modules: true,
    script: bundledSimulator(),
    compatibilityDate: "2026-04-26",
    bindings: vars,
    durableObjects: { VENDOR: { className: "Vendor", useSQLite: true } },
    ...(state && { durableObjectsPersist: state }),
    ...(outboundService && { outboundService }),
  });
  return served(worker, runtime);
}

/** Serves the simulator as the package has it for a Worker: it keeps nothing. */
export async function startSimulatorWorker({ vars = {} } = {}) {
  const worker = new Miniflare({
    ...options,
    modules: true,
    modulesRoot: at("dist/simulator"),
    scriptPath: at("dist/simulator/worker.js"),
    modulesRules: [{ type: "ESModule", include: ["**/*.js"] }],
    compatibilityDate: "2026-04-26",
    bindings: vars,
  });
  return served(worker, watched());
}

/** The simulator as one module, because workerd resolves no npm packages and imports no MP4 files. */
function bundledSimulator() {
  const { outputFiles } = buildSync({
    entryPoints: [at("simulator/object.js")],
    bundle: true,
    write: false,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:workers"],
    loader: { ".mp4": "binary" },
  });
  return outputFiles[0].text;
}

/**
 * A port that nothing listens on. It lies below those that the system gives out by itself: else the next server that is given one
 * might get it before it is used.
 */
export function freePort() {
  const port = 20_000 + Math.floor(Math.random() * 12_000);
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", () => freePort().then(resolve, reject));
    probe.listen(port, HOST, () => probe.close(() => resolve(port)));
  });
}

/** Prints what a runtime prints, and notices when it ends: its output does then. Miniflare tells nobody. */
function watched(onEnd) {
  const runtime = { stopped: undefined, options: {} };
  if (onEnd === undefined) return runtime;
  runtime.options.handleRuntimeStdio = (output, errors) => {
    createInterface(output).on("line", (line) => console.log(line));
    createInterface(errors).on("line", (line) => console.error(line));
    output.once("end", () => runtime.stopped ?? onEnd());
  };
  return runtime;
}

async function served(worker, runtime) {
  const { port } = await worker.ready;
  const stop = () => (runtime.stopped ??= worker.dispose());
  return { url: `http://${HOST}:${port}`, worker, stop };
}

/** Taken away when the process ends, whichever way: some signals end it before a server has stopped. */
const temporary = [];
process.on("exit", () => temporary.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** The studio's Content-Security-Policy allows the vendor's file host; the simulator's files lie on this machine. */
function studioForLoopback() {
  const folder = mkdtempSync(join(tmpdir(), "midapi-studio-"));
  temporary.push(folder);
  cpSync(at("build/studio"), folder, { recursive: true });
  const headers = join(folder, "_headers");
  const policy = readFileSync(headers, "utf8").replace(/(img-src|media-src) 'self'/g, `$& http://${HOST}:*`);
  writeFileSync(headers, policy);
  return folder;
}
