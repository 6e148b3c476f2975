/** Bundles: programs for Node that carry the module in them, and pages. */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { pageIn } from "../support/browsers.js";
import { gatewayOnSimulator, simulator } from "../support/servers.js";
import { siteOn } from "../support/site.js";
import { projectOf } from "./project.js";

const bun = fileURLToPath(new URL("../package/node_modules/.bin/bun", import.meta.url));

const esbuild = (format, output) => ["esbuild", "server.js", "--bundle", "--platform=node", `--format=${format}`, `--outfile=${output}`];
for (const [title, output, tool, ...args] of [
  ["Vite, with all packages in it,", "dist/vite-server/server.mjs", "vite", "build"],
  ["Rollup", "dist/rollup-server/server.mjs", "rollup", "--config"],
  ["esbuild, as CommonJS,", "dist/esbuild/server.cjs", ...esbuild("cjs", "dist/esbuild/server.cjs")],
  ["esbuild, as a module,", "dist/esbuild/server.mjs", ...esbuild("esm", "dist/esbuild/server.mjs")],
  ["webpack", "dist/webpack-server/server.cjs", "webpack"],
]) {
  test(`a program for Node that ${title} has bundled runs with nothing beside it`, async () => {
    const project = await projectOf("bundlers");
    project.remove("dist");
    await project.run(project.bin(tool), args);
    project.remove("node_modules/midapi");
    assert.equal(await runs(project, "node", output), "4 images, ended");
  });
}

test("a program that Bun has bundled runs with what Bun puts beside it", async () => {
  const project = await projectOf("bundlers");
  project.remove("dist");
  await project.run(bun, ["build", "server.js", "--target=bun", "--outdir=dist/bun"]);
  project.remove("node_modules/midapi");
  assert.equal(await runs(project, bun, "dist/bun/server.js"), "4 images, ended");
});

async function runs(project, runtime, output) {
  const { url } = await simulator();
  const env = { MIDAPI_ENDPOINT: `${url}/api/v1/mj`, MIDAPI_API_KEY: "a-key-of-the-app" };
  return (await project.run(runtime, [output], env)).trim();
}

for (const [title, folder, tool, ...args] of [
  ["Rollup, with a plugin for assets,", "dist/rollup-page", "rollup", "--config"],
  ["Parcel", "dist/parcel", "parcel", "build", "index.html", "--dist-dir", "dist/parcel", "--no-cache"],
]) {
  test(`a page that ${title} has bundled shows images`, async (t) => {
    const project = await projectOf("bundlers");
    project.remove("dist", ".parcel-cache");
    await project.run(project.bin(tool), args);
    const built = join(project.folder, folder);
    if (tool !== "parcel") cpSync(join(project.folder, "index.html"), join(built, "index.html"));
    const url = await siteOn(await gatewayOnSimulator({}), (path) => join(built, path === "/" ? "index.html" : path), t);
    const { page, problems } = await pageIn("chromium", t);
    await page.goto(url);
    await page.waitForFunction("document.title !== 'no images yet'", { timeout: 20_000 }).catch((error) => {
      throw new Error(problems.join("\n"), { cause: error });
    });
    assert.equal(await page.title(), "4 images");
  });
}
