/** What is spent: rows 9, 11 and 12 of the threat table, counted at the upstream. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { folderOf } from "../support/folder.js";
import { OTHER_TOKEN, TOKEN, Upstream, entry, envelope, gatewayOn } from "../support/servers.js";
import { inOneWindow } from "../support/until.js";

const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };
/** What the built-in table says of it. */
const CREDITS = 8;
const TASK = "9f47c52047dda21bb3df0488736cce57";
const accepted = () => envelope({ taskId: TASK });

const delayed = (ms, answer) => new Promise((resolve) => setTimeout(() => resolve(answer()), ms));
const tokens = (...entries) => JSON.stringify(entries);
const usage = async (gateway, headers) => (await gateway.get("../usage", headers)).json.data;

const PAGE = "https://studio.example";

/** What so many calls answer, each made after the one before it. */
async function oneByOne(calls, call) {
  const answers = [];
  for (let number = 1; number <= calls; number++) answers.push(await call(number));
  return answers;
}

/** A picture of a page that has just opened a session, at this network address. */
async function spend(gateway, address) {
  const page = { Authorization: "", Origin: PAGE, "CF-Connecting-IP": address };
  const { headers } = await gateway.post("../session", "", page);
  return gateway.post("generate", IMAGE, { ...page, Cookie: headers.get("set-cookie").split(";")[0] });
}

test("row 9: more submits than the cap, all at once: exactly the cap goes out, 20 runs of 20", async () => {
  const RUNS = 20;
  const CAP = 5;
  const names = Array.from({ length: RUNS }, (_, run) => `run-${run}`);
  const upstream = new Upstream(() => delayed(Math.random() * 300, accepted));
  const gateway = await gatewayOn(upstream, {
    vars: { MIDAPI_TOKENS: tokens(...names.map((name) => entry(name, name, { dailyCredits: CAP * CREDITS }))) },
  });
  for (const name of names) {
    upstream.requests.length = 0;
    const as = { Authorization: `Bearer ${name}` };
    const answers = await Promise.all(Array.from({ length: CAP + 20 }, () => gateway.post("generate", IMAGE, as)));
    assert.equal(upstream.submits.length, CAP, name);
    const refused = answers.filter(({ status }) => status !== 200);
    assert.equal(refused.length, 20);
    for (const { status, json, headers } of refused) {
      assert.equal(status, 402);
      assert.match(json.msg, /^daily cap: this caller spent 40 of 40 credits today, and this would take 8$/);
      assert.ok(Number(headers.get("retry-after")) <= 24 * 60 * 60);
    }
    const { dailyCredits, spent, left } = await usage(gateway, as);
    assert.deepEqual({ dailyCredits, spent, left }, { dailyCredits: 40, spent: 40, left: 0 });
  }
});

test("row 9: the gateway's own cap holds over all callers", async () => {
  const upstream = new Upstream(() => delayed(Math.random() * 100, accepted));
  const gateway = await gatewayOn(upstream, { vars: { MIDAPI_DAILY_CREDITS: String(3 * CREDITS + 1) } });
  const callers = [{}, { Authorization: `Bearer ${OTHER_TOKEN}` }];
  const answers = await Promise.all(Array.from({ length: 20 }, (_, number) => gateway.post("generate", IMAGE, callers[number % 2])));
  assert.equal(upstream.submits.length, 3);
  assert.ok(answers.some(({ json }) => json.msg === "daily cap: this gateway spent 24 of 25 credits today, and this would take 8"));
  const [one, other] = await Promise.all(callers.map((headers) => usage(gateway, headers)));
  assert.equal(one.spent + other.spent, 24);
  assert.equal(one.left, 1);
});

