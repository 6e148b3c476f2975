/** A caller's list of tasks, deleting them, and the owner's figures: row 15 of the threat table, and 16 after a deletion. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Response } from "miniflare";
import { FILE_HOST, IMAGE, archiving, file, linksOf, png } from "../support/archive.js";
import { OTHER_TOKEN, TOKEN, Upstream, entry, envelope, gatewayOn } from "../support/servers.js";
import { watch } from "../support/events.js";
import { until } from "../support/until.js";

const ALICE = { Authorization: `Bearer ${TOKEN}` };
const BOB = { Authorization: `Bearer ${OTHER_TOKEN}` };
const CREDITS = 8;

/** A gateway whose vendor says of each task what its prompt says: `done`, `fails`, or else that it runs. */
async function listing(options) {
  const tasks = [];
  const upstream = new Upstream(({ method, url, body }) => {
    if (url.endsWith("/common/credit")) return envelope(5916);
    if (method === "POST") return envelope({ taskId: String(tasks.push(JSON.parse(body))).padStart(32, "0") });
    const taskId = new URL(url).searchParams.get("taskId");
    const { prompt = "", taskType } = tasks[Number(taskId) - 1];
    if (prompt.includes("done")) {
      return envelope({ taskId, taskType, successFlag: 1, resultInfoJson: { resultUrls: [{ resultUrl: `https://${FILE_HOST}/1.png` }] } });
    }
    return envelope({ taskId, taskType, successFlag: prompt.includes("fails") ? 3 : 0, errorMessage: prompt.includes("fails") ? "no" : undefined });
  });
  const gateway = await gatewayOn(upstream, options);
  const submit = async (prompt, more = {}, headers) => {
    const { status, json } = await gateway.post("generate", { ...IMAGE, prompt, ...more }, headers);
    assert.equal(status, 200, json.msg);
    return json.data.taskId;
  };
  const list = async (query = "", headers) => {
    const { status, json } = await gateway.get(`tasks${query}`, headers);
    assert.equal(status, 200, json.msg);
    return json.data;
  };
  return { ...gateway, upstream, submit, list, remove: (id, headers) => removed(gateway, id, headers) };
}

async function removed(gateway, id, headers = ALICE) {
  const response = await fetch(`${gateway.api}/tasks/${id}`, { method: "DELETE", headers });
  return { status: response.status, json: await response.json() };
}

const ids = (page) => page.tasks.map(({ taskId }) => taskId);
const said = ({ status, json: { requestId, ...rest } }) => JSON.stringify([status, rest]);

test("the list is the caller's own, newest first, and says of each task what its record and its order say", async () => {
  const gateway = await listing();
  assert.deepEqual(await gateway.list(), { tasks: [], cursor: null });
  const first = await gateway.submit("one done", { speed: "fast" });
  await pause(5);
  const second = await gateway.submit("two fails");
  await pause(5);
  const third = await gateway.submit("three");
  const bobs = await gateway.submit("bob's", {}, BOB);
  for (const id of [first, second, third]) await gateway.get(`record-info?taskId=${id}`);
  const page = await until(async () => {
    const page = await gateway.list();
    return page.tasks[2].state === "succeeded" && page.tasks[1].state === "failed" && page;
  });
  assert.deepEqual(ids(page), [third, second, first]);
  assert.deepEqual(page.tasks.map(({ state, prompt, taskType }) => [state, prompt, taskType]), [
    ["running", "three", "mj_txt2img"], ["failed", "two fails", "mj_txt2img"], ["succeeded", "one done", "mj_txt2img"],
  ]);
  assert.equal(page.tasks[2].speed, "fast");
  assert.equal(page.tasks[1].errorMessage, "no");
  // A task of the list is its record, and more.
  const { data: record } = (await gateway.get(`record-info?taskId=${first}`)).json;
  for (const [name, value] of Object.entries(record)) assert.deepEqual(page.tasks[2][name], value, name);
  assert.deepEqual(ids(await gateway.list("", BOB)), [bobs]);
  // What is made of a task is listed under its prompt, and names it.
  const upscaled = (await gateway.post("upscale", { taskId: first, index: 2 })).json.data.taskId;
  const [newest] = (await gateway.list("?limit=1")).tasks;
  assert.deepEqual([newest.taskId, newest.prompt, newest.parent], [upscaled, "one done", { taskId: first, index: 2 }]);
});

