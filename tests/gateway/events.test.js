/** What happens to tasks is told as it happens: rows 17, 24, 34, 36 and 37 of the threat table. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../../tools/platform.js";
import { watch as watchQuery } from "../support/events.js";
import { OTHER_TOKEN, TOKEN, Upstream, countedSimulator, envelope, gatewayOn } from "../support/servers.js";
import { until } from "../support/until.js";

const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse", speed: "fast" };
const TASK = "9f47c52047dda21bb3df0488736cce57";
const as = (token, more) => ({ headers: { Authorization: `Bearer ${token}`, ...more } });

/** A gateway that a simulator calls back, unless told; it counts what reaches the vendor. */
async function pushing(vars, { url = true, ...options } = {}) {
  const upstream = await countedSimulator(vars);
  const port = await freePort();
  const called = url ? { MIDAPI_PUBLIC_URL: `http://127.0.0.1:${port}` } : {};
  const gateway = await gatewayOn(upstream, { port, vars: called, bucket: false, ...options });
  const order = async (prompt = IMAGE.prompt) => (await gateway.post("generate", { ...IMAGE, prompt })).json.data.taskId;
  const looks = () => upstream.requests.filter(({ url }) => url.includes("record-info")).length;
  const states = async () => (await gateway.get("tasks")).json.data.tasks.map(({ state }) => state);
  return { ...gateway, upstream, order, looks, states };
}

/** What somebody is told of some tasks. */
const watch = (gateway, ids, { token = TOKEN, after } = {}) =>
  watchQuery(gateway, `taskId=${[ids].flat().join(",")}`, as(token, after !== undefined && { "Last-Event-ID": String(after) }).headers);
const ended = ({ events }) => events.some(({ data }) => data.successFlag === 1);

test("row 17: 100 who watch one job are all told of its end, and the vendor is asked as for one", async (t) => {
  const gateway = await pushing({ DURATIONS: { fast: 1 } });
  const id = await gateway.order();
  const watchers = await Promise.all(Array.from({ length: 100 }, () => watch(gateway, id)));
  await until(() => watchers.every(ended), 10);
  assert.equal(gateway.looks(), 1, "the look that the callback causes");
  for (const { events } of watchers) {
    assert.equal(events[0].data.successFlag, 0, "first where it stands");
    assert.equal(events.at(-1).data.taskId, id);
  }
  watchers.forEach(({ leave }) => leave());
  // Whoever comes later is told at once, and asks nobody.
  const late = await watch(gateway, id);
  await until(() => ended(late), 10);
  assert.equal(gateway.looks(), 1);
  late.leave();
  t.diagnostic(`reads: ${gateway.looks()}`);
});

test("row 17: who polls as the quick start does causes one read more at the most", async () => {
  const gateway = await pushing({ DURATIONS: { fast: 1 } });
  const id = await gateway.order();
  for (let tries = 0; ; tries++, await pause(20)) {
    if ((await gateway.get(`record-info?taskId=${id}`)).json.data.successFlag === 1) break;
    assert.ok(tries < 300);
  }
  assert.ok(gateway.looks() <= 2, `${gateway.looks()} reads`);
});

test("row 24: without any callback the job looks by itself, whether anybody asks or not", async () => {
  const called = await pushing({ DURATIONS: { fast: 1 } });
  await called.order("a lighthouse [sim: callback=never]");
  const never = await pushing({ DURATIONS: { fast: 1 } }, { url: false });
  await never.order();
  await until(async () => (await never.states())[0] === "succeeded", 10);
  assert.ok(never.looks() <= 2, `${never.looks()} reads`);
  const note = never.lines.filter((line) => line.includes("MIDAPI_PUBLIC_URL"));
  assert.equal(note.length, 1, "the log says so once");
  await until(async () => (await called.states())[0] === "succeeded", 20);
  assert.ok(called.looks() <= 2, `${called.looks()} reads`);
});

test("row 34: a task that flips back after its end stays ended, and one that vanishes is waited for", async () => {
  const gateway = await pushing({ DURATIONS: { fast: 1 } });
  const flips = await gateway.order("a lighthouse [sim: flip]");
  const vanishes = await gateway.order("a lighthouse [sim: vanish=1, seconds=3]");
  // It is looked at once, and then the vendor doesn't know it any more.
  await gateway.get(`record-info?taskId=${vanishes}`);
  const watcher = await watch(gateway, [flips, vanishes]);
  await until(() => ended(watcher), 10);
  for (let times = 0; times < 3; times++, await pause(100)) {
    assert.equal((await gateway.get(`record-info?taskId=${flips}`)).json.data.successFlag, 1);
  }
  await pause(3_000);
  assert.deepEqual((await gateway.states()).sort(), ["running", "succeeded"]);
  assert.equal((await gateway.get("../usage")).json.data.spent, 16);
  watcher.leave();
});

test("rows 34 and 36: looks that fail, whatever comes, are made again, and the alarm is never lost", async () => {
  const bad = [() => new Response("<html>", { status: 502 }), () => envelope(null, { code: 500, msg: "no" }), () => Promise.reject(new Error("reset"))];
  const upstream = new Upstream(({ method }) => {
    if (method === "POST") return new Response(JSON.stringify({ code: 200, msg: "success", data: { taskId: TASK } }), { headers: { "Retry-After": "1" } });
    const next = bad.shift();
    if (next) return next();
    return envelope({ taskId: TASK, successFlag: 1, resultInfoJson: { resultUrls: [{ resultUrl: "https://files.example/1.png" }] } });
  });
  const gateway = await gatewayOn(upstream);
  const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
  const watcher = await watch(gateway, taskId);
  await until(() => ended(watcher), 40);
  assert.equal(bad.length, 0);
  assert.equal(watcher.events.filter(({ data }) => data.successFlag === 1).length, 1);
  watcher.leave();
});

