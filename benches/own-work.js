/**
 * Own work per call over a stubbed fetch: generate and status, by the quick start's bare class and by the package in
 * dist/, in turn, the best of several rounds. Run with `node benches/own-work.js` after `cargo xtask build`. The peers of
 * the issue (replicate, fal, openai) are not here yet.
 */
import { readFileSync } from "node:fs";
import { Midjourney } from "../dist/node.js";

const fixture = (name) => JSON.parse(readFileSync(new URL(`../tests/core/fixtures/${name}.json`, import.meta.url), "utf8"));
const [accepted, record, request] = ["real-generate-accepted", "real-record-success-txt2img", "real-generate-request"].map(fixture);
globalThis.fetch = async (_, { method }) => Response.json(method === "POST" ? accepted : record);

/** The two calls of the quick start's class, as it has them. */
class Bare {
  baseUrl = "https://api.midapi.ai/api/v1/mj";

  constructor(apiKey) {
    this.apiKey = apiKey;
  }

  async generateImage(options) {
    const response = await fetch(`${this.baseUrl}/generate`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.apiKey}`, "Content-Type": "application/json" },
      body: JSON.stringify(options),
    });
    const result = await response.json();
    if (!response.ok || result.code !== 200) throw new Error(`Generation failed: ${result.msg || "Unknown error"}`);
    return result.data.taskId;
  }

  async getTaskStatus(taskId) {
    const response = await fetch(`${this.baseUrl}/record-info?taskId=${taskId}`, {
      method: "GET",
      headers: { Authorization: `Bearer ${this.apiKey}` },
    });
    const result = await response.json();
    if (!response.ok || result.code !== 200) throw new Error(`Status check failed: ${result.msg || "Unknown error"}`);
    return result.data;
  }
}

const bare = new Bare("a-key");
const midapi = new Midjourney({ apiKey: "a-key" });
const CONTENDERS = {
  bare: async () => bare.getTaskStatus(await bare.generateImage(request)),
  midapi: async () => midapi.status(await midapi.generate(request)),
};

const ROUNDS = 7;
const CALLS = 4_000;
const best = {};
for (let round = 1; round <= ROUNDS; round++) {
  console.error(`round ${round} of ${ROUNDS} …`);
  for (const [name, run] of Object.entries(CONTENDERS)) {
    const start = performance.now();
    for (let call = 0; call < CALLS; call++) await run();
    const us = ((performance.now() - start) / CALLS) * 1000;
    best[name] = Math.min(best[name] ?? Infinity, us);
  }
}
console.log(`generate + status, Node ${process.version}`);
for (const [name, us] of Object.entries(best)) console.log(`${name}: ${us.toFixed(1)} µs, ${(us / best.bare).toFixed(2)} × bare`);