test("pages leave no gap and double nothing while tasks are added and deleted", async () => {
  const gateway = await listing();
  const before = [];
  for (let number = 0; number < 23; number++) before.unshift(await gateway.submit(`task ${number}`));
  const seen = [];
  let cursor;
  let pages = 0;
  const gone = before[9];
  do {
    const page = await gateway.list(`?limit=5${cursor ? `&cursor=${cursor}` : ""}`);
    assert.ok(page.tasks.length > 0 && page.tasks.length <= 5);
    seen.push(...ids(page));
    cursor = page.cursor;
    pages++;
    // Meanwhile there are more, and one less that was still to come.
    await gateway.submit(`later ${pages}`);
    if (pages === 1) assert.equal((await gateway.remove(gone)).status, 200);
  } while (cursor);
  assert.deepEqual([...seen].sort(), before.filter((id) => id !== gone).sort());
  assert.equal(new Set(seen).size, seen.length);
  const times = new Map((await gateway.list("?limit=100")).tasks.map(({ taskId }, at) => [taskId, at]));
  assert.deepEqual(seen.map((id) => times.get(id)), seen.map((id) => times.get(id)).sort((one, other) => one - other), "in the list's own order");
  assert.equal(pages, 5);
  // A page that ends with the list says so.
  assert.equal((await gateway.list("?limit=100")).cursor, null);
});

test("what a task was asked for is known before the vendor was asked about it", async () => {
  const gateway = await listing();
  const request = { ...IMAGE, prompt: "wide", speed: "turbo", aspectRatio: "16:9" };
  const { taskId } = (await gateway.post("generate", request)).json.data;
  const [listed] = (await gateway.list()).tasks;
  assert.deepEqual([listed.taskId, JSON.parse(listed.paramJson)], [taskId, request]);
});

test("the list is filtered by state and type, and searched by prompt", async () => {
  const gateway = await listing();
  const fileUrl = "https://files.example/a.png";
  const done = await gateway.submit("A Lighthouse at night, done");
  const failed = await gateway.submit("a storm fails");
  const running = await gateway.submit("100% of a lighthouse_");
  const styled = await gateway.submit("Un café, done", { taskType: "mj_img2img", fileUrl });
  for (const id of [done, failed, running, styled]) await gateway.get(`record-info?taskId=${id}`);
  await until(async () => ids(await gateway.list("?state=succeeded")).length === 2);
  const found = async (query) => new Set(ids(await gateway.list(query)));
  for (const [query, expected] of [
    ["?state=succeeded", [done, styled]], ["?state=failed", [failed]], ["?state=running", [running]], ["?state=unknown", []],
    ["?taskType=mj_img2img", [styled]], ["?taskType=mj_video", []], ["?taskType=mj_img2img&state=failed", []],
    [`?prompt=${encodeURIComponent("CAFÉ")}`, [styled]],
    ["?prompt=lighthouse", [done, running]], ["?prompt=LIGHTHOUSE", [done, running]], ["?prompt=lighthouse&state=running", [running]],
    // These mean nothing but themselves.
    ["?prompt=%25", [running]], ["?prompt=_", [running]], ["?prompt=a%25e", []], ["?prompt='", []], ["?prompt=", [done, failed, running, styled]],
  ]) {
    assert.deepEqual(await found(query), new Set(expected), query);
  }
  const page = await gateway.list("?prompt=lighthouse&limit=1");
  assert.deepEqual(ids(await gateway.list(`?prompt=lighthouse&limit=1&cursor=${page.cursor}`)), [done]);
});

