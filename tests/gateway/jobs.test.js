/** One order, one job, one submit: rows 16, 17, 31, 35 and 38 of the threat table, and 10 where a process is killed. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Midjourney } from "../../dist/node.js";
import { freePort } from "../../tools/platform.js";
import { folderOf } from "../support/folder.js";
import { inspect } from "../support/inspector.js";
import { OTHER_TOKEN, TOKEN, Upstream, entry, envelope, gatewayOn, killable } from "../support/servers.js";

const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };
const CREDITS = 8;
const TASK = "9f47c52047dda21bb3df0488736cce57";
const accepted = () => envelope({ taskId: TASK });
const usageOf = (gateway) => gateway.get("../usage");
const usage = async (gateway) => (await usageOf(gateway)).json.data;
const withKey = (key) => ({ "Idempotency-Key": key });

test("row 16: 20 posts at once with one key are one submit and one task; another body is refused", async () => {
  const upstream = new Upstream(async () => (await pause(100), accepted()));
  const gateway = await gatewayOn(upstream);
  const answers = await Promise.all(Array.from({ length: 20 }, () => gateway.post("generate", IMAGE, withKey("click-1"))));
  assert.equal(upstream.submits.length, 1);
  assert.deepEqual(new Set(answers.map(({ status, json }) => `${status} ${json.data.taskId}`)).size, 1);
  assert.equal((await usage(gateway)).spent, CREDITS);

  const other = await gateway.post("generate", { ...IMAGE, prompt: "another" }, withKey("click-1"));
  assert.equal(other.status, 422);
  assert.match(other.json.msg, /^idempotencyKey: was used for another request/);
  // The same request spelled otherwise is the same.
  const same = await gateway.post("generate", { prompt: IMAGE.prompt, taskType: IMAGE.taskType, waterMark: "" }, withKey("click-1"));
  assert.equal(same.json.data.taskId, answers[0].json.data.taskId);
  assert.equal(upstream.submits.length, 1);

  // A key is its caller's own, and without one each post is a task.
  assert.equal((await gateway.post("generate", IMAGE, { ...withKey("click-1"), Authorization: `Bearer ${OTHER_TOKEN}` })).status, 200);
  assert.equal((await gateway.post("generate", IMAGE)).status, 200);
  assert.equal(upstream.submits.length, 3);
  for (const key of ["", "ä", "x".repeat(256), "two words"]) {
    const { status, json } = await gateway.post("generate", IMAGE, { "Idempotency-Key": Buffer.from(key).toString("latin1") });
    assert.equal(status, 422, json.msg);
    assert.match(json.msg, /^idempotencyKey: must be/);
  }
  assert.equal(upstream.submits.length, 3);
});

test("row 16: 20 posts at once with one key all get the same answer, a refusal too", async () => {
  let answer;
  const upstream = new Upstream(async () => (await pause(50), answer()));
  const gateway = await gatewayOn(upstream);
  const broke = await gatewayOn(upstream, { vars: { MIDAPI_DAILY_CREDITS: "1" } });
  for (const [number, [on, out, status, says, reply]] of [
    [gateway, 1, 429, /slow down/, () => envelope(null, { code: 429, msg: "slow down" })],
    [gateway, 1, 500, /may have been created and billed/, () => Promise.reject(new Error("reset"))],
    [broke, 0, 402, /^daily cap/, accepted],
  ].entries()) {
    upstream.requests.length = 0;
    answer = reply;
    const answers = await Promise.all(Array.from({ length: 20 }, () => on.post("generate", IMAGE, withKey(`click-${number}`))));
    for (const { status: got, json } of answers) {
      assert.equal(got, status, json.msg);
      assert.match(json.msg, says);
    }
    assert.equal(upstream.submits.length, out);
  }
});

test("row 31: a vendor's error that reads like a gateway's still counts as possibly billed", async () => {
  const upstream = new Upstream(() => envelope(null, { code: 503, msg: "misconfigured: worker pool", status: 503 }));
  const gateway = await gatewayOn(upstream);
  for (let number = 0; number < 3; number++) {
    const { json } = await gateway.post("generate", IMAGE, withKey("k"));
    assert.match(json.msg, /may have been created and billed/);
  }
  assert.equal(upstream.submits.length, 1);
});

test("row 33: a reply that is too long is read up to the limit, and the outcome is unknown", async () => {
  const long = JSON.stringify({ code: 200, msg: "success", data: { taskId: TASK, more: "x".repeat(2_000_000) } });
  const gateway = await gatewayOn(new Upstream(() => new Response(long, { headers: { "Content-Type": "application/json" } })));
  const { status, json } = await gateway.post("generate", IMAGE);
  assert.equal(status, 504);
  assert.match(json.msg, /may have been created and billed/);
});

test("row 31: a job whose submit has an unknown outcome is reported as such, not as running", async () => {
  const gateway = await gatewayOn(new Upstream(() => Promise.reject(new Error("reset"))));
  const { json } = await gateway.post("generate", IMAGE, withKey("k"));
  assert.match(json.msg, /may have been created and billed/);
  // The id is the hash of caller and key; a caller of before could know it.
  const id = createHash("sha256").update("token:alice\0k").digest().subarray(0, 24).toString("base64url");
  const looked = await gateway.get(`record-info?taskId=${id}`);
  assert.equal(looked.status, 500, looked.body);
  assert.match(looked.json.msg, /may have been created and billed/);
});

test("row 16: after an unbilled refusal the same key can be submitted again", async () => {
  let answer = () => envelope(null, { code: 429, msg: "slow down" });
  const upstream = new Upstream(() => answer());
  const gateway = await gatewayOn(upstream);
  for (let number = 0; number < 3; number++) assert.equal((await gateway.post("generate", IMAGE, withKey("k"))).status, 429);
  answer = accepted;
  const { taskId } = (await gateway.post("generate", IMAGE, withKey("k"))).json.data;
  assert.equal((await gateway.post("generate", IMAGE, withKey("k"))).json.data.taskId, taskId);
  assert.equal(upstream.submits.length, 4);
  assert.equal((await usage(gateway)).spent, CREDITS);
});

test("rows 16 and 35: a restart keeps jobs, keys and spending", async (t) => {
  const state = folderOf(t);
  const upstream = new Upstream(({ method }) => (method === "POST" ? accepted() : envelope({ taskId: TASK, successFlag: 0 })));
  const first = await killable(upstream, { state });
  const { taskId } = (await first.post("generate", IMAGE, withKey("k"))).json.data;
  await first.kill();
  const second = await gatewayOn(upstream, { state });
  assert.equal((await second.post("generate", IMAGE, withKey("k"))).json.data.taskId, taskId);
  assert.equal(upstream.submits.length, 1);
  assert.equal((await second.get(`record-info?taskId=${taskId}`)).json.data.successFlag, 0);
  assert.equal((await usage(second)).spent, CREDITS);
});

test("rows 10 and 31: a submit that was under way at a kill is never sent again and stays charged", async (t) => {
  const state = folderOf(t);
  let answer = () => new Promise(() => {});
  const upstream = new Upstream(() => answer());
  const vars = { MIDAPI_TOKENS: JSON.stringify([entry("alice", TOKEN, { dailyCredits: 2 * CREDITS })]) };
  const first = await killable(upstream, { state, vars });
  first.post("generate", IMAGE, withKey("k")).catch(() => {});
  while (upstream.submits.length === 0) await pause(10);
  await first.kill();

  answer = accepted;
  const second = await gatewayOn(upstream, { state, vars });
  const again = await second.post("generate", IMAGE, withKey("k"));
  assert.equal(again.status, 500);
  assert.match(again.json.msg, /^the gateway broke off while the vendor was asked; the task may have been created and billed/);
  assert.equal(upstream.submits.length, 1);
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => second.post("generate", IMAGE)));
  assert.equal(outcomes.filter(({ status }) => status === 200).length, 1);
  assert.equal(upstream.submits.length, 2, "never above the cap");
});

test("rows 10 and 35: after a kill at any time the submits stay within the cap, and reservations of unsent submits are released", async (t) => {
  const CAP = 12;
  for (let round = 0; round < 6; round++) {
    const state = folderOf(t);
    const upstream = new Upstream(async () => (await pause(Math.random() * 100), accepted()));
    const vars = { MIDAPI_TOKENS: JSON.stringify([entry("alice", TOKEN, { dailyCredits: CAP * CREDITS })]) };
    const keys = Array.from({ length: CAP + 8 }, (_, number) => withKey(`k${number}`));
    const first = await killable(upstream, { state, vars });
    const posts = keys.map((key) => first.post("generate", IMAGE, key).catch(() => {}));
    await pause(20 + round * 25);
    await first.kill();
    await Promise.all(posts);
    const left = upstream.submits.length;
    assert.ok(left <= CAP, `${left} of ${CAP} left`);

    const second = await gatewayOn(upstream, { state, vars });
    const answers = await Promise.all(keys.map((key) => second.post("generate", IMAGE, key)));
    // Whatever was under way is settled by its alarm, which rings at once; what was refused at the cap may be tried again.
    let unknown = answers.filter(({ status }) => status === 500).length;
    for (let tries = 0; (await usage(second)).left > 0 && tries < 20; tries++) {
      await pause(100);
      for (const key of keys) await second.post("generate", IMAGE, key);
    }
    const sent = upstream.submits.length;
    assert.ok(sent <= CAP, `${sent} of ${CAP} left`);
    // Nothing is lost either: all the cap allows is used, by what left and by what nobody knows of.
    assert.ok(sent + unknown >= CAP, `round ${round}: ${sent} sent, ${unknown} unknown, cap ${CAP}`);
    assert.equal((await usage(second)).spent, CAP * CREDITS);
    await second.stop();
  }
});

test("row 31: a task is kept when its caller disconnects during the submit", async () => {
  const upstream = new Upstream(async () => (await pause(300), accepted()));
  const gateway = await gatewayOn(upstream);
  const request = httpRequest(`${gateway.api}/generate`, {
    method: "POST",
    headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json", ...withKey("k") },
  });
  request.on("error", () => {});
  request.end(JSON.stringify(IMAGE));
  while (upstream.submits.length === 0) await pause(10);
  request.destroy();
  await pause(500);
  const { status, json } = await gateway.post("generate", IMAGE, withKey("k"));
  assert.deepEqual([status, upstream.submits.length], [200, 1], json.msg);
});

test("row 31: the package finds an unknown submit by its key without submitting again", async () => {
  let reply = () => Promise.reject(new Error("reset"));
  const upstream = new Upstream(() => reply());
  const gateway = await gatewayOn(upstream);
  const mj = new Midjourney({ endpoint: gateway.api, apiKey: TOKEN });
  const error = await mj.generate(IMAGE).catch((error) => error);
  assert.deepEqual([error.kind, error.billed], ["server_error", "unknown"]);
  reply = accepted;
  // The vendor knows no keys: who was asked once is not asked again, and says so again.
  const again = await mj.reconcile(error).catch((error) => error);
  assert.equal(again.billed, "unknown");
  assert.equal(upstream.submits.length, 1);

  // Where the answer was lost on the way back, the task is there.
  const fetched = globalThis.fetch;
  globalThis.fetch = async (...call) => (await fetched(...call), Promise.reject(new TypeError("the network is gone")));
  const lost = await mj.generate(IMAGE).catch((error) => error);
  globalThis.fetch = fetched;
  assert.equal(lost.billed, "unknown");
  const { taskId } = await mj.reconcile(lost);
  assert.equal(typeof taskId, "string");
  assert.equal(upstream.submits.length, 2);
});

test("row 17: 100 callers who look at one job cause one read of the vendor", async () => {
  const running = envelope({ taskId: TASK, successFlag: 0 });
  const upstream = new Upstream(async ({ method }) => (await pause(50), method === "POST" ? accepted() : running.clone()));
  const gateway = await gatewayOn(upstream);
  const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
  const answers = await Promise.all(Array.from({ length: 100 }, () => gateway.get(`record-info?taskId=${taskId}`)));
  for (const { status, json } of answers) assert.deepEqual([status, json.data.successFlag, json.data.taskId], [200, 0, taskId]);
  assert.equal(upstream.requests.length - upstream.submits.length, 1);
});

test("the record of an ended task is read from the vendor once and then kept", async () => {
  const done = { taskId: TASK, successFlag: 1, resultInfoJson: { resultUrls: [{ resultUrl: "https://files.example/1.png" }] } };
  const upstream = new Upstream(({ method }) => (method === "POST" ? accepted() : envelope(done)));
  const gateway = await gatewayOn(upstream);
  const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
  for (let number = 0; number < 3; number++) {
    const { json } = await gateway.get(`record-info?taskId=${taskId}`);
    assert.equal(json.data.resultInfoJson.resultUrls[0].resultUrl, "https://files.example/1.png");
  }
  assert.equal(upstream.requests.length, 2);
});

test("row 23: looks that come back late, and in any order, don't reopen a task that has ended", async () => {
  const url = "https://files.example/1.png";
  const succeeded = { taskId: TASK, successFlag: 1, resultInfoJson: { resultUrls: [{ resultUrl: url }] } };
  for (const late of [
    () => envelope({ taskId: TASK, successFlag: 0 }),
    () => envelope({ taskId: TASK, successFlag: 3, errorMessage: "late" }),
    () => envelope(null, { code: 500, msg: "late" }),
    () => Promise.reject(new Error("reset")),
  ]) {
    let letGo;
    const held = new Promise((resolve) => (letGo = resolve));
    let looks = 0;
    const upstream = new Upstream(async ({ method }) => {
      if (method === "POST") return accepted();
      if (++looks > 1) return envelope(succeeded);
      await held;
      return late();
    });
    const gateway = await gatewayOn(upstream, { vars: { MIDAPI_PUBLIC_URL: "https://gateway.example" } });
    const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
    const look = async () => {
      const { status, json } = await gateway.get(`record-info?taskId=${taskId}`);
      assert.equal(status, 200, json.msg);
      return [json.data.successFlag, json.data.resultInfoJson?.resultUrls[0].resultUrl];
    };
    const first = look();
    while (looks === 0) await pause(10);
    const { pathname } = new URL(JSON.parse(upstream.submits[0].body).callBackUrl);
    assert.equal((await gateway.post(`../../..${pathname}`, { code: 200 })).status, 200);
    // The callback has the job look by itself.
    while ((await look())[0] === 0) await pause(10);
    assert.deepEqual(await look(), [1, url]);
    letGo();
    assert.deepEqual(await first, [1, url], "the late one gets what is known");
    assert.deepEqual(await look(), [1, url]);
    assert.equal(looks, 2);
    await gateway.stop();
  }
});

test("row 38: a panic fails one request with 500, and the next one works", async () => {
  const upstream = new Upstream(accepted);
  const gateway = await gatewayOn(upstream, { crashing: true });
  const healthy = async () => assert.equal((await gateway.post("generate", IMAGE)).status, 200);
  await healthy();
  for (let number = 0; number < 3; number++) {
    const crashed = await gateway.post("generate", { ...IMAGE, prompt: "crash" });
    assert.deepEqual([crashed.status, Object.keys(crashed.json)], [500, ["code", "msg", "data", "requestId"]]);
    assert.equal(crashed.json.msg, "internal error");
    const id = crashed.headers.get("x-request-id");
    assert.match(id, /^[0-9a-f]{16}$/);
    assert.equal(crashed.json.requestId, id);
    const lines = gateway.lines.filter((line) => line.includes(id)).map((line) => JSON.parse(line));
    assert.deepEqual(lines.map(({ route, outcome }) => [route, outcome]), [["-", 500]]);
    await healthy();
  }
  assert.equal(upstream.submits.length, 4);
  assert.match(gateway.lines.find((line) => line.includes("crashed")), /^\{"crashed":"src\/crash\.rs:\d+"\}$/);
});

test("row 38: a panic also fails the requests under way, and none hangs", async () => {
  const upstream = new Upstream(({ method }) => (method === "POST" ? accepted() : envelope({ taskId: TASK, successFlag: 0 })));
  const gateway = await gatewayOn(upstream, { crashing: true });
  const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
  for (let round = 0; round < 5; round++) {
    const others = Array.from({ length: 20 }, async (_, number) => {
      await pause(number * 3);
      return number % 2 ? gateway.get(`record-info?taskId=${taskId}`) : usageOf(gateway);
    });
    const crashes = Array.from({ length: 3 }, async (_, number) => {
      await pause(10 + number * 20);
      return gateway.post("generate", { ...IMAGE, prompt: "crash" });
    });
    for (const { status, body, json } of await Promise.all([...others, ...crashes])) {
      assert.ok(json, `no JSON: ${body}`);
      if (status !== 200) assert.deepEqual([status, json.msg], [500, "internal error"]);
    }
  }
  assert.equal((await gateway.post("generate", IMAGE)).status, 200);
});

test("rows 35 and 38: a submit that was sent before a panic has an unknown outcome, and keeps it", async () => {
  const upstream = new Upstream(accepted);
  const gateway = await gatewayOn(upstream, { crashing: true });
  const crash = () => gateway.post("generate", { ...IMAGE, prompt: "crash later" }, withKey("k"));
  assert.equal((await crash()).status, 500);
  // The job's object notices a little later than the request; till then it is one and the same order.
  await pause(200);
  const again = await crash();
  assert.match(again.json.msg, /^the gateway broke off while the vendor was asked/);
  assert.equal(upstream.submits.length, 1);
  assert.equal((await usage(gateway)).spent, CREDITS);
  // The request's own line may be the entry's, which knows nothing of it.
  const lines = gateway.lines.filter((line) => line.includes("broken off")).map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ event, state, job }) => [event, state, typeof job]), [["broken off", "unknown", "string"]]);
});

test("row 38: memory stops growing: of four times 5,000 requests one adds nothing", async () => {
  const upstream = new Upstream(({ method }) => (method === "POST" ? accepted() : envelope({ taskId: TASK, successFlag: 0 })));
  const inspectorPort = await freePort();
  const gateway = await gatewayOn(upstream, { inspectorPort });
  const inspector = await inspect(inspectorPort);
  const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
  const ask = async (times) => {
    for (let number = 0; number < times; number += 10) {
      await Promise.all(Array.from({ length: 10 }, () => gateway.get(`record-info?taskId=${taskId}`)));
    }
  };
  await ask(500);
  // It grows by pages of 64 KiB, at times for a single moment of many buffers. A leak of 14 bytes a request adds one each time.
  let before;
  let after = await inspector.memory();
  for (let rounds = 0; rounds < 4 && after.webAssembly !== before?.webAssembly; rounds++) {
    before = after;
    await ask(5_000);
    after = await inspector.memory();
  }
  inspector.close();
  assert.equal(after.webAssembly, before.webAssembly);
  // One object of a few bytes a request would be more.
  assert.ok(after.heap - before.heap < 100_000, `${before.heap} to ${after.heap} bytes`);
});
