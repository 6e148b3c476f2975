/** `midapi/ai-sdk` under the real AI SDK. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { projectOf } from "./project.js";

test("the provider passes its own tests under the SDK, in a process without anything else", async () => {
  const project = await projectOf("ai-sdk");
  const output = await project.run("node", ["--test", "--test-reporter=tap", "spec.mjs"]);
  assert.match(output, /# pass 19\n# fail 0/);
});

test("the provider has the types that the SDK wants", async () => {
  const project = await projectOf("ai-sdk");
  // The SDK's own types don't compile without `skipLibCheck`.
  const strict = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--skipLibCheck"];
  await project.run(project.bin("tsc"), ["--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2023,dom", ...strict, "types.ts"]);
});
