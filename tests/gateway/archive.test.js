/** The copies of results: rows 15 and 26 to 29 of the threat table, and 35 where a process is killed in the middle of a copy. */
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Response } from "miniflare";
import { freePort } from "../../tools/platform.js";
import { FILE_HOST, IMAGE, archiving, file, keeping, linksOf, png, vendorWithFiles } from "../support/archive.js";
import { folderOf } from "../support/folder.js";
import { OTHER_TOKEN, TOKEN, gatewayOn, killable, simulator } from "../support/servers.js";
import { until } from "../support/until.js";

const BOB = { Authorization: `Bearer ${OTHER_TOKEN}` };
const DAY_MS = 24 * 60 * 60 * 1000;

const bytesOf = async (response) => Buffer.from(await response.arrayBuffer());
const refusals = (record) => (record.archive.refused ?? []).map(({ reason }) => reason);
/** What an answer says, but for the request's id. */
const said = async (response) => {
  const { requestId, ...rest } = await response.json();
  return JSON.stringify([response.status, rest]);
};

test("a result is fetched once, lies in the bucket once, and its link is the gateway's, good for anybody until it ends", async () => {
  const gateway = await archiving();
  const { vendor } = gateway;
  const pictures = [1, 2, 3, 4].map((number) => png(number * 50));
  vendor.links = [1, 2, 3, 4].map((number) => `https://${FILE_HOST}/m/${number}.png`);
  vendor.files = Object.fromEntries(pictures.map((picture, at) => [`/m/${at + 1}.png`, () => file(picture)]));
  const record = await gateway.runAndKeep();
  assert.deepEqual(vendor.fetched(), vendor.links);
  assert.deepEqual(await gateway.kept(), [1, 2, 3, 4].map((number) => `files/${record.taskId}/${number}`));
  assert.deepEqual(record.archive, { state: "done" });
  assert.ok(Math.abs(record.expiresAt - Date.now() - 400 * DAY_MS) < 60_000, "as MIDAPI_FILES_DAYS says");
  for (const [at, link] of linksOf(record).entries()) {
    const { origin, pathname, searchParams } = new URL(link);
    assert.deepEqual([origin, pathname], [gateway.url, `/files/${record.taskId}/${at + 1}`]);
    assert.equal(searchParams.get("expires"), String(Math.floor(record.expiresAt / 1000)));
    const served = await fetch(link, { headers: { Origin: "https://anywhere.example" } });
    assert.equal(served.status, 200);
    assert.ok((await bytesOf(served)).equals(pictures[at]));
    for (const [name, value] of [
      ["content-type", "image/png"],
      ["content-length", String(pictures[at].length)],
      ["cache-control", "public, max-age=31536000, immutable"],
      ["access-control-allow-origin", "*"],
      ["cross-origin-resource-policy", "cross-origin"],
      ["x-content-type-options", "nosniff"],
      ["content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'"],
      ["content-disposition", null],
    ]) {
      assert.equal(served.headers.get(name), value, name);
    }
  }
  // However often people look, it stays so.
  for (let looks = 0; looks < 3; looks++) assert.deepEqual(linksOf(await gateway.record(record.taskId)), linksOf(record));
  assert.equal(vendor.fetched().length, 4);
});