test("credits of a certain refusal are released, and those of an unclear outcome stay charged", async () => {
  let answer = accepted;
  const gateway = await gatewayOn(new Upstream(() => answer()), { vars: { MIDAPI_TOKENS: tokens(entry("alice", TOKEN, { dailyCredits: 24 })) } });
  const spent = async () => (await usage(gateway)).spent;
  for (const code of [402, 422, 429, 455, 505]) {
    answer = () => envelope(null, { code, msg: "no" });
    assert.equal((await gateway.post("generate", IMAGE)).status, code);
    assert.equal(await spent(), 0, `${code}`);
  }
  answer = () => envelope(null, { code: 401, msg: "no" });
  assert.equal((await gateway.post("generate", IMAGE)).status, 503);
  assert.equal(await spent(), 0);
  for (const [number, unclear] of [
    () => envelope(null, { code: 500, msg: "no" }),
    () => new Response("<html>", { status: 502 }),
    () => Promise.reject(new Error("reset")),
  ].entries()) {
    answer = unclear;
    const { status, json } = await gateway.post("generate", IMAGE);
    assert.ok(status >= 500, json.msg);
    assert.match(json.msg, /may have been created and billed/);
    assert.equal(await spent(), (number + 1) * CREDITS);
  }
  answer = accepted;
  assert.equal((await gateway.post("generate", IMAGE)).status, 402, "the cap is used up by what may have been spent");
});

test("row 12: a reservation is the highest price of the task, by the owner's table if there is one", async () => {
  const fileUrl = "https://files.example/1.png";
  const gateway = await gatewayOn(new Upstream(accepted));
  const priced = await gatewayOn(new Upstream(accepted), { vars: { MIDAPI_PRICES: '{"relaxed": 1, "video": [20, 99], "change": 2}' } });
  for (const [route, body, most, own] of [
    ["generate", { ...IMAGE, speed: "relaxed" }, 3, 1],
    ["generate", { ...IMAGE, speed: "turbo" }, 16, 16],
    // Midjourney's own flag: nobody outside knows whether the vendor minds it.
    ["generate", { ...IMAGE, speed: "relaxed", prompt: "a cat --turbo" }, 16, 16],
    ["generate", { ...IMAGE, taskType: "mj_video", fileUrl, videoBatchSize: 4 }, 60, 99],
    ["generate", { ...IMAGE, taskType: "mj_video_hd", fileUrl }, 180, 180],
    ["upscale", { index: 1 }, 16, 2],
    ["generateVideoExtend", { index: 1, taskType: "mj_video_extend_auto" }, 60, 99],
  ]) {
    for (const [on, credits] of [[gateway, most], [priced, own]]) {
      const { taskId } = (await on.post("generate", IMAGE)).json.data;
      const before = (await usage(on)).spent;
      const answer = await on.post(route, route === "generate" ? body : { ...body, taskId });
      assert.equal(answer.status, 200, answer.body);
      assert.equal((await usage(on)).spent - before, credits, JSON.stringify(body));
    }
  }
});

test("row 12: what is made of an HD video costs what an HD video costs, through a chain of extensions too", async () => {
  const gateway = await gatewayOn(new Upstream(accepted));
  const spent = async () => (await usage(gateway)).spent;
  const fileUrl = "https://files.example/1.png";
  for (const [taskType, most] of [["mj_video", 60], ["mj_video_hd", 180]]) {
    let { taskId } = (await gateway.post("generate", { ...IMAGE, taskType, fileUrl })).json.data;
    for (const body of [
      { index: 0, taskType: "mj_video_extend_auto" },
      { index: 1, taskType: "mj_video_extend_manual", prompt: "and on" },
      { index: 0, taskType: "mj_video_extend_auto" },
    ]) {
      const before = await spent();
      const answer = await gateway.post("generateVideoExtend", { ...body, taskId });
      assert.equal(answer.status, 200, answer.body);
      assert.equal((await spent()) - before, most, taskType);
      ({ taskId } = answer.json.data);
    }
  }
});

