/** The examples of tests on the simulator, as somebody has them who copied one and installed the package. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { install } from "../frameworks/project.js";
import { program } from "../support/quickstart.js";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

for (const [name, tests] of [["vitest", 5], ["msw", 3]]) {
  test(`examples/${name}: all of its tests pass on the packed package, and one that is wrong fails`, async (t) => {
    const [sources, folder] = [at(`../../examples/${name}`), at(`../../build/examples/${name}`)];
    await install(sources, folder);
    cpSync(sources, folder, { recursive: true, filter: (path) => !path.includes("node_modules") });
    const run = () => program("npm", ["test", "--", "--reporter=json"], { cwd: folder, env: { ...process.env, CI: "1" } });
    const report = reportOf(await run());
    assert.deepEqual([report.numPassedTests, report.numTotalTests, report.success], [tests, tests, true]);
    const wrong = join(folder, "wrong.test.js");
    t.after(() => rmSync(wrong));
    writeFileSync(wrong, 'import { test } from "vitest";\ntest("x", () => { throw new Error("wrong"); });\n');
    await assert.rejects(run(), /"numFailedTests":1/);
  });
}

/** Among what npm and the tests print. */
const reportOf = (output) => JSON.parse(/^\{"numTotalTestSuites".*$/m.exec(output)[0]);
