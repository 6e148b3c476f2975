/** The twelve holes of the best-known proxy that holds a key, each as a request. Hole 3 is in access.test.js. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { KEY, TOKEN, Upstream, envelope, exactly, gatewayOn } from "../support/servers.js";

const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };
const TASK = "9f47c52047dda21bb3df0488736cce57";
const vendor = ({ method }) => envelope(method === "POST" ? { taskId: TASK } : { taskId: TASK, successFlag: 0 });
const upstream = new Upstream(vendor);
const gateway = await gatewayOn(upstream);
const JSON_OF = (token) => ({ "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) });

/** A request that is refused before anything leaves. */
async function refused(status, url, init) {
  upstream.requests.length = 0;
  const answer = await exactly(new URL(url, gateway.url), init);
  assert.equal(answer.status, status, answer.body);
  assert.deepEqual(upstream.requests, []);
  return answer;
}

test("hole 1: requests go to the configured upstream only, and never over plain HTTP", async () => {
  upstream.requests.length = 0;
  const headers = { ...JSON_OF(TOKEN), "X-Fal-Target-Url": "http://evil.example/", "X-Target-Url": "http://evil.example/" };
  await exactly(new URL("/api/v1/mj/generate?url=http://evil.example/", gateway.url), { headers, parts: [JSON.stringify(IMAGE)] });
  assert.deepEqual(upstream.requests.map(({ url }) => url), ["https://vendor.example/api/v1/mj/generate"]);
  const inClear = await gatewayOn(upstream, { vars: { MIDAPI_UPSTREAM_URL: "http://vendor.example" } });
  assert.equal((await inClear.post("generate", IMAGE)).status, 503);
  assert.equal(upstream.requests.length, 1);
});

test("hole 2: a request without an Authorization header is refused", () =>
  refused(401, "/api/v1/mj/generate", { headers: JSON_OF(), parts: [JSON.stringify(IMAGE)] }));

test("hole 4: without an access policy every call is refused", async () => {
  const open = await gatewayOn(upstream, { vars: { MIDAPI_TOKENS: "" } });
  upstream.requests.length = 0;
  assert.equal((await open.post("generate", IMAGE)).status, 503);
  assert.equal(upstream.requests.length, 0);
});

test("hole 5: reads need a token like submits, and nothing can be cancelled", async () => {
  const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
  await refused(401, `/api/v1/mj/record-info?taskId=${taskId}`, { method: "GET" });
  for (const method of ["PUT", "DELETE", "PATCH"]) {
    await refused(405, `/api/v1/mj/record-info?taskId=${taskId}`, { method, headers: JSON_OF(TOKEN) });
  }
});

test("hole 6: a malformed path or query is refused with 404 or 422", async () => {
  for (const path of ["/api/v1/mj/%", "/api/v1/mj/http:%2f%2fevil.example", "/api/v1/https://evil.example/", "/api/v1/mj/generate/%00"]) {
    await refused(404, path, { headers: JSON_OF(TOKEN), parts: [JSON.stringify(IMAGE)] });
  }
  await refused(422, "/api/v1/mj/record-info?taskId=%E0%A4%A", { method: "GET", headers: JSON_OF(TOKEN) });
});

test("hole 7: a path with encoded slashes matches no route", async () => {
  for (const path of ["/api/v1/mj/..%2fcommon%2fcredit", "/api/v1/mj%2fgenerate", "/api/v1/x/..%2f..%2fmj/generate"]) {
    await refused(404, path, { headers: JSON_OF(TOKEN), parts: [JSON.stringify(IMAGE)] });
  }
});

test("hole 8: without a key nothing is sent", async () => {
  for (const key of [null, "", "  "]) {
    const keyless = await gatewayOn(upstream, { vars: { MIDAPI_API_KEY: key } });
    upstream.requests.length = 0;
    assert.equal((await keyless.post("generate", IMAGE)).status, 503);
    assert.equal(upstream.requests.length, 0);
  }
});

test("hole 9: none of the vendor's headers comes back", async () => {
  const leaking = { "Set-Cookie": "a=b", "Access-Control-Allow-Origin": "*", Server: "vendor", "X-Powered-By": "vendor", Via: KEY };
  const chatty = await gatewayOn(new Upstream(() => envelope({ taskId: TASK }, { headers: leaking })));
  const { headers } = await chatty.post("generate", IMAGE);
  for (const name of Object.keys(leaking)) assert.equal(headers.get(name), null, name);
  const ofTheServer = ["connection", "content-encoding", "content-length", "date", "keep-alive", "transfer-encoding"];
  assert.deepEqual([...headers.keys()].filter((name) => !ofTheServer.includes(name)).sort(), [
    "cache-control", "content-security-policy", "content-type", "cross-origin-resource-policy", "retry-after", "vary",
    "x-content-type-options", "x-request-id",
  ]);
});

test("hole 10: a body that is too large and a foreign origin are refused", async () => {
  await refused(413, "/api/v1/mj/generate", { headers: JSON_OF(TOKEN), parts: ["x".repeat(100_000)] });
  await refused(403, "/api/v1/mj/generate", { headers: { ...JSON_OF(TOKEN), Origin: "https://evil.example" }, parts: [JSON.stringify(IMAGE)] });
  // Rates: row 11 in ledger.test.js. Redirects: row 3 in contract.test.js.
});

test("hole 11: a POST without a body is refused with 415", () => refused(415, "/api/v1/mj/generate", { headers: { Authorization: `Bearer ${TOKEN}` } }));

test("hole 12: the environment is read only when a request arrives", async () => {
  // Miniflare evaluates the module without `env`, as the platform does: that this file's gateway answers is the proof.
  assert.equal((await gateway.get("../health")).status, 200);
});

test("row 31: an upstream that never answers is given up after 60 s, with an unknown outcome", { timeout: 90_000 }, async () => {
  const stalled = await gatewayOn(new Upstream(() => new Promise(() => {})));
  const { status, json } = await stalled.post("generate", IMAGE);
  assert.equal(status, 504);
  assert.match(json.msg, /60 s at the most; the task may have been created and billed/);
});