test("row 11: rotating and forged addresses count as one network, and the caps hold without a rate limiter", async () => {
  const upstream = new Upstream(accepted);
  const MOST = 5;
  const limited = await gatewayOn(upstream, { limits: { SUBMIT_LIMIT: MOST, READ_LIMIT: MOST } });
  for (const address of [
    (number) => ({ "CF-Connecting-IP": `2001:db8:1:2::${number}` }),
    (number) => ({ "CF-Connecting-IP": "203.0.113.7", "X-Forwarded-For": `198.51.100.${number}` }),
    (number) => ({ "CF-Connecting-IP": "203.0.113.8", "X-Real-IP": `198.51.100.${number}`, Forwarded: `for=198.51.100.${number}` }),
  ]) {
    // Not known to the gateway, so that the caller's own limit isn't what holds.
    const answers = await inOneWindow(() =>
      oneByOne(MOST + 3, (number) => limited.post("generate", IMAGE, { ...address(number), Authorization: "Bearer wrong" })),
    );
    assert.deepEqual(answers.map(({ status }) => status), [...Array(MOST).fill(401), 429, 429, 429]);
    for (const { headers, json } of answers.slice(MOST)) {
      assert.equal(headers.get("retry-after"), "10");
      assert.match(json.msg, /^too many requests by this network address; nothing was sent$/);
    }
  }
  assert.equal(upstream.requests.length, 0);

  // Reads are counted apart, and a caller apart from the addresses.
  const answers = await inOneWindow(() =>
    oneByOne(MOST + 1, (number) => limited.get("record-info?taskId=a", { "CF-Connecting-IP": `203.0.113.${100 + number}` })),
  );
  assert.deepEqual(answers.map(({ status }) => status), [...Array(MOST).fill(422), 429]);
});

test("row 11: sessions of one network share its daily cap, so a new cookie gives no new budget", async () => {
  const upstream = new Upstream(accepted);
  const gateway = await gatewayOn(upstream, {
    vars: {
      MIDAPI_SESSION_ORIGINS: PAGE,
      MIDAPI_SESSION_SECRET: "a-secret-of-the-tests-0123456789abcdef",
      MIDAPI_SESSION_DAILY_CREDITS: String(2 * CREDITS),
    },
  });
  const outcomes = await oneByOne(4, (number) => spend(gateway, `2001:db8:9:9::${number}`));
  assert.deepEqual(outcomes.map(({ status }) => status), [200, 200, 402, 402]);
  assert.match(outcomes[3].json.msg, /^daily cap: this network address spent 16 of 16/);
  assert.equal((await spend(gateway, "2001:db8:9:8::1")).status, 200);
  assert.equal(upstream.submits.length, 3);
});

test("a stopped gateway submits nothing and still answers for earlier tasks", async (t) => {
  const upstream = new Upstream(accepted);
  const state = folderOf(t);
  const before = await gatewayOn(upstream, { state });
  const { taskId } = (await before.post("generate", IMAGE, { "Idempotency-Key": "k" })).json.data;
  await before.stop();
  upstream.requests.length = 0;
  const gateway = await gatewayOn(upstream, { state, vars: { MIDAPI_STOPPED: "the bill" } });
  assert.equal((await gateway.post("generate", IMAGE, { "Idempotency-Key": "k" })).json.data.taskId, taskId);
  const answer = await gateway.post("generate", IMAGE);
  assert.deepEqual([answer.status, answer.json.msg], [505, "this gateway takes no tasks now; those that run go on"]);
  assert.equal((await gateway.get("../usage")).status, 200);
  assert.equal(upstream.requests.length, 0);
});

test("a price of 0 counts as 1 credit, so caps still end", async () => {
  const upstream = new Upstream(accepted);
  const gateway = await gatewayOn(upstream, { vars: { MIDAPI_PRICES: '{"fast": 0}', MIDAPI_DAILY_CREDITS: "3" } });
  const answers = await Promise.all(Array.from({ length: 10 }, () => gateway.post("generate", IMAGE)));
  assert.deepEqual([answers.filter(({ status }) => status === 200).length, upstream.submits.length], [3, 3]);
});