test("a parameter that makes no sense is refused by its name", async () => {
  const { get } = await listing();
  for (const [query, says] of [
    ["state=done", /^state: must be one of running, succeeded, failed, unknown/],
    ["state=", /^state: /],
    ["limit=0", /^limit: must be a whole number from 1 to 100/],
    ["limit=101", /^limit: /], ["limit=1.5", /^limit: /], ["limit=x", /^limit: /],
    ["cursor=x", /^cursor: must be one of an answer/],
    [`cursor=${Buffer.from("1 x'; DROP TABLE tasks").toString("base64")}`, /^cursor: /],
    [`prompt=${"x".repeat(201)}`, /^prompt: must be at most 200 characters long/],
    ["page=2", /^page: unknown parameter; known are state, taskType, prompt, cursor, limit/],
  ]) {
    const { status, json } = await get(`tasks?${query}`);
    assert.equal(status, 422, query);
    assert.match(json.msg, says);
  }
  for (const [query, says] of [["", /^taskId: must name 1 to 100 tasks/], ["task=a", /^task: unknown parameter/], ["taskId=%20", /^taskId: /]]) {
    const { status, json } = await get(`events?${query}`);
    assert.equal(status, 422, query);
    assert.match(json.msg, says);
  }
});

test("row 15: another caller's task can't be read, watched, changed, shown or deleted, with the same answer as an unknown one", async () => {
  const gateway = await archiving();
  const { taskId } = await gateway.runAndKeep();
  const none = taskId.replace(/^./, (first) => (first === "A" ? "B" : "A"));
  const mine = (await gateway.post("generate", IMAGE, BOB)).json.data.taskId;
  const events = async (ids) => {
    const answer = await watch(gateway, ids.map((id) => `taskId=${id}`).join("&"), BOB);
    return { status: answer.status, json: answer.json };
  };
  const shown = async (id) => {
    const response = await fetch(`${gateway.url}/files/${id}/1`, { headers: { ...BOB, Range: "bytes=100000-" } });
    return { status: response.status, json: await response.json() };
  };
  const requests = gateway.vendor.upstream.requests.length;
  for (const [status, ask] of [
    [422, (id) => gateway.get(`record-info?taskId=${id}`, BOB)],
    [422, (id) => gateway.post("upscale", { taskId: id, index: 1 }, BOB)],
    [422, (id) => events([id])],
    [422, (id) => removed(gateway, id, BOB)],
    [404, shown],
  ]) {
    const answer = await ask(taskId);
    assert.equal(answer.status, status, answer.json?.msg);
    assert.equal(said(answer), said(await ask(none)));
  }
  // Beside one's own it is told to be unknown, whoever's it is.
  for (const id of [taskId, none]) {
    const partly = await watch(gateway, `taskId=${mine},${id}`, BOB);
    await until(() => partly.events.length === 2);
    assert.deepEqual(partly.events.map(({ event, data }) => [event, data.taskId]), [["unknown", id], ["task", mine]]);
  }
  assert.equal(gateway.vendor.upstream.requests.length, requests);
  assert.ok(!ids((await gateway.get("tasks", BOB)).json.data).includes(taskId));
  assert.equal((await gateway.record(taskId)).archive.state, "done");
  assert.equal((await gateway.kept()).length, 1);
});

