/** What the vendor posts is a hint: rows 18, 19, 21, 22, 23, 25 and 31 of the threat table. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Upstream, envelope, exactly, gatewayOn } from "../support/servers.js";

const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };
const TASK = "9f47c52047dda21bb3df0488736cce57";
const PUBLIC = "https://gateway.example";

/**
 * A gateway that is called back, and its vendor. `submitted` and `record` answer in the vendor's place; `callback` posts to
 * the address that the last submit named.
 */
async function calledBack() {
  const vendor = {
    submitted: () => envelope({ taskId: TASK }),
    record: (request) => ({ taskId: TASK, successFlag: 0, paramJson: request }),
  };
  const upstream = new Upstream(({ method, url }) => {
    if (method === "POST") return vendor.submitted();
    const asked = new URL(url).searchParams.get("taskId");
    return asked === TASK ? envelope(vendor.record(upstream.submits.at(-1).body)) : envelope(null, { code: 422, msg: "no such record" });
  });
  const gateway = await gatewayOn(upstream, { vars: { MIDAPI_PUBLIC_URL: PUBLIC } });
  const address = () => new URL(JSON.parse(upstream.submits.at(-1).body).callBackUrl);
  const post = (path, body) =>
    exactly(gateway.url + path, { headers: { "Content-Type": "application/json" }, parts: [typeof body === "string" ? body : JSON.stringify(body)] });
  const reads = () => upstream.requests.length - upstream.submits.length;
  return { ...gateway, vendor, upstream, address, callback: (body, path = address().pathname) => post(path, body), reads };
}

const ended = (taskId = TASK) => ({ code: 200, msg: "success", data: { taskId, resultUrls: ["https://evil.example/1.png"] } });

test("row 22: the address to call back at is the configured one, whatever the caller's headers say", async () => {
  const { upstream, address, api } = await calledBack();
  const headers = { Authorization: "Bearer YOUR_API_KEY", "Content-Type": "application/json", Host: "evil.example", "X-Forwarded-Host": "evil.example" };
  await exactly(`${api}/generate`, { headers, parts: [JSON.stringify(IMAGE)] });
  assert.equal(address().origin, PUBLIC);
  assert.match(address().pathname, /^\/api\/v1\/callback\/[\w-]{32}\/[\w-]{32}$/);
  assert.ok(!upstream.submits[0].body.includes("evil.example"));
});

test("row 21: the callback's secret is in no answer and no line of the log", async () => {
  const gateway = await calledBack();
  const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
  const { body } = await gateway.get(`record-info?taskId=${taskId}`);
  const token = gateway.address().pathname.split("/").at(-1);
  await gateway.callback(ended());
  assert.equal(JSON.parse(JSON.parse(body).data.paramJson).callBackUrl, undefined);
  for (const text of [body, ...gateway.lines]) assert.ok(!text.includes(token));
});

test("row 18: a callback with any other token gets 404 and changes nothing", async () => {
  const gateway = await calledBack();
  await gateway.post("generate", IMAGE);
  const other = gateway.address().pathname.split("/").at(-1);
  const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
  const path = gateway.address().pathname;
  const token = path.split("/").at(-1);
  await gateway.get(`record-info?taskId=${taskId}`);
  const reads = gateway.reads();
  const base = `/api/v1/callback/${taskId}`;
  const elsewhere = (await gateway.get("../nowhere")).json;
  for (const wrong of [
    base, `${base}/`, `${base}/${token.slice(1)}`, `${base}/${token}A`, `${base}/${other}`, `${base}/${"A".repeat(32)}`, `${path}/`,
    `${base}/${token}?x`.replace("?x", "%00"), path.toUpperCase(), `/api/v1/callback/${"A".repeat(32)}/${token}`,
  ]) {
    const { status, json } = await gateway.callback(ended(), wrong);
    assert.deepEqual([status, json.msg], [404, elsewhere.msg], wrong);
  }
  assert.equal((await gateway.get(`record-info?taskId=${taskId}`)).json.data.successFlag, 0);
  assert.equal(gateway.reads(), reads, "nobody looks again before it is time");
});

