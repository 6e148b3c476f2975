/** Pictures that tasks start from: who may send one, what is taken, and who gets it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { keeping, png, vendorWithFiles } from "../support/archive.js";
import { freePort } from "../../tools/platform.js";
import { OTHER_TOKEN, TOKEN, entry, exactly, gatewayOn } from "../support/servers.js";

const DAY_MS = 24 * 60 * 60 * 1000;
const MEBIBYTE = 1024 * 1024;
const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(60)]);
const WEBP = Buffer.concat([Buffer.from("RIFF\x34\0\0\0WEBPVP8 ", "latin1"), Buffer.alloc(60)]);
const OWN = { Authorization: `Bearer ${TOKEN}` };

async function uploading({ vars, ...options } = {}) {
  const port = await freePort();
  const vendor = vendorWithFiles();
  const gateway = await gatewayOn(vendor.upstream, { vars: keeping(port, vars), port, ...options });
  const upload = async (body, headers = OWN) => {
    const response = await fetch(`${gateway.api}/uploads`, { method: "POST", headers, body });
    return { status: response.status, headers: response.headers, json: await response.json() };
  };
  return { ...gateway, vendor, upload };
}

test("a PNG, JPEG or WebP is kept for a day at an address that nobody can guess, for whoever knows it", async () => {
  const gateway = await uploading();
  const urls = new Set();
  for (const [bytes, type, ending] of [[png(), "image/png", "png"], [JPEG, "image/jpeg", "jpg"], [WEBP, "image/webp", "webp"], [png(), "image/png", "png"]]) {
    // What the sender calls it doesn't count.
    const { status, json } = await gateway.upload(bytes, { ...OWN, "Content-Type": "text/html" });
    assert.equal(status, 200, json.msg);
    assert.deepEqual(Object.keys(json.data), ["url", "expiresAt"]);
    const { url, expiresAt } = json.data;
    assert.match(url, new RegExp(`^${gateway.url}/uploads/[\\w-]{32}\\.${ending}$`));
    urls.add(url);
    assert.ok(Math.abs(expiresAt - Date.now() - DAY_MS) < 60_000);
    const served = await fetch(url);
    assert.equal(served.status, 200);
    assert.equal(served.headers.get("content-type"), type);
    assert.equal(served.headers.get("x-content-type-options"), "nosniff");
    assert.match(served.headers.get("content-security-policy"), /sandbox/);
    const [, age] = /max-age=(\d+)/.exec(served.headers.get("cache-control"));
    assert.ok(Number(age) <= DAY_MS / 1000, "no cache has it for longer");
    assert.ok(Buffer.from(await served.arrayBuffer()).equals(bytes));
  }
  assert.equal(urls.size, 4);
  const [url] = urls;
  for (const other of [url.replace(/.{5}\.png$/, "AAAAA.png"), url.replace(".png", ".jpg"), url.replace(".png", ""), `${url}/`, `${gateway.url}/uploads/`]) {
    assert.equal((await fetch(other)).status, 404, other);
  }
  assert.deepEqual(gateway.vendor.upstream.requests, []);
});

test("an upload ends at its time, whether or not it was swept away", async () => {
  const gateway = await uploading();
  const { url } = (await gateway.upload(png())).json.data;
  const bucket = await gateway.worker.getR2Bucket("FILES");
  const key = new URL(url).pathname.slice(1);
  const { customMetadata, httpMetadata } = await bucket.head(key);
  assert.equal(customMetadata.caller, "token:alice");
  await bucket.put(key, Uint8Array.from(png()), { httpMetadata, customMetadata: { ...customMetadata, keptUntil: String(Date.now() - 2000) } });
  assert.equal((await fetch(url)).status, 404);
  await (await gateway.worker.getWorker()).scheduled({});
  assert.deepEqual((await bucket.list()).objects, []);
});

test("what is no such picture is refused with the field's name, and isn't kept", async () => {
  const gateway = await uploading();
  for (const [name, bytes] of [
    ["HTML", "<!doctype html><script>globalThis.ran = true</script>"],
    ["SVG", '<svg xmlns="http://www.w3.org/2000/svg"><script>globalThis.ran = true</script></svg>'],
    ["GIF", "GIF89a\x01\0\x01\0\0\0\0;"],
    ["MP4", "\0\0\0\x18ftypisom\0\0\0\0isomiso2"],
    ["a picture behind something else", Buffer.concat([Buffer.from("<!--"), png()])],
    ["the beginning of a signature", png().subarray(0, 6)],
    ["nothing", ""],
  ]) {
    const { status, json } = await gateway.upload(bytes, { ...OWN, "Content-Type": "image/png" });
    assert.deepEqual([status, json.msg], [415, "body: must be a PNG, JPEG or WebP picture"], name);
  }
  const large = await gateway.upload(Buffer.concat([png(), Buffer.alloc(10 * MEBIBYTE)]));
  assert.equal(large.status, 413);
  assert.match(large.json.msg, /^body: must be at most 10485760 bytes/);
  const bucket = await gateway.worker.getR2Bucket("FILES");
  assert.deepEqual((await bucket.list()).objects, []);
});

test("row 26: an upload is a task's fileUrl at once, and the gateway never fetches it", async () => {
  const gateway = await uploading({ vars: { MIDAPI_PUBLIC_URL: "https://gateway.example" } });
  const { url } = (await gateway.upload(png())).json.data;
  assert.match(url, /^https:\/\/gateway\.example\/uploads\//);
  const { status, json } = await gateway.post("generate", { taskType: "mj_img2img", prompt: "in oil", fileUrl: url });
  assert.equal(status, 200, json.msg);
  assert.equal(JSON.parse(gateway.vendor.upstream.submits[0].body).fileUrl, url);
  assert.deepEqual(gateway.vendor.fetched(), []);
});

test("only who may generate may upload, and of pages only those with a session here", async () => {
  const tokens = [entry("alice", TOKEN, { origins: ["https://app.example"] }), entry("looker", OTHER_TOKEN, { operations: ["credits"] })];
  const gateway = await uploading({ pages: true, vars: { MIDAPI_TOKENS: JSON.stringify(tokens) } });
  for (const [status, headers] of [
    [401, {}],
    [401, { Authorization: "Bearer wrong" }],
    [403, { Authorization: `Bearer ${OTHER_TOKEN}` }],
    [403, { ...OWN, Origin: "https://evil.example" }],
    [403, { ...OWN, Origin: "null" }],
    [200, { ...OWN, Origin: "https://app.example" }],
  ]) {
    assert.equal((await gateway.upload(png(), headers)).status, status, JSON.stringify(headers));
  }
  const page = { Origin: gateway.url, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors" };
  const opened = await gateway.post("../session", "", { ...page, Authorization: "" });
  const Cookie = opened.headers.get("set-cookie").split(";")[0];
  const send = async (headers) => (await exactly(`${gateway.api}/uploads`, { headers, parts: [png()] })).status;
  assert.equal(await send({ ...page, Cookie }), 200);
  for (const headers of [
    { ...page, Cookie, Origin: "https://evil.example" },
    { ...page, Cookie, "Sec-Fetch-Site": "cross-site" },
    { ...page, Cookie, "Sec-Fetch-Mode": "no-cors" },
    { ...page, Cookie, "Sec-Fetch-Mode": "navigate" },
    { Cookie },
  ]) {
    assert.equal(await send(headers), 403, JSON.stringify(headers));
  }
  const bucket = await gateway.worker.getR2Bucket("FILES");
  assert.equal((await bucket.list()).objects.length, 2);
  const preflight = await fetch(`${gateway.api}/uploads`, { method: "OPTIONS", headers: { Origin: "https://evil.example", "Access-Control-Request-Method": "POST" } });
  assert.equal(preflight.status, 403);
});

test("a caller uploads no more than so many bytes in a day, which takes no credits and nothing from others", async () => {
  const gateway = await uploading();
  const large = Buffer.concat([png(), Buffer.alloc(10 * MEBIBYTE - png().length)]);
  // One is counted as a kibibyte more than it has.
  let taken = 0;
  let refused;
  while (taken < 25 && refused === undefined) {
    const answer = await gateway.upload(large);
    if (answer.status === 200) taken++;
    else refused = answer;
  }
  assert.equal(taken, 19);
  assert.deepEqual([refused.status, refused.json.msg], [429, "too much was uploaded today; links to pictures elsewhere still work"]);
  assert.equal((await gateway.upload(png())).status, 200, "a small one has room");
  assert.equal((await gateway.upload(large, { Authorization: `Bearer ${OTHER_TOKEN}` })).status, 200);
  assert.equal((await gateway.get("../usage")).json.data.spent, 0);
  const bucket = await gateway.worker.getR2Bucket("FILES");
  assert.equal((await bucket.list()).objects.length, taken + 2);
});

test("without a bucket, or without an address of its own, a gateway takes no uploads", async () => {
  for (const options of [{ bucket: false }, { vars: { MIDAPI_PUBLIC_URL: "" } }]) {
    const gateway = await uploading(options);
    const { status, json } = await gateway.upload(png());
    assert.equal(status, 404);
    assert.match(json.msg, /takes no uploads: it has no bucket, or no MIDAPI_PUBLIC_URL/);
    assert.equal((await fetch(`${gateway.url}/uploads/${"A".repeat(32)}.png`)).status, 404);
    await gateway.stop();
  }
});
