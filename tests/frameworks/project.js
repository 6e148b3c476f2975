/** Apps of frameworks, each in a folder of its own with its own packages, and the packed package among them. */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { tarball } from "../package/install.js";
import { program } from "../support/quickstart.js";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Frameworks call home, and print for people; Node's runner would take an app's tests for its own. */
const { NODE_TEST_CONTEXT, ...outside } = process.env;
const ENV = { ...outside, NEXT_TELEMETRY_DISABLED: "1", NUXT_TELEMETRY_DISABLED: "1", CI: "1", NO_COLOR: "1" };

/**
 * The app of that name in `build/frameworks`, its packages as its lock file has them, and how to run programs in it.
 *
 * @param shared a folder of files that several apps have
 */
export const projectOf = (name, shared = name) => project(at(`../../build/frameworks/${name}`), at(name), at(shared));

/** The same of an example that people copy. */
export const exampleOf = (name) => project(at(`../../build/examples/${name}`), at(`../../examples/${name}`));

async function project(folder, sources, shared = sources) {
  await install(sources, folder);
  // What somebody left behind who tried the app where it stands isn't its source.
  const filter = (path) => basename(path) !== "node_modules";
  for (const files of [shared, sources]) cpSync(files, folder, { recursive: true, filter });
  const env = (more) => ({ ...ENV, ...more });
  return {
    folder,
    bin: (tool) => join(folder, "node_modules/.bin", tool),
    run: (tool, args, more = {}) => program(tool, args, { cwd: folder, env: env(more), timeout: 240_000 }),
    serve: (tool, args, more, t) => served(folder, tool, args, env(more), t),
    remove: (...paths) => paths.forEach((path) => rmSync(join(folder, path), { recursive: true, force: true })),
  };
}

/**
 * Installs the packages of an app's sources in a folder, if their lock file is another than the last time, and the package
 * anew in any case.
 */
async function install(sources, folder) {
  const [lock, last] = [join(sources, "package-lock.json"), join(folder, "package-lock.json")];
  const isInstalled = existsSync(join(folder, "node_modules")) && existsSync(last) && readFileSync(lock).equals(readFileSync(last));
  const npm = (...args) => program("npm", [...args, "--no-audit", "--no-fund"], { cwd: folder, env: ENV, timeout: 300_000 });
  if (!isInstalled) {
    console.error(`  installing the packages of ${basename(sources)}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(sources, file), join(folder, file));
    await npm("ci");
  }
  const unpacked = join(folder, "node_modules/midapi");
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked, { recursive: true });
  // What `npm install` does for a package without dependencies; it would also drop what the lock file doesn't name.
  await program("tar", ["-xzf", await tarball(), "-C", unpacked, "--strip-components=1"]);
}

/** Starts a server on the port of `env`, which ends with the test; returns its URL once it answers. */
async function served(folder, tool, args, env, t) {
  const url = `http://127.0.0.1:${env.PORT}`;
  const child = spawn(tool, args, { cwd: folder, env, detached: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const ended = new Promise((resolve) => child.on("close", resolve));
  t.after(async () => {
    // With the processes that it has started.
    if (child.exitCode === null) process.kill(-child.pid);
    await ended;
  });
  for (const end = Date.now() + 60_000; ; ) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer) return url;
    if (child.exitCode !== null || Date.now() > end) throw new Error(`${tool} doesn't serve\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
