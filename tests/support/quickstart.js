import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Runs a program to its end and returns what it printed, on both streams. */
export function program(name, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(name, args, { cwd: ROOT, timeout: 120_000, ...options });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(output) : reject(new Error(`${name} ended with ${code}\n${output}`))));
  });
}

/** Both of the quick start's programs print the same lines. */
export function reachesItsLastLine(output) {
  const lines = output.trim().split("\n");
  assert.equal(lines[0], "Starting image generation...");
  assert.ok(lines.includes("Image generation successful!"), output);
  assert.ok(lines.includes("Generated images count: 4"), output);
  for (const number of [1, 2, 3, 4]) {
    assert.ok(lines.some((line) => line.startsWith(`Image ${number}: http`)), output);
  }
  assert.ok(lines.includes("Starting upscale of first image..."), output);
  assert.ok(lines.includes("Image upscale successful!"), output);
  assert.match(lines.at(-1), /^Upscaled image: http\S+\.png$/);
}
