/** Frameworks for servers and Workers. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { after, test } from "node:test";
import { Miniflare } from "miniflare";
import { simulator } from "../support/servers.js";
import { freePort } from "../../tools/platform.js";
import { exampleOf, projectOf } from "./project.js";

async function env() {
  const { url } = await simulator();
  return { MIDAPI_ENDPOINT: `${url}/api/v1/mj`, MIDAPI_API_KEY: "a-key-of-the-app" };
}

test("SvelteKit with its adapter for Node, which bundles the package, runs a task in a server route", async (t) => {
  const project = await exampleOf("sveltekit");
  project.remove("build", ".svelte-kit");
  const settings = { ...(await env()), PORT: String(await freePort()) };
  await project.run(project.bin("vite"), ["build"], settings);
  // Nothing beside the bundle is needed.
  project.remove("node_modules/midapi");
  const url = await project.serve("node", ["build"], settings, t);
  assert.deepEqual(await (await fetch(`${url}/api`)).json(), { images: 4 });
});

test("Nitro on its Cloudflare preset, as Nuxt uses it, runs a task in a Worker", async () => {
  const project = await projectOf("nitro");
  project.remove(".output", ".nitro");
  const settings = await env();
  await project.run(project.bin("nitropack"), ["build"], settings);
  const server = join(project.folder, ".output/server");
  const files = readdirSync(server, { recursive: true }).map((file) => join(server, file)).filter((file) => statSync(file).isFile());
  const modules = files.filter((file) => /\.(mjs|wasm)$/.test(file)).map((path) => ({
    type: path.endsWith(".wasm") ? "CompiledWasm" : "ESModule",
    path,
    contents: readFileSync(path),
  }));
  modules.sort((one, other) => (relative(server, other.path) === "index.mjs") - (relative(server, one.path) === "index.mjs"));
  const worker = new Miniflare({
    modules,
    modulesRoot: server,
    compatibilityDate: "2026-04-26",
    compatibilityFlags: ["nodejs_compat"],
    bindings: settings,
  });
  after(() => worker.dispose());
  const answer = await worker.dispatchFetch("http://app.example/");
  assert.deepEqual(await answer.json(), { images: 4 });
});
