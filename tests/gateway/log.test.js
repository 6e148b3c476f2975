/** The log, by which an owner finds afterwards what became of a submit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TOKEN, Upstream, breakingServer, entry, envelope, gatewayOn } from "../support/servers.js";

const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };
/** What the built-in table says of it. */
const CREDITS = 8;

/** The log's line of this answer, without what differs each time. */
function lineOf(gateway, { headers }) {
  const id = headers.get("x-request-id");
  const [line, ...others] = gateway.lines.filter((line) => line.includes(id)).map((line) => JSON.parse(line));
  assert.deepEqual(others, []);
  assert.equal(typeof line.ms, "number");
  const { upstreamMs } = line;
  if (upstreamMs !== undefined) assert.ok(Number.isInteger(upstreamMs) && upstreamMs <= line.ms, JSON.stringify(line));
  return { ...line, id: undefined, ms: undefined, upstreamMs: upstreamMs === undefined ? "not asked" : "asked" };
}

test("a submit that failed has its credits in the log, and the vendor's time if it was asked", async () => {
  let answer;
  const gateway = await gatewayOn(new Upstream(() => answer()));
  const base = { id: undefined, ms: undefined, route: "generate", subject: "alice" };
  for (const [outcome, reply] of [
    [500, () => envelope(null, { code: 500, msg: "no" })],
    [502, () => new Response("<html>", { status: 502 })],
  ]) {
    answer = reply;
    const line = lineOf(gateway, await gateway.post("generate", IMAGE));
    assert.deepEqual(line, { ...base, outcome, upstreamMs: "asked", credits: CREDITS, billed: "unknown" });
  }
  const broken = await gatewayOn(undefined, { vars: { MIDAPI_UPSTREAM_URL: (await breakingServer("")).url } });
  const line = lineOf(broken, await broken.post("generate", IMAGE));
  assert.deepEqual(line, { ...base, outcome: 504, upstreamMs: "asked", credits: CREDITS, billed: "unknown" });
  for (const outcome of [402, 422, 429, 455, 505]) {
    answer = () => envelope(null, { code: outcome, msg: "no" });
    const line = lineOf(gateway, await gateway.post("generate", IMAGE));
    assert.deepEqual(line, { ...base, outcome, upstreamMs: "asked", refusedCredits: CREDITS });
  }
});

test("a submit that was refused before the vendor was asked has what it would have taken", async () => {
  const MIDAPI_TOKENS = JSON.stringify([entry("alice", TOKEN, { dailyCredits: CREDITS - 1 })]);
  for (const [outcome, vars] of [
    [402, { MIDAPI_TOKENS }],
    [505, { MIDAPI_STOPPED: "on holiday" }],
  ]) {
    const gateway = await gatewayOn(new Upstream(() => assert.fail("asked")), { vars });
    const line = lineOf(gateway, await gateway.post("generate", IMAGE));
    assert.deepEqual([line.outcome, line.upstreamMs, line.credits, line.refusedCredits], [outcome, "not asked", undefined, CREDITS]);
  }
});

test("an order that comes again after an unclear answer has no credits in its line, as it sets none aside", async () => {
  const gateway = await gatewayOn(new Upstream(() => new Response("<html>", { status: 502 })));
  const post = () => gateway.post("generate", IMAGE, { "Idempotency-Key": "k" });
  assert.equal(lineOf(gateway, await post()).credits, CREDITS);
  const line = lineOf(gateway, await post());
  assert.deepEqual([line.outcome, line.billed, line.upstreamMs, line.credits], [502, "unknown", "not asked", undefined]);
});
