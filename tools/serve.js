/**
 * Serves the gateway as the environment sets it up, with `--simulator` beside the simulator, until its input ends. `dev.js`
 * runs this.
 */
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort, startGateway, startSimulator } from "./platform.js";

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "8787" },
    /** A folder that keeps jobs and accounts. */
    state: { type: "string" },
    simulator: { type: "boolean", default: false },
    /** A folder that is taken away when this ends. */
    temporary: { type: "string" },
  },
});
process.on("exit", () => options.temporary && rmSync(options.temporary, { recursive: true, force: true }));

const running = [];
/** Whatever is left to do then: whoever started this is gone, or wants it to be. */
const stop = async (code) => {
  await Promise.allSettled(running.map((server) => server.stop()));
  process.exit(code);
};
process.stdin.resume().on("end", () => stop(0)).on("error", () => stop(0));
const ended = (what) => () => {
  console.error(`${what} has ended: nothing is served any more`);
  stop(1);
};

const port = Number(options.port) || (await freePort());

try {
  const vars = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("MIDAPI_")));
  if (options.simulator) {
    const simulator = await simulatorBeside(port);
    running.push(simulator);
    vars.MIDAPI_UPSTREAM_URL = simulator.url;
    vars.MIDAPI_PUBLIC_URL ??= `http://127.0.0.1:${port}`;
    console.log(`upstream the simulator at ${simulator.url}: nothing is spent; set MIDAPI_API_KEY to use the vendor`);
  }
  // The gateway's own, whatever key it has: a new key of the same account finds the same jobs. Play money is kept apart.
  const state = join(options.state, options.simulator ? "gateway-simulator" : "gateway");
  const gateway = await startGateway({ port, vars, pages: true, state, onEnd: ended("the gateway's runtime") });
  running.push(gateway);
  const { code, msg } = await (await fetch(`${gateway.url}/api/v1/health`)).json();
  if (code !== 200) throw new Error(msg);
  console.log(`ready ${gateway.url}`);
} catch (error) {
  console.error(error.message);
  await stop(1);
}

/** Whether this port can be listened on. */
function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer().once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

/** On the port after the gateway's, so that links to its pictures survive a restart; on any, if that one is in use. */
async function simulatorBeside(port) {
  const settings = Object.entries(process.env).filter(([name]) => name.startsWith("SIMULATOR_"));
  const vars = Object.fromEntries(settings.map(([name, value]) => [name.slice("SIMULATOR_".length), value]));
  const next = port < 65535 && (await isFree(port + 1)) ? port + 1 : 0;
  const state = join(options.state, "simulator");
  return startSimulator({ port: next, state, vars, onEnd: ended("the simulator's runtime") });
}