test("a deleted task is gone: record, files, links, list, and whoever watches hears of it; its key pays for no other", async () => {
  const gateway = await archiving();
  const key = { "Idempotency-Key": "k" };
  const record = await gateway.runAndKeep(IMAGE, key);
  const { taskId } = record;
  const stays = await gateway.runAndKeep({ ...IMAGE, prompt: "another" });
  const watching = await watch(gateway, `taskId=${taskId},${stays.taskId}`, ALICE);
  await until(() => watching.events.length === 2);
  const answer = await removed(gateway, taskId);
  assert.deepEqual([answer.status, answer.json.data], [200, { taskId }]);

  await until(() => watching.events.length === 3);
  assert.deepEqual([watching.events[2].event, watching.events[2].data], ["removed", { taskId }]);
  assert.ok(watching.events[2].id > watching.events[1].id);
  assert.deepEqual(await gateway.kept(), [`files/${stays.taskId}/1`]);
  assert.equal((await fetch(linksOf(record)[0])).status, 404, "its signed link ends, too");
  assert.deepEqual(ids((await gateway.get("tasks")).json.data), [stays.taskId]);
  const none = said(await gateway.get(`record-info?taskId=${"A".repeat(32)}`));
  assert.equal(said(await gateway.get(`record-info?taskId=${taskId}`)), none);
  assert.equal(said(await removed(gateway, taskId)), said(await removed(gateway, "A".repeat(32))), "twice it is unknown");
  assert.equal((await watch(gateway, `taskId=${taskId}`, ALICE)).status, 422);
  assert.equal((await gateway.post("upscale", { taskId, index: 1 })).status, 422);

  const { spent } = (await gateway.get("../usage")).json.data;
  const submits = gateway.vendor.upstream.submits.length;
  const again = await gateway.post("generate", IMAGE, key);
  assert.deepEqual([again.status, again.json.msg], [422, "idempotencyKey: was used for a task that has been deleted"]);
  assert.equal(gateway.vendor.upstream.submits.length, submits);
  assert.equal((await gateway.get("../usage")).json.data.spent, spent);
  // What the vendor says later brings nothing back.
  await gateway.callBack();
  await pause(300);
  assert.deepEqual(ids((await gateway.get("tasks")).json.data), [stays.taskId]);
});

test("a task that runs, or whose files are being copied, can be deleted, and leaves nothing behind", async () => {
  const gateway = await archiving();
  const { vendor } = gateway;
  vendor.record = { successFlag: 0 };
  const running = await gateway.run();
  vendor.record = {};
  assert.equal((await removed(gateway, running)).status, 200);
  for (const task of Object.values(vendor.tasks)) task.successFlag = 1;
  await gateway.callBack();
  let letGo;
  const held = new Promise((resolve) => (letGo = resolve));
  vendor.links = [1, 2, 3].map((number) => `https://${FILE_HOST}/${number}.png`);
  vendor.files = { "/1.png": () => file(png(1)), "/2.png": async () => (await held, file(png(2))), "/3.png": () => file(png(3)) };
  const copying = await gateway.run();
  await until(() => vendor.fetched().length === 2);
  assert.equal((await gateway.kept()).length, 1);
  assert.equal((await removed(gateway, copying)).status, 200);
  letGo();
  await pause(1000);
  assert.deepEqual(await gateway.kept(), []);
  assert.ok(!vendor.fetched().some((url) => url.endsWith("/3.png")), "what is still to come isn't fetched");
  assert.deepEqual((await gateway.get("tasks")).json.data.tasks, []);
});

test("a submit of unknown outcome is listed as such, and can be deleted", async () => {
  const upstream = new Upstream(() => new Response("<html>", { status: 502 }));
  const gateway = await gatewayOn(upstream);
  await gateway.post("generate", IMAGE, { "Idempotency-Key": "k" });
  const [task] = await until(async () => {
    const { tasks } = (await gateway.get("tasks")).json.data;
    return tasks.length > 0 && tasks;
  });
  assert.deepEqual([task.state, task.prompt], ["unknown", IMAGE.prompt]);
  assert.equal((await removed(gateway, task.taskId)).status, 200);
  assert.deepEqual((await gateway.get("tasks")).json.data.tasks, []);
  await gateway.post("generate", IMAGE, { "Idempotency-Key": "k" });
  assert.equal(upstream.submits.length, 1, "nobody pays a second time");
  assert.equal((await gateway.get("../usage")).json.data.spent, CREDITS);
});

