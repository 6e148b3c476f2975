/** The callbacks to callers, where they want to be told of a task's end: rows 19, 21 and 23 of the threat table, from the other side. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Response } from "miniflare";
import { parseCallback, verifyCallback } from "../../dist/webhooks.js";
import { freePort } from "../../tools/platform.js";
import { FILE_HOST, IMAGE, archiving, file, linksOf, png, vendorWithFiles } from "../support/archive.js";
import { folderOf } from "../support/folder.js";
import { TOKEN, entry, killable } from "../support/servers.js";
import { until } from "../support/until.js";

const HOST = "your-app.com";
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";
const ORDER = { ...IMAGE, callBackUrl: `https://${HOST}/hook/a-path-that-is-secret?q=1` };
const tokens = (more = {}) => JSON.stringify([entry("alice", TOKEN, { callbackHosts: [HOST], callbackSecret: SECRET, ...more })]);

/** A gateway whose callers are called back; `answer` is the receiver's, `received` what it was sent. */
async function calling({ vendor = vendorWithFiles(), policy = tokens(), vars, ...options } = {}) {
  const receiver = { answer: () => new Response("ok") };
  vendor.files["/hook/a-path-that-is-secret"] = (request) => receiver.answer(request);
  const gateway = await archiving({ vendor, vars: { MIDAPI_TOKENS: policy, ...vars }, ...options });
  const received = () => vendor.upstream.requests.filter(({ url }) => new URL(url).host === HOST);
  const told = () => gateway.lines.filter((line) => line.includes('"callback ')).map((line) => JSON.parse(line));
  return { ...gateway, receiver, received, told };
}

/** Whether a request has a right signature of Standard Webhooks. */
function isStandard({ headers, body }) {
  const key = Buffer.from(SECRET.slice("whsec_".length), "base64");
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  return headers["webhook-signature"] === `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}

test("a success is posted once, in the vendor's shape, under the gateway's id, signed in both ways, with links to the copies", async () => {
  const gateway = await calling();
  gateway.vendor.links = [1, 2].map((number) => `https://${FILE_HOST}/${number}.png`);
  gateway.vendor.files["/2.png"] = () => file(png(2));
  const taskId = await gateway.run(ORDER);
  await until(() => gateway.told().length > 0);
  const record = await gateway.record(taskId);
  // Whatever the vendor still says, it is one outcome.
  for (let again = 0; again < 3; again++) await gateway.callBack();
  await pause(500);
  assert.equal(gateway.received().length, 1);
  const [request] = gateway.received();
  assert.equal(request.url, ORDER.callBackUrl);
  assert.equal(request.headers["content-type"], "application/json");
  assert.deepEqual(JSON.parse(request.body), {
    code: 200,
    msg: "success",
    data: { taskId, promptJson: JSON.stringify(IMAGE), resultUrls: linksOf(record) },
  });
  assert.ok(linksOf(record).every((link) => link.startsWith(`${gateway.url}/files/${taskId}/`)));

  const callback = await verifyCallback(request, { secret: SECRET });
  assert.deepEqual([callback.type, callback.taskId, callback.task.state], ["ended", taskId, "succeeded"]);
  assert.ok(isStandard(request));
  assert.equal(request.headers["webhook-id"], taskId);
  assert.ok(Math.abs(Number(request.headers["webhook-timestamp"]) - Date.now() / 1000) < 60);
  // Of another secret, another body or another time the signatures aren't.
  const other = SECRET.replace("M", "N");
  await assert.rejects(verifyCallback(request, { secret: other }), { kind: "unverified" });
  await assert.rejects(verifyCallback({ ...request, body: request.body.replaceAll(taskId, "x") }, { secret: SECRET }), { kind: "unverified" });
  await assert.rejects(verifyCallback(request, { secret: SECRET, now: Date.now() + 600_000 }), { kind: "unverified" });
  assert.ok(!isStandard({ ...request, body: `${request.body} ` }));

  // The log tells the owner, and neither the address's path nor the secret.
  assert.deepEqual(gateway.told().map(({ job, event, reason }) => [job, event, reason]), [[taskId, "callback received", `try 1 to ${HOST}: 200`]]);
  const log = gateway.lines.join("\n");
  for (const secret of ["a-path-that-is-secret", SECRET, SECRET.slice(6), request.headers["webhook-signature"]]) assert.ok(!log.includes(secret), secret);
  assert.ok(!JSON.stringify(gateway.vendor.upstream.submits.map(({ url, body }) => url.includes("vendor") && body)).includes(HOST), "the vendor never knows of it");
});

test("a failure is posted, too, with the vendor's words", async () => {
  for (const [failure, code, msg] of [
    [{ successFlag: 3, errorCode: 501, errorMessage: "No response from MidJourney" }, 501, "No response from MidJourney"],
    [{ successFlag: 2, errorCode: "400", errorMessage: "flagged" }, undefined, "flagged"],
    [{ successFlag: 2 }, 501, ""],
  ]) {
    const gateway = await calling();
    gateway.vendor.record = { ...failure, resultInfoJson: null };
    const taskId = await gateway.run(ORDER);
    const [request] = await until(() => gateway.received().length > 0 && gateway.received());
    const body = JSON.parse(request.body);
    assert.deepEqual([body.msg, body.data.taskId, body.data.resultUrls], [msg, taskId, []]);
    if (code) assert.equal(body.code, code);
    const { task } = await verifyCallback(request, { secret: SECRET });
    assert.deepEqual([task.taskId, task.state], [taskId, "failed"]);
    assert.ok(isStandard(request));
    await gateway.stop();
  }
});

