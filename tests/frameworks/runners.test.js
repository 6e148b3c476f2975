/** The package inside other people's test runners, over a mocked `fetch`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { projectOf } from "./project.js";

/** What a run of Vitest or Jest says of its tests at the end. */
const passed = (output) => /Tests:?\s+(?:.* )?(\d+) passed/.exec(output)?.[1];

test("runs in Vitest, in the environments node, jsdom and happy-dom", async () => {
  const project = await projectOf("vitest", "answers");
  assert.equal(passed(await project.run(project.bin("vitest"), ["run"])), "5");
});

test("runs in Vitest where the package is inlined, as a bundler would", async () => {
  const project = await projectOf("vitest", "answers");
  assert.equal(passed(await project.run(project.bin("vitest"), ["run", "--config", "inline.config.js"])), "5");
});

test("runs in vitest-pool-workers", async () => {
  const project = await projectOf("workers-vitest", "answers");
  assert.equal(passed(await project.run(project.bin("vitest"), ["run"])), "1");
});

const MODULES = { NODE_OPTIONS: "--experimental-vm-modules" };

test("runs in Jest with modules, in the environment node", async () => {
  const project = await projectOf("jest", "answers");
  const output = await project.run(project.bin("jest"), ["--testMatch", "**/modules.spec.mjs", "--env", "node"], MODULES);
  assert.equal(passed(output), "1");
});

test("runs in Jest with modules, in the environment of jest-fixed-jsdom, whatever `fetch` is mocked with", async () => {
  const project = await projectOf("jest", "answers");
  const output = await project.run(project.bin("jest"), ["--config", "page.config.json"], MODULES);
  assert.equal(passed(output), "1");
});

test("runs in Jest with `require`, the package transformed by Babel", async () => {
  const project = await projectOf("jest", "answers");
  assert.equal(passed(await project.run(project.bin("jest"), ["--config", "commonjs.config.json", "--env", "node"])), "1");
});