test("row 19: a callback with a valid token and a false body makes the gateway read the record, and only the record counts", async () => {
  const gateway = await calledBack();
  const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
  await gateway.get(`record-info?taskId=${taskId}`);
  assert.equal((await gateway.callback(ended("another"))).status, 200);
  const { json, body } = await gateway.get(`record-info?taskId=${taskId}`);
  assert.equal(gateway.reads(), 2, "it is looked at, before its time");
  assert.equal(json.data.successFlag, 0);
  assert.ok(!body.includes("evil.example"));
  assert.ok(gateway.upstream.requests.every(({ url }) => new URL(url).host === "vendor.example"));
});

test("row 25: any callback body is answered at once, and one that is too large is refused", async () => {
  const gateway = await calledBack();
  await gateway.post("generate", IMAGE);
  for (const [status, body] of [[200, ""], [200, "not JSON"], [200, "[1]"], [200, '{"code":200}'], [413, "x".repeat(1_000_000)]]) {
    assert.equal((await gateway.callback(body)).status, status, body.slice(0, 20));
  }
});

test("row 31: a submit without a clear answer is found again by its callback", async () => {
  const gateway = await calledBack();
  gateway.vendor.submitted = () => new Response("<html>", { status: 502 });
  const post = () => gateway.post("generate", IMAGE, { "Idempotency-Key": "k" });
  assert.equal((await post()).status, 502);
  assert.equal((await post()).status, 502, "nobody knows yet");
  assert.equal((await gateway.callback(ended())).status, 200);
  let found;
  for (let tries = 0; tries < 100 && found?.status !== 200; tries++, await pause(20)) found = await post();
  assert.equal(found.status, 200, found.body);
  assert.equal((await gateway.get(`record-info?taskId=${found.json.data.taskId}`)).json.data.successFlag, 0);
  assert.equal(gateway.upstream.submits.length, 1);
  assert.equal((await gateway.get("../usage")).json.data.spent, 8);
});

test("row 31: an unknown submit doesn't adopt the task of another job that a callback names", async () => {
  const gateway = await calledBack();
  gateway.vendor.submitted = () => new Response("<html>", { status: 502 });
  gateway.vendor.record = () => ({ taskId: TASK, successFlag: 1, paramJson: JSON.stringify({ ...IMAGE, callBackUrl: `${PUBLIC}/another` }) });
  const post = () => gateway.post("generate", IMAGE, { "Idempotency-Key": "k" });
  await post();
  await gateway.callback(ended());
  while (gateway.reads() === 0) await pause(10);
  await pause(100);
  assert.equal((await post()).status, 502);
});

test("row 23: callbacks before and after the submit's answer leave one task and one submit", async () => {
  const gateway = await calledBack();
  gateway.vendor.submitted = async () => {
    await gateway.callback(ended());
    await gateway.callback(ended());
    return envelope({ taskId: TASK });
  };
  const { status, json } = await gateway.post("generate", IMAGE);
  assert.equal(status, 200);
  await gateway.callback(ended());
  assert.equal((await gateway.get(`record-info?taskId=${json.data.taskId}`)).json.data.successFlag, 0);
  assert.equal(gateway.upstream.submits.length, 1);
});

test("a caller's own callback URL never reaches the vendor, which is called back at the gateway's address or nowhere", async () => {
  const callBackUrl = "https://your-app.com/hook";
  const gateway = await calledBack();
  await gateway.post("generate", { ...IMAGE, callBackUrl });
  assert.equal(gateway.address().origin, PUBLIC);
  const upstream = new Upstream(() => envelope({ taskId: TASK }));
  const { post } = await gatewayOn(upstream);
  assert.equal((await post("generate", { ...IMAGE, callBackUrl })).status, 200);
  assert.deepEqual(JSON.parse(upstream.submits[0].body), IMAGE);
});