test("row 37: who vanishes, reads slowly or comes again loses nothing, is told nothing twice, and harms nobody", async () => {
  const gateway = await pushing({ DURATIONS: { fast: 2 } });
  const [first, second] = [await gateway.order(), await gateway.order("a harbour [sim: seconds=3]")];
  const vanished = await Promise.all(Array.from({ length: 20 }, () => watch(gateway, [first, second])));
  // One that never reads.
  const idle = await fetch(`${gateway.api}/events?taskId=${first},${second}`, as(TOKEN));
  const steady = await watch(gateway, [first, second]);
  await until(() => vanished.every(({ events }) => events.length >= 2), 10);
  vanished.forEach(({ leave }) => leave());
  const seen = vanished[0].events.at(-1).id;
  await until(() => ended(steady), 10);
  const resumed = await watch(gateway, [first, second], { after: seen });
  await until(() => resumed.events.filter(({ data }) => data.successFlag === 1).length === 2, 10);
  await until(() => steady.events.filter(({ data }) => data.successFlag === 1).length === 2, 10);
  // Numbers rise, and none comes twice: what was missed comes, and what was seen doesn't.
  const ids = resumed.events.map(({ id }) => id);
  assert.ok(ids.every((id, at) => id > (ids[at - 1] ?? seen)), `${seen}: ${ids}`);
  const repeated = steady.events.map(({ id }) => id);
  assert.equal(new Set(repeated).size, repeated.length);
  const again = await watch(gateway, [first, second], { after: ids.at(-1) });
  await pause(300);
  assert.deepEqual(again.events, []);
  await idle.body.cancel();
  for (const { leave } of [steady, resumed, again]) leave();
  assert.deepEqual(gateway.lines.filter((line) => /[Uu]ncaught|unhandled|crashed/.test(line)), []);
  assert.equal((await gateway.get("../usage")).status, 200);
});

test("a stream is alive every 15 seconds, isn't cached, and is for whoever's task it is", async () => {
  const gateway = await pushing({ DURATIONS: { fast: 60 } });
  const id = await gateway.order();
  const watcher = await watch(gateway, id);
  assert.match(watcher.headers.get("content-type"), /^text\/event-stream/);
  // Nor held back by a proxy, to compress it or to gather more.
  assert.equal(watcher.headers.get("cache-control"), "no-store, no-transform");
  assert.equal(watcher.headers.get("x-accel-buffering"), "no");
  const foreign = await watch(gateway, id, { token: OTHER_TOKEN });
  const unknown = await watch(gateway, "A".repeat(32));
  await Promise.all([foreign.over, unknown.over]);
  for (const { status, json } of [foreign, unknown]) assert.deepEqual([status, json.msg], [422, "taskId: The record does not exist"]);
  const partly = await watch(gateway, [id, "A".repeat(32)]);
  await until(() => partly.events.length === 2, 10);
  assert.deepEqual(partly.events.map(({ event }) => event), ["unknown", "task"]);
  partly.leave();
  for (const [query, field] of [["", "taskId"], ["?taskId=", "taskId"], ["?task=1", "task"], [`?taskId=${Array(101).fill("a").map((a, n) => a + n)}`, "taskId"]]) {
    const response = await fetch(`${gateway.api}/events${query}`, as(TOKEN));
    assert.equal(response.status, 422, query);
    assert.match((await response.json()).msg, new RegExp(`^${field}: `));
  }
  assert.equal((await fetch(`${gateway.api}/events?taskId=${id}`)).status, 401);
  await until(() => watcher.text.includes(": alive"), 17);
  watcher.leave();
});

test("a stream is alive once in 15 seconds, though another was given up before", async () => {
  const gateway = await pushing({ DURATIONS: { fast: 60 } });
  const id = await gateway.order();
  // That somebody has left is seen when something can't be told.
  const short = await Promise.all([1, 2, 3, 4].map((seconds) => gateway.order(`a harbour [sim: seconds=${seconds}]`)));
  const left = await watch(gateway, short);
  await until(() => left.events.length === short.length, 10);
  left.leave();
  await until(async () => (await gateway.states()).filter((state) => state === "succeeded").length === short.length, 10);
  const watcher = await watch(gateway, id);
  await until(() => watcher.text.includes(": alive"), 17);
  await pause(8_000);
  assert.equal(watcher.text.split(": alive").length - 1, 1);
  watcher.leave();
});

test("one caller has 200 streams at the most, and those of others don't count", async () => {
  const gateway = await pushing({ DURATIONS: { fast: 60 } });
  const id = await gateway.order();
  const watchers = await Promise.all(Array.from({ length: 200 }, () => watch(gateway, id)));
  assert.ok(watchers.every(({ status }) => status === 200));
  const refused = await watch(gateway, id);
  await refused.over;
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "10"]);
  const other = (await gateway.post("generate", IMAGE, { Authorization: `Bearer ${OTHER_TOKEN}` })).json.data.taskId;
  const others = await watch(gateway, other, { token: OTHER_TOKEN });
  assert.equal(others.status, 200);
  for (const { leave } of [...watchers, others]) leave();
});
