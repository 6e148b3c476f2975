/** What the gateway stores: caps bound that, too. Each object of the runtime's has a file of its own. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folderOf } from "../support/folder.js";
import { TOKEN, Upstream, entry, envelope, gatewayOn } from "../support/servers.js";

const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };
const TASK = "9f47c52047dda21bb3df0488736cce57";
const accepted = () => envelope({ taskId: TASK });
const withKey = (key) => ({ "Idempotency-Key": key });

/** The files of the jobs' objects, each with whether anything is stored in it. */
function jobs(state) {
  const folder = readdirSync(state).find((name) => name.endsWith("-Job"));
  const files = readdirSync(join(state, folder)).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  return files.map((name) => {
    const file = readFileSync(join(state, folder, name));
    let written = 0;
    try {
      written = readFileSync(join(state, folder, `${name}-wal`)).length;
    } catch {
      // It is closed.
    }
    // How many tables and indexes the database has: cells of its first page.
    return { name, isEmpty: written === 0 && file.length === 4096 && file.readUInt16BE(103) === 0 };
  });
}
const stored = (state) => jobs(state).filter(({ isEmpty }) => !isEmpty).length;

test("a look at an unknown task, a change of one and a callback with a wrong token make no object", async (t) => {
  const state = folderOf(t);
  const gateway = await gatewayOn(new Upstream(accepted), { state });
  for (const id of ["A".repeat(32), TASK, "unknown"]) {
    assert.equal((await gateway.get(`record-info?taskId=${id}`)).status, 422);
    assert.equal((await gateway.post("upscale", { taskId: id, index: 1 })).status, 422);
    assert.equal((await gateway.post(`../callback/${id}/${"B".repeat(32)}`, { code: 200 })).status, 404);
  }
  assert.deepEqual(jobs(state), []);
});

test("an order that cost nothing leaves nothing behind, unless it can be ordered again", async (t) => {
  const state = folderOf(t);
  let answer;
  const upstream = new Upstream(() => answer());
  const vars = { MIDAPI_TOKENS: JSON.stringify([entry("alice", TOKEN, { dailyCredits: 20 })]) };
  const gateway = await gatewayOn(upstream, { state, vars });
  for (const code of [402, 422, 429, 455]) {
    answer = () => envelope(null, { code, msg: "no" });
    assert.equal((await gateway.post("generate", IMAGE)).status, code);
  }
  answer = () => new Response("<html>", { status: 403 });
  assert.equal((await gateway.post("generate", IMAGE)).status, 502);
  assert.equal((await gateway.get("../usage")).json.data.spent, 0);
  // Over the cap, with a key or without.
  const dear = { ...IMAGE, taskType: "mj_video", fileUrl: "https://files.example/1.png" };
  for (const headers of [{}, withKey("dear")]) assert.equal((await gateway.post("generate", dear, headers)).status, 402);
  assert.equal(stored(state), 0);

  answer = () => envelope(null, { code: 429, msg: "slow down" });
  assert.equal((await gateway.post("generate", IMAGE, withKey("k"))).status, 429);
  assert.equal(stored(state), 1);
  answer = accepted;
  assert.equal((await gateway.post("generate", IMAGE)).status, 200);
  assert.equal(stored(state), 2);
});