test("without a secret nothing is signed, and without an address of the gateway's own a caller is called back all the same", async () => {
  const gateway = await calling({ policy: tokens({ callbackSecret: undefined }), vars: { MIDAPI_PUBLIC_URL: "" } });
  const { taskId } = (await gateway.post("generate", ORDER)).json.data;
  // Nobody calls back: a look finds out.
  assert.equal((await gateway.record(taskId)).successFlag, 1);
  const [request] = await until(() => gateway.received().length > 0 && gateway.received());
  const signs = Object.keys(request.headers).filter((name) => /signature|webhook|timestamp/i.test(name));
  assert.deepEqual(signs, []);
  const callback = await parseCallback(request.body);
  assert.deepEqual([callback.taskId, callback.task.images[0].url], [taskId, gateway.vendor.links[0]]);
});

test("a callback waits for copies that are made soon, so that its links last", async () => {
  const gateway = await calling();
  let isThere = false;
  gateway.vendor.files["/1.png"] = () => (isThere ? file(png()) : new Response("", { status: 404 }));
  const taskId = await gateway.run(ORDER);
  await until(() => gateway.lines.some((line) => line.includes("copy failed")));
  assert.equal((await gateway.record(taskId)).successFlag, 1);
  assert.equal(gateway.received().length, 0);
  isThere = true;
  const [request] = await until(() => gateway.received().length > 0 && gateway.received());
  assert.match(JSON.parse(request.body).data.resultUrls[0], new RegExp(`^${gateway.url}/files/${taskId}/1\\?`));
});

test("nothing is posted to a host that the token lists no longer", async (t) => {
  const [state, port, vendor] = [folderOf(t), await freePort(), vendorWithFiles()];
  const first = await calling({ state, port, vendor, start: killable });
  vendor.record = { successFlag: 0 };
  const taskId = await first.run(ORDER);
  await first.kill();
  for (const task of Object.values(vendor.tasks)) task.successFlag = 1;
  const second = await calling({ state, port, vendor, policy: tokens({ callbackHosts: ["another.example"] }) });
  await second.callBack();
  const [line] = await until(() => second.told().length > 0 && second.told());
  assert.deepEqual([line.job, line.event, line.reason], [taskId, "callback given up", `${HOST} isn't allowed any more`]);
  assert.equal((await second.record(taskId)).successFlag, 1);
  await pause(500);
  assert.deepEqual([second.received().length, second.told().length], [0, 1]);
});

test("a callback outlives a kill of the gateway, before it is posted and while it is", async (t) => {
  for (const isPosting of [false, true]) {
    const [state, port, vendor] = [folderOf(t), await freePort(), vendorWithFiles()];
    const first = await calling({ state, port, vendor, start: killable });
    vendor.record = { successFlag: isPosting ? 1 : 0 };
    first.receiver.answer = () => new Promise(() => {});
    const taskId = await first.run(ORDER);
    if (isPosting) await until(() => first.received().length > 0);
    await first.kill();
    for (const task of Object.values(vendor.tasks)) task.successFlag = 1;
    const second = await calling({ state, port, vendor });
    await second.callBack();
    const [line] = await until(() => second.told().length > 0 && second.told());
    assert.deepEqual([line.job, line.event], [taskId, "callback received"]);
    assert.equal(second.received().length, isPosting ? 2 : 1);
    const ids = second.received().map(({ headers }) => headers["webhook-id"]);
    assert.deepEqual(new Set(ids), new Set([taskId]), "a receiver knows it again");
    await second.stop();
  }
});

test("a callback that isn't received is posted again after a minute, until it is; a redirect isn't followed", async () => {
  const gateway = await calling();
  const answers = [
    [() => new Response("no", { status: 500 }), "500"],
    [() => new Response(null, { status: 302, headers: { Location: "https://evil.example/hook" } }), "302"],
    [() => new Response(null, { status: 307, headers: { Location: `https://${HOST}/elsewhere` } }), "307"],
    [() => Promise.reject(new Error("down")), null],
  ];
  const tasks = [];
  for (const [answer, status] of answers) {
    gateway.receiver.answer = answer;
    const before = gateway.told().length;
    tasks.push(await gateway.run(ORDER));
    const line = await until(() => gateway.told()[before]);
    assert.equal(line.event, "callback not received");
    assert.match(line.reason, status === null ? new RegExp(`^try 1 to ${HOST}: (no answer|5\\d\\d)$`) : new RegExp(`^try 1 to ${HOST}: ${status}$`));
  }
  assert.equal(gateway.received().length, answers.length);
  assert.ok(gateway.vendor.fetched().every((url) => !/evil|elsewhere/.test(url)));
  gateway.receiver.answer = () => new Response(null, { status: 204 });
  const postedAt = Date.now();
  await until(() => gateway.told().filter(({ event }) => event === "callback received").length === tasks.length, 75);
  assert.ok(Date.now() - postedAt > 45_000, "not at once");
  for (const taskId of tasks) {
    const posts = gateway.received().filter(({ headers }) => headers["webhook-id"] === taskId);
    assert.equal(posts.length, 2);
    // What a receiver gets the second time is fresh, and says the same.
    assert.equal(posts[0].body, posts[1].body);
    assert.notEqual(posts[0].headers["webhook-timestamp"], posts[1].headers["webhook-timestamp"]);
    await verifyCallback(posts[1], { secret: SECRET });
    assert.ok(isStandard(posts[1]));
  }
});