test("all sessions together have a daily cap that doesn't affect tokens", async () => {
  const gateway = await gatewayOn(new Upstream(accepted), { vars: { MIDAPI_SESSION_ORIGINS: PAGE, MIDAPI_SESSIONS_DAILY_CREDITS: "9" } });
  assert.equal((await spend(gateway, "203.0.113.1")).status, 200);
  assert.match((await spend(gateway, "203.0.113.2")).json.msg, /^daily cap: all sessions of pages together spent 8 of 9/);
  assert.equal((await gateway.post("generate", IMAGE)).status, 200, "who has a token isn't touched");
});

test("the owner gets one alert for each share of a cap, and a failed alert delays no submit", async () => {
  const alerts = [];
  const upstream = new Upstream(({ url, body }) => {
    if (!url.startsWith("https://alerts.example/")) return accepted();
    alerts.push(JSON.parse(body));
    return Promise.reject(new Error("down"));
  });
  const gateway = await gatewayOn(upstream, {
    vars: {
      MIDAPI_TOKENS: tokens(entry("alice", TOKEN, { dailyCredits: 40 })),
      MIDAPI_ALERT_URL: "https://alerts.example/hook?secret=x",
      MIDAPI_ALERT_PERCENT: "50 80 100",
    },
  });
  for (let number = 0; number < 6; number++) await gateway.post("generate", IMAGE);
  while (alerts.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
  const today = Math.floor(Date.now() / 86_400_000);
  assert.deepEqual(alerts, [
    { account: "token:alice", percent: 50, spent: 24, cap: 40, day: today },
    { account: "token:alice", percent: 80, spent: 32, cap: 40, day: today },
    { account: "token:alice", percent: 100, spent: 40, cap: 40, day: today },
  ]);
  assert.equal(upstream.submits.filter(({ url }) => url.includes("vendor")).length, 5);
});

test("released credits cause no second alert", async () => {
  const alerts = [];
  const upstream = new Upstream(({ url, body }) => {
    if (!url.startsWith("https://alerts.example/")) return envelope(null, { code: 429, msg: "no" });
    alerts.push(JSON.parse(body));
    return new Response("");
  });
  const gateway = await gatewayOn(upstream, {
    vars: { MIDAPI_TOKENS: tokens(entry("alice", TOKEN, { dailyCredits: 8 })), MIDAPI_ALERT_URL: "https://alerts.example/", MIDAPI_ALERT_PERCENT: "50" },
  });
  for (let number = 0; number < 5; number++) assert.equal((await gateway.post("generate", IMAGE)).status, 429);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(alerts.length, 1);
});

test("row 36: repeated or reordered messages about a reservation change nothing", async () => {
  const gateway = await gatewayOn(new Upstream(accepted));
  const ledgers = await gateway.worker.getDurableObjectNamespace("LEDGER");
  const ledger = ledgers.get(ledgers.idFromName("a-ledger-of-the-test"));
  const reserve = async (id, cap = 20) =>
    JSON.parse(await ledger.reserve(JSON.stringify({ id, credits: 8, percent: [], accounts: [{ name: "a", cap }, { name: "b", cap: 100 }] })));
  const spent = async () => JSON.parse(await ledger.spent('["a", "b"]'));

  assert.deepEqual(await reserve("1"), { alerts: [] });
  assert.deepEqual(await reserve("1"), { alerts: [] }, "the same one again is the same");
  assert.deepEqual(await spent(), [8, 8]);
  assert.deepEqual((await reserve("2", 15)).over, { name: "a", spent: 8, cap: 15 });
  assert.deepEqual(await spent(), [8, 8], "of an account without room none is charged");

  await ledger.settle("1", true);
  await ledger.settle("1", true);
  assert.deepEqual(await spent(), [8, 8]);
  // Called spent, as nobody knew; then the vendor's refusal came after all.
  await ledger.settle("1", false);
  await ledger.settle("1", false);
  await ledger.settle("1", true);
  assert.deepEqual(await spent(), [0, 0]);
  assert.deepEqual(await reserve("1"), {}, "what was given back is not set aside for nothing");

  // Given up before it was made: it isn't made when it comes.
  await ledger.settle("3", false);
  assert.deepEqual(await reserve("3"), {});
  assert.deepEqual(await spent(), [0, 0]);
});