test("a submit that is under way can't be deleted, and stays listed", async () => {
  let letGo;
  const held = new Promise((resolve) => (letGo = resolve));
  const upstream = new Upstream(async () => (await held, envelope({ taskId: "a".repeat(32) })));
  const gateway = await gatewayOn(upstream);
  const submitting = gateway.post("generate", IMAGE, { "Idempotency-Key": "k" });
  await until(() => upstream.submits.length === 1);
  const id = createHash("sha256").update("token:alice\0k").digest().subarray(0, 24).toString("base64url");
  const { status, json } = await removed(gateway, id);
  assert.deepEqual([status, /^taskId: is being submitted/.test(json.msg)], [409, true], json.msg);
  letGo();
  assert.equal((await submitting).json.data.taskId, id);
  assert.deepEqual(ids((await gateway.get("tasks")).json.data), [id]);
});

test("the owner's figures need their own permission, and are right", async () => {
  const tokens = [entry("alice", TOKEN), entry("bob", OTHER_TOKEN), entry("owner", "midapi_owner-000000000000000000000000", { operations: ["adminUsage"] })];
  const OWNER = { Authorization: "Bearer midapi_owner-000000000000000000000000" };
  const gateway = await archiving({ pages: true, vars: { MIDAPI_TOKENS: JSON.stringify(tokens) } });
  const page = { Authorization: "", Origin: gateway.url, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors" };
  const session = async () => ({ ...page, Cookie: (await gateway.post("../session", "", page)).headers.get("set-cookie").split(";")[0] });
  const sessions = [await session(), await session()];
  for (const headers of [ALICE, BOB, sessions[0]]) {
    const { status, json } = await gateway.get("../admin/usage", headers);
    assert.deepEqual([status, json.msg], [403, "authorization: this caller is not allowed `adminUsage`"]);
  }
  assert.equal((await gateway.get("../admin/usage", { Authorization: "" })).status, 401);
  assert.equal((await gateway.post("generate", IMAGE, OWNER)).status, 403, "and it is no permission for anything else");

  const size = png(1).length;
  gateway.vendor.files["/1.png"] = () => file(png(1));
  const kept = await gateway.runAndKeep();
  await gateway.runAndKeep({ ...IMAGE, speed: "turbo" });
  const deleted = await gateway.runAndKeep();
  await removed(gateway, deleted.taskId);
  for (const headers of sessions) await gateway.runAndKeep(IMAGE, headers);
  gateway.vendor.record = { successFlag: 3, errorMessage: "no", resultInfoJson: null };
  await gateway.run(IMAGE, BOB);
  gateway.vendor.record = { successFlag: 0 };
  await gateway.run(IMAGE, BOB);
  // It counts bytes as credits, in accounts of its own.
  await fetch(`${gateway.api}/uploads`, { method: "POST", headers: ALICE, body: png() });

  const figures = async () => (await gateway.get("../admin/usage", OWNER)).json.data;
  const expected = { done: 4, failed: 1, removed: 1, running: 1 };
  const states = ({ jobs }) => Object.fromEntries(jobs.map(({ state, jobs }) => [state, jobs]));
  const found = await until(async () => {
    const found = await figures();
    return JSON.stringify(states(found)) === JSON.stringify(expected) && found;
  });
  assert.equal(found.today, Math.floor(Date.now() / 86_400_000));
  assert.ok([...found.spending, ...found.jobs].every(({ day }) => day === found.today));
  const spending = Object.fromEntries(found.spending.map(({ account, credits }) => [account, credits]));
  assert.deepEqual(spending, { gateway: 6 * CREDITS + 16, "token:alice": 2 * CREDITS + 16, "token:bob": 2 * CREDITS, session: 2 * CREDITS, sessions: 2 * CREDITS, address: 2 * CREDITS });
  assert.equal(found.countedCredits, 6 * CREDITS + 16);
  assert.equal(found.archivedBytes, 4 * size, "of what is deleted nothing is counted");
  assert.equal(found.vendorCredits, 5916);
  assert.equal((await gateway.kept()).filter((key) => key.startsWith("files/")).length, 4);
  // What is deleted later leaves the figures.
  await removed(gateway, kept.taskId);
  assert.equal((await figures()).archivedBytes, 3 * size);
  assert.equal((await figures()).countedCredits, found.countedCredits, "what was spent stays spent");
});
