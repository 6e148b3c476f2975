/**
 * Own work per call over a stubbed fetch: submit and look once, by the quick start's bare class, by the package in dist/
 * and by its peers, in turn, the best of several rounds.
 */
import { createFalClient } from "@fal-ai/client";
import OpenAI from "openai";
import Replicate from "replicate";
import { Midjourney } from "../dist/node.js";
import { Bare } from "./bare.js";
import { request, say, stub, table } from "./stub.js";

globalThis.fetch = stub;

const bare = new Bare("a-key-of-the-bench");
const midapi = new Midjourney({ apiKey: "a-key-of-the-bench" });
const replicate = new Replicate({ auth: "a-key-of-the-bench" });
const { queue } = createFalClient({ credentials: "an-id:a-key" });
const { responses } = new OpenAI({ apiKey: "a-key-of-the-bench" });

const CONTENDERS = {
  "the quick start's class": async () => bare.getTaskStatus(await bare.generateImage(request)),
  midapi: async () => midapi.status(await midapi.generate(request)),
  replicate: async () => {
    const { id } = await replicate.predictions.create({ model: "owner/name", input: request });
    return replicate.predictions.get(id);
  },
  "@fal-ai/client": async () => {
    const { request_id: requestId } = await queue.submit("owner/name", { input: request });
    return queue.status("owner/name", { requestId });
  },
  openai: async () => {
    const { id } = await responses.create({ model: "name", input: request.prompt, background: true });
    return responses.retrieve(id);
  },
};

const ROUNDS = 9;
const CALLS = 3_000;
const best = {};
for (let round = 1; round <= ROUNDS; round++) {
  say(`own work: round ${round} of ${ROUNDS}`);
  for (const [name, run] of Object.entries(CONTENDERS)) {
    const start = performance.now();
    for (let call = 0; call < CALLS; call++) await run();
    const us = ((performance.now() - start) / CALLS) * 1000;
    best[name] = Math.min(best[name] ?? Infinity, us);
  }
}

const [first] = Object.values(best);
console.log(`## Own work: submit and look once, over a fetch that answers at once

Each ${CALLS} times a round, in turn; the best of ${ROUNDS} rounds.
`);
table(
  ["client", "µs", "× the quick start's class"],
  Object.entries(best).map(([name, us]) => [name, us.toFixed(1), (us / first).toFixed(2)]),
);