test("a link that was changed or has expired is refused like that of no file", async () => {
  const gateway = await archiving();
  const record = await gateway.runAndKeep();
  const other = await gateway.runAndKeep();
  const [link] = linksOf(record);
  const { origin, pathname, searchParams } = new URL(link);
  const [expires, signature] = [Number(searchParams.get("expires")), searchParams.get("signature")];
  const unknown = await said(await fetch(`${origin}/files/${"A".repeat(32)}/1`));
  assert.match(unknown, /^\[404,/);
  for (const changed of [
    `${pathname}`,
    `${pathname}?expires=${expires}`,
    `${pathname}?signature=${signature}`,
    `${pathname}?expires=${expires + 1}&signature=${signature}`,
    `${pathname}?expires=${expires}&signature=${signature.replace(/^./, (first) => (first === "A" ? "B" : "A"))}`,
    `${pathname}?expires=${expires}&signature=${signature.slice(0, -1)}`,
    `${pathname}?expires=${expires}&signature=`,
    `/files/${other.taskId}/1?expires=${expires}&signature=${signature}`,
    `/files/${record.taskId}/2?expires=${expires}&signature=${signature}`,
    `/files/${record.taskId}/01?expires=${expires}&signature=${signature}`,
  ]) {
    for (const headers of [{}, { Range: "bytes=100000-" }, { "If-None-Match": "*" }]) {
      assert.equal(await said(await fetch(origin + changed, { headers })), unknown, `${changed} ${JSON.stringify(headers)}`);
    }
  }
  // One that was signed for a time that is over.
  const bucket = await gateway.bucket();
  const key = pathname.slice(1);
  const { customMetadata, httpMetadata } = await bucket.head(key);
  const signed = (at) => {
    const mac = createHmac("sha256", customMetadata.linkSecret).update(`${key}?expires=${at}`).digest("base64url");
    return `${origin}/${key}?expires=${at}&signature=${mac}`;
  };
  const now = Math.floor(Date.now() / 1000);
  assert.equal((await fetch(signed(now + 60))).status, 200, "the test signs as the gateway does");
  assert.equal(await said(await fetch(signed(now - 1))), unknown);
  // And a file that is kept no longer, though nobody has deleted it yet.
  await bucket.put(key, Uint8Array.from(png()), { httpMetadata, customMetadata: { ...customMetadata, keptUntil: String(Date.now() - 2000) } });
  assert.equal(await said(await fetch(signed(now + 60))), unknown);
  assert.equal(await said(await fetch(origin + pathname, { headers: { Authorization: `Bearer ${TOKEN}` } })), unknown);
});

test("row 15: without a signature a file is its caller's alone, and to others the same as one that isn't there", async () => {
  const gateway = await archiving({ pages: true });
  const page = { Authorization: "", Origin: gateway.url, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors" };
  const session = async () => {
    const opened = await gateway.post("../session", "", page);
    assert.equal(opened.status, 200, opened.body);
    return opened.headers.get("set-cookie").split(";")[0];
  };
  const [hers, another] = [await session(), await session()];
  const ofToken = await gateway.runAndKeep();
  const ofSession = await gateway.runAndKeep(IMAGE, { ...page, Cookie: hers });
  const unsigned = ({ taskId }) => `${gateway.url}/files/${taskId}/1`;
  const none = `${gateway.url}/files/${"A".repeat(32)}/1`;
  /** As a browser asks for an image of the page. */
  const image = { "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image" };

  const forAlice = await fetch(unsigned(ofToken), { headers: { Authorization: `Bearer ${TOKEN}` } });
  assert.equal(forAlice.status, 200);
  assert.match(forAlice.headers.get("cache-control"), /^private, /);
  assert.equal(forAlice.headers.get("access-control-allow-origin"), null);
  assert.equal(forAlice.headers.get("cross-origin-resource-policy"), "same-origin");
  assert.ok((await bytesOf(forAlice)).equals(png()));
  const inPage = await fetch(unsigned(ofSession), { headers: { ...image, Cookie: hers } });
  assert.equal(inPage.status, 200);
  await inPage.arrayBuffer();

  for (const [link, headers] of [
    [unsigned(ofToken), {}],
    [unsigned(ofToken), BOB],
    [unsigned(ofToken), { Authorization: "Bearer wrong" }],
    [unsigned(ofToken), { ...image, Cookie: hers }],
    [unsigned(ofSession), { ...image, Cookie: another }],
    [unsigned(ofSession), { Authorization: `Bearer ${TOKEN}` }],
    // Another site can't have its pages show what a visitor may see.
    [unsigned(ofSession), { ...image, "Sec-Fetch-Site": "cross-site", Cookie: hers }],
    [unsigned(ofSession), { ...image, "Sec-Fetch-Site": "same-site", Cookie: hers }],
    [unsigned(ofSession), { Origin: "https://evil.example", Cookie: hers }],
  ]) {
    for (const more of [{}, { Range: "bytes=1-2" }, { Range: "bytes=100000-" }, { "If-None-Match": "*" }]) {
      const sent = { ...headers, ...more };
      assert.equal(await said(await fetch(link, { headers: sent })), await said(await fetch(none, { headers: sent })), JSON.stringify(sent));
    }
    assert.equal((await fetch(link, { method: "HEAD", headers })).status, 404);
  }
});

test("a file is served in parts, not sent again to who has it, and named for a download", async () => {
  const gateway = await archiving();
  const picture = png(7, 64);
  gateway.vendor.files["/1.png"] = () => file(picture);
  const [link] = linksOf(await gateway.runAndKeep({ ...IMAGE, prompt: "A Café, by night — https://x.example" }));
  const size = picture.length;
  for (const [range, first, last] of [["0-", 0, size - 1], ["2-5", 2, 5], ["-4", size - 4, size - 1], [`${size - 1}-${size + 99}`, size - 1, size - 1]]) {
    const served = await fetch(link, { headers: { Range: `bytes=${range}` } });
    assert.equal(served.status, 206, range);
    assert.equal(served.headers.get("content-range"), `bytes ${first}-${last}/${size}`);
    assert.equal(served.headers.get("content-length"), String(last - first + 1));
    assert.ok((await bytesOf(served)).equals(picture.subarray(first, last + 1)), range);
  }
  // Several parts, or none that makes sense, are the whole.
  for (const Range of ["bytes=0-1,4-5", "bytes=5-2", "lines=1-2", "bytes=x-"]) {
    const served = await fetch(link, { headers: { Range } });
    assert.deepEqual([served.status, (await bytesOf(served)).length], [200, size], Range);
  }
  for (const Range of [`bytes=${size}-`, "bytes=-0"]) {
    const outside = await fetch(link, { headers: { Range } });
    assert.equal(outside.status, 416);
    assert.match((await outside.json()).msg, /^range: must lie within the file/);
  }

  const ETag = (await fetch(link, { method: "HEAD" })).headers.get("etag");
  assert.match(ETag, /^"\w+"$/);
  for (const known of [ETag, `W/${ETag}`, `"x", ${ETag}`, "*"]) {
    const served = await fetch(link, { headers: { "If-None-Match": known } });
    assert.deepEqual([served.status, served.headers.get("etag"), (await bytesOf(served)).length], [304, ETag, 0], known);
  }
  for (const other of ['"x"', "junk", ""]) {
    const served = await fetch(link, { headers: { "If-None-Match": other } });
    assert.deepEqual([served.status, (await bytesOf(served)).length], [200, size], other);
  }

  const head = await fetch(link, { method: "HEAD" });
  assert.deepEqual([head.status, head.headers.get("content-length"), head.headers.get("content-type")], [200, String(size), "image/png"]);
  assert.equal((await bytesOf(head)).length, 0);
  for (const method of ["POST", "PUT", "DELETE"]) assert.equal((await fetch(link, { method })).status, 405);

  const download = await fetch(`${link}&download`);
  assert.equal(download.headers.get("content-disposition"), 'attachment; filename="a-caf-by-night-1.png"');
  await download.arrayBuffer();
});

test("row 26: the gateway never fetches a caller's own link, and refuses one to an odd target", async () => {
  const gateway = await archiving();
  gateway.vendor.files["/source.png"] = () => file(png());
  const request = { taskType: "mj_img2img", prompt: "in oil" };
  const record = await gateway.runAndKeep({ ...request, fileUrl: `https://${FILE_HOST}/source.png` });
  assert.equal(record.archive.state, "done");
  assert.deepEqual(gateway.vendor.fetched(), gateway.vendor.links);
  const submits = gateway.vendor.upstream.submits.length;
  for (const fileUrl of [
    "https://127.0.0.1/a.png", "https://0x7f.1/a.png", "https://2130706433/a.png", "https://0177.0.0.1/a.png", "https://127.1/a.png",
    "https://[::ffff:127.0.0.1]/a.png", "https://[::ffff:7f00:1]/a.png", "https://[::1]/a.png", "https://１２７.0.0.1/a.png",
    "https://169.254.169.254/latest", "https://10.0.0.1/a.png", "https://192.168.1.1/a.png", "https://[fd00::1]/a.png",
    "https://localhost/a.png", "https://localhost./a.png", "https://a.localhost/a.png", "https://intranet/a.png",
    "https://user@files.example/a.png", "https://files.example@evil.example/a.png", "ftp://files.example/a.png",
    "file:///etc/passwd", "data:image/png;base64,AAAA", "//files.example/a.png", "https://",
  ]) {
    const { status, json } = await gateway.post("generate", { ...request, fileUrl });
    assert.equal(status, 422, `${fileUrl} ${json.msg}`);
    assert.match(json.msg, /^fileUrl: /);
  }
  assert.equal(gateway.vendor.upstream.submits.length, submits);
  assert.deepEqual(gateway.vendor.fetched(), gateway.vendor.links);
});

test("row 27: a result from another host, scheme, port or address, or behind a redirect to one, is never fetched, and the record says so", async () => {
  const gateway = await archiving();
  const { vendor } = gateway;
  const redirect = (Location, status = 302) => () => new Response(null, { status, headers: Location && { Location } });
  vendor.elsewhere = () => file(png());
  vendor.files = {
    "/1.png": () => file(png(1)),
    "/to-cdn.png": redirect("https://cdn.example/1.png"),
    "/to-path.png": redirect("/1.png", 307),
    "/to-evil.png": redirect("https://evil.example/1.png"),
    "/to-http.png": redirect(`http://${FILE_HOST}/1.png`, 301),
    "/to-inside.png": redirect("https://169.254.169.254/latest", 308),
    "/to-user.png": redirect(`https://${FILE_HOST}@evil.example/1.png`, 303),
    "/to-data.png": redirect("data:image/png;base64,iVBORw0KGgo="),
    "/to-itself.png": redirect("/to-itself.png"),
    "/to-nothing.png": redirect(),
  };
  const refused = async (link, reason) => {
    vendor.links = [link];
    const record = await gateway.runAndKeep();
    assert.deepEqual(record.archive, { state: "done", refused: [{ index: 1, reason: refusals(record)[0] }] });
    assert.match(refusals(record)[0], reason, link);
    assert.deepEqual(linksOf(record), [link], "the vendor's own link stays");
    assert.equal(record.expiresAt, undefined, "the vendor's own time is true of it");
  };
  await refused("https://evil.example/1.png", /host evil\.example/);
  await refused(`https://${FILE_HOST}.evil.example/1.png`, /host files\.example\.evil\.example/);
  await refused(`https://${FILE_HOST}./1.png`, /host files\.example\./);
  await refused("https://169.254.169.254/latest", /host 169\.254\.169\.254/);
  await refused("https://[::ffff:7f00:1]/1.png", /host \[::ffff:7f00:1\]/);
  await refused(`http://${FILE_HOST}/1.png`, /isn't https on the usual port/);
  await refused(`https://${FILE_HOST}:8443/1.png`, /isn't https on the usual port/);
  await refused(gateway.url.replace("127.0.0.1", "localhost") + "/1.png", /isn't https on the usual port/);
  assert.deepEqual(vendor.fetched(), [], "not one of them was asked");
  for (const [name, reason] of [
    ["evil", /host evil\.example/], ["http", /isn't https/], ["inside", /host 169\.254/], ["user", /can't be fetched/], ["data", /isn't https|can't be fetched/],
    ["itself", /redirects to nowhere/], ["nothing", /redirects to nowhere/],
  ]) {
    await refused(`https://${FILE_HOST}/to-${name}.png`, reason);
  }
  const hosts = () => new Set(vendor.fetched().map((url) => new URL(url).origin));
  assert.deepEqual([...hosts()], [`https://${FILE_HOST}`]);
  assert.equal(vendor.fetched().filter((url) => url.endsWith("itself.png")).length, 4, "redirects have an end");
  assert.deepEqual(await gateway.kept(), []);
  // One with a user and a password is no link to anybody.
  vendor.links = [`https://user:pass@${FILE_HOST}/1.png`, `https://${FILE_HOST}/1.png`];
  const withUser = await gateway.runAndKeep();
  assert.equal(linksOf(withUser)[0], null);
  assert.equal((await gateway.kept()).length, 1);
  for (const name of ["to-cdn", "to-path"]) {
    vendor.links = [`https://${FILE_HOST}/${name}.png`];
    assert.deepEqual((await gateway.runAndKeep()).archive, { state: "done" }, "between allowed hosts it is followed");
  }
});

test("row 27: the credentials of the vendor's account are shown to no file host", async () => {
  const gateway = await archiving();
  await gateway.runAndKeep();
  const asked = gateway.vendor.upstream.requests.find(({ url }) => url.includes(FILE_HOST));
  assert.ok(!JSON.stringify(asked).includes("CANARY"));
  assert.deepEqual([asked.headers.authorization, asked.headers.cookie], [undefined, undefined]);
});

test("row 28: what is no picture or video, hides its length, has no end or inflates isn't stored, and says why", async () => {
  const port = await freePort();
  const { url } = await simulator({ DURATIONS: { fast: 0 } });
  const gateway = await gatewayOn(undefined, { vars: { ...keeping(port), MIDAPI_UPSTREAM_URL: url }, port });
  const bucket = await gateway.worker.getR2Bucket("FILES");
  const archived = async (word) => {
    const { json } = await gateway.post("generate", { ...IMAGE, prompt: `a lighthouse [sim: file=${word}]` });
    return until(async () => {
      const record = (await gateway.get(`record-info?taskId=${json.data.taskId}`)).json.data;
      return record.archive && record.archive.state !== "pending" && record;
    });
  };
  for (const [word, reason] of [
    ["html", /no picture and no video/],
    ["disguised-html", /no picture and no video/],
    ["svg", /no picture and no video/],
    ["disguised-svg", /no picture and no video/],
    ["empty", /no picture and no video/],
    ["no-length", /doesn't say how long it is/],
    ["endless", /doesn't say how long it is/],
    ["inflating", /comes compressed/],
    ["redirect", /host elsewhere\.example/],
  ]) {
    const record = await archived(word);
    assert.equal(record.archive.state, "done");
    assert.equal(refusals(record).length, 4, word);
    for (const said of refusals(record)) assert.match(said, reason, word);
    assert.deepEqual((await bucket.list()).objects, [], word);
    assert.ok(linksOf(record).every((link) => link.startsWith(url)), "the vendor's own links stay");
  }
  // What begins as a picture is one, whatever follows: it is served as a picture and as nothing else.
  const polyglot = linksOf(await archived("polyglot"));
  const served = await fetch(polyglot[0]);
  assert.deepEqual([served.headers.get("content-type"), served.headers.get("x-content-type-options")], ["image/png", "nosniff"]);
  assert.match(served.headers.get("content-security-policy"), /sandbox/);
  assert.match((await bytesOf(served)).toString("latin1"), /<script>/);
});

test("row 28: a file whose server says that it is something else, or is too long, isn't stored", async () => {
  const gateway = await archiving();
  const { vendor } = gateway;
  for (const [type, bytes, headers, reason] of [
    ["text/html", png(), {}, /something else than it is/],
    ["image/svg+xml", png(), {}, /something else than it is/],
    ["video/mp4", png(), {}, /something else than it is/],
    ["image/png", Buffer.from("GIF87"), {}, /no picture and no video/],
    ["image/png", Buffer.from(`<!--\x89PNG\r\n\x1a\n-->`, "latin1"), {}, /no picture and no video/],
  ]) {
    vendor.files["/1.png"] = () => file(bytes, type, headers);
    assert.match(refusals(await gateway.runAndKeep())[0], reason, type);
  }
  assert.deepEqual(await gateway.kept(), []);
  // Of a type that says nothing, or is misspelt, the bytes tell.
  for (const type of ["application/octet-stream", "image/jpg", "IMAGE/PNG; charset=x"]) {
    vendor.files["/1.png"] = () => file(png(), type);
    const [link] = linksOf(await gateway.runAndKeep());
    const served = await fetch(link);
    assert.equal(served.headers.get("content-type"), "image/png", type);
    await served.arrayBuffer();
  }
});

test("row 28: a file that is cut short isn't stored, and is there once it comes whole", async () => {
  const gateway = await archiving();
  const whole = png(9, 256);
  let isShort = true;
  gateway.vendor.files["/1.png"] = () => (isShort ? file(whole.subarray(0, whole.length / 2), "image/png", { "Content-Length": String(whole.length) }) : file(whole));
  const taskId = await gateway.run();
  await until(() => gateway.lines.some((line) => line.includes("copy failed")));
  assert.deepEqual(await gateway.kept(), []);
  assert.deepEqual((await gateway.record(taskId)).archive, { state: "pending" });
  isShort = false;
  const record = await until(async () => {
    const found = await gateway.record(taskId);
    return found.archive.state === "done" && found;
  });
  assert.ok((await bytesOf(await fetch(linksOf(record)[0]))).equals(whole));
});

test("row 29: a task is done while its copies are pending; its links are the vendor's until all are made, and one file waits for no other", async () => {
  const gateway = await archiving();
  const { vendor } = gateway;
  vendor.links = [1, 2, 3].map((number) => `https://${FILE_HOST}/${number}.png`);
  const answers = { 1: 503, 2: 200, 3: 404 };
  vendor.files = Object.fromEntries([1, 2, 3].map((number) => [`/${number}.png`, () => (answers[number] === 200 ? file(png(number)) : new Response("no", { status: answers[number] }))]));
  const taskId = await gateway.run();
  await until(async () => (await gateway.kept()).length === 1);
  assert.deepEqual(await gateway.kept(), [`files/${taskId}/2`]);
  const pending = await gateway.record(taskId);
  assert.deepEqual([pending.successFlag, pending.archive], [1, { state: "pending" }]);
  assert.deepEqual(linksOf(pending), vendor.links);
  assert.equal(pending.expiresAt, undefined);
  answers[1] = answers[3] = 200;
  const record = await until(async () => {
    const found = await gateway.record(taskId);
    return found.archive.state === "done" && found;
  });
  assert.ok(linksOf(record).every((link) => link.startsWith(`${gateway.url}/files/`)));
  assert.equal(vendor.fetched().filter((url) => url.endsWith("/2.png")).length, 1, "what is there isn't fetched again");
});

test("row 29: a bucket that fails is tried again, and the task is done meanwhile", async (t) => {
  const state = folderOf(t);
  // Where the runtime keeps the bytes, so that it can't.
  const blobs = join(state, "r2", "midapi-files", "blobs");
  mkdirSync(join(blobs, ".."), { recursive: true });
  writeFileSync(blobs, "");
  const gateway = await archiving({ state });
  const taskId = await gateway.run();
  await until(() => gateway.lines.some((line) => line.includes('"copy failed"')));
  assert.deepEqual([(await gateway.record(taskId)).successFlag, (await gateway.record(taskId)).archive], [1, { state: "pending" }]);
  rmSync(blobs);
  const record = await until(async () => {
    const found = await gateway.record(taskId);
    return found.archive.state === "done" && found;
  }, 40);
  assert.ok((await bytesOf(await fetch(linksOf(record)[0]))).equals(png()));
});

test("rows 29 and 35: after a kill in the middle of a copy each file is in the bucket, whole and once", async (t) => {
  const whole = randomBytes(4_000_000);
  png().copy(whole);
  for (let round = 0; round < 4; round++) {
    const [state, port, vendor] = [folderOf(t), await freePort(), vendorWithFiles()];
    vendor.links = [1, 2, 3, 4].map((number) => `https://${FILE_HOST}/${number}.png`);
    let isSlow = true;
    /** Half of it, and the rest when it likes. */
    const slowly = () => {
      const body = new ReadableStream({
        async start(controller) {
          controller.enqueue(whole.subarray(0, 2_000_000));
          await pause(isSlow ? 100 : 0);
          controller.enqueue(whole.subarray(2_000_000));
          controller.close();
        },
      });
      return new Response(body, { headers: { "Content-Type": "image/png", "Content-Length": String(whole.length) } });
    };
    vendor.files = Object.fromEntries([1, 2, 3, 4].map((number) => [`/${number}.png`, slowly]));
    const first = await archiving({ vendor, port, state, start: killable });
    const taskId = await first.run();
    await until(() => vendor.fetched().length > 0);
    await pause(round * 130);
    await first.kill();
    isSlow = false;

    const second = await archiving({ vendor, port, state });
    const record = await until(async () => {
      const found = await second.record(taskId);
      return found.archive?.state === "done" && found;
    });
    assert.deepEqual(await second.kept(), [1, 2, 3, 4].map((number) => `files/${taskId}/${number}`));
    for (const link of linksOf(record)) assert.ok((await bytesOf(await fetch(link))).equals(whole));
    assert.ok(vendor.fetched().length <= 5, `${vendor.fetched().length} fetches: the one that was under way, and no other, is repeated`);
    assert.equal(vendor.upstream.submits.length, 1);
    await second.stop();
  }
});

test("row 29: a copy whose making wasn't written down any more isn't fetched again, and what isn't the job's is replaced", async () => {
  const gateway = await archiving();
  const { vendor } = gateway;
  vendor.links = [1, 2, 3].map((number) => `https://${FILE_HOST}/${number}.png`);
  vendor.files = { "/1.png": () => file(png(1)) };
  const taskId = await gateway.run();
  await until(() => gateway.lines.filter((line) => line.includes("copy failed")).length === 2);
  // The second as a process would have left it that was killed right after it, the third as if it were of another life.
  const bucket = await gateway.bucket();
  const { customMetadata, httpMetadata } = await bucket.head(`files/${taskId}/1`);
  await bucket.put(`files/${taskId}/2`, Uint8Array.from(png(2)), { customMetadata, httpMetadata });
  await bucket.put(`files/${taskId}/3`, Uint8Array.from(png(0)), { customMetadata: { ...customMetadata, linkSecret: "x" }, httpMetadata });
  vendor.files = { "/2.png": () => file(png(99)), "/3.png": () => file(png(3)) };
  const record = await until(async () => {
    const found = await gateway.record(taskId);
    return found.archive.state === "done" && found;
  });
  for (const [at, link] of linksOf(record).entries()) assert.ok((await bytesOf(await fetch(link))).equals(png(at + 1)));
  assert.equal(vendor.fetched().filter((url) => url.endsWith("/2.png")).length, 1, "before it was there");
});

test("without a bucket, or without an address of its own, all is as before, and the health route says so", async () => {
  const health = async ({ url }) => (await (await fetch(`${url}/api/v1/health`)).json()).data;
  const kept = await archiving();
  assert.deepEqual(await health(kept), { idempotencyKeys: true, events: true, archive: true, uploads: true });
  for (const options of [{ bucket: false }, { vars: { MIDAPI_PUBLIC_URL: "" } }]) {
    const vendor = vendorWithFiles();
    const gateway = await archiving({ vendor, ...options });
    assert.deepEqual(await health(gateway), { idempotencyKeys: true, events: true, archive: false, uploads: false });
    const { taskId } = (await gateway.post("generate", IMAGE)).json.data;
    const record = await gateway.record(taskId);
    assert.deepEqual([record.successFlag, record.archive, record.expiresAt], [1, undefined, undefined]);
    assert.deepEqual(linksOf(record), vendor.links);
    await pause(300);
    assert.deepEqual(vendor.fetched(), []);
    assert.equal((await fetch(`${gateway.url}/files/${taskId}/1`, { headers: { Authorization: `Bearer ${TOKEN}` } })).status, 404);
    assert.equal((await gateway.get("tasks")).json.data.tasks.length, 1);
    await gateway.stop();
  }
});

test("the sweep deletes what is kept no longer, and nothing else", async () => {
  const gateway = await archiving();
  const record = await gateway.runAndKeep();
  const bucket = await gateway.bucket();
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const today = letters[Math.floor(Date.now() / DAY_MS) % letters.length];
  const put = (key, at) => bucket.put(key, Uint8Array.from(png()), { customMetadata: at === undefined ? {} : { keptUntil: String(Date.now() + at) } });
  const id = (first) => first + "x".repeat(31);
  // More than one page of the bucket's list.
  for (let number = 0; number < 600; number++) await put(`files/${id(today)}/${number}`, -DAY_MS);
  await put(`files/${today}${"y".repeat(31)}/1`, DAY_MS);
  await put(`uploads/${id("A")}.png`, -DAY_MS);
  await put(`uploads/${id("B")}.png`, DAY_MS);
  await put(`uploads/${id("C")}.png`, undefined);
  await put("of-somebody-else", -DAY_MS);
  const worker = await gateway.worker.getWorker();
  await worker.scheduled({});
  const left = [`files/${record.taskId}/1`, `files/${today}${"y".repeat(31)}/1`, `uploads/${id("B")}.png`, "of-somebody-else"];
  assert.deepEqual(await gateway.kept(), left.sort());
  assert.deepEqual(gateway.lines.filter((line) => line.includes("sweep")).map((line) => JSON.parse(line)), [{ event: "sweep", deleted: 602 }]);
});
