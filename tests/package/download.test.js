/** `download`: the files of a task, whole or not at all. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { MidjourneyError } from "../../dist/node.js";
import { simulator } from "../../dist/simulator/index.js";
import { pageIn } from "../support/browsers.js";
import { siteOn } from "../support/site.js";
import { crashing } from "./crashing.js";
import { IMAGE, KEY, NOTHING, failure, leftovers, pause, reset, server, shortMinute, stalled, stub, vendor } from "./stub.js";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const { version } = JSON.parse(readFileSync(at("../../dist/package.json"), "utf8"));

const PNG = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(1000, 7)]);
const MP4 = Buffer.concat([Buffer.from("\0\0\0\x18ftypmp42", "latin1"), Buffer.alloc(50)]);
const png = () => new Response(PNG, { headers: { "Content-Type": "application/octet-stream" } });

const fileOf = (taskId, index) => ({ taskId, index, url: `https://files.example/${taskId}_${index}.png` });
const done = (taskId = "a", indexes = [1, 2, 3, 4]) => ({ taskId, state: "succeeded", images: indexes.map((index) => fileOf(taskId, index)), videos: [] });

async function all(iterator) {
  const files = [];
  for await (const file of iterator) files.push(file);
  return files;
}
const first = (iterator) => iterator.next().then(({ value }) => value);

test("the files of a task come in their order, one at a time, with a name, a type and a body", async () => {
  let open = 0;
  const sent = stub(async () => {
    assert.equal(++open, 1);
    await pause(5);
    open--;
    return png();
  });
  const files = await all(server().download(done()));
  assert.deepEqual(files.map(({ body, ...file }) => file), [1, 2, 3, 4].map((index) => ({ name: `a-${index}.png`, type: "image/png", index, taskId: "a" })));
  for (const { body, type } of files) {
    assert.ok(body instanceof Blob);
    assert.deepEqual([body.type, Buffer.from(await body.arrayBuffer())], [type, PNG]);
  }
  assert.deepEqual(sent.map(({ url }) => url), done().images.map(({ url }) => url));
});

test("a file is asked for without the key, by the package's name", async () => {
  const sent = stub(png);
  await first(server().download(done()));
  const [{ init }] = sent;
  assert.deepEqual(init.headers, { "User-Agent": `midapi/${version}` });
  assert.ok(!JSON.stringify(sent).includes(KEY));
  assert.equal(init.method, undefined);
});

test("a task as it was stored, a result by itself, and a list of both will do; videos come last", async () => {
  stub((_, __, url) => (url.endsWith("mp4") ? new Response(MP4) : png()));
  const film = { ...done("film", []), videos: [{ taskId: "film", index: 1, url: "https://files.example/film.mp4" }] };
  const mixed = { ...done("both", [2]), videos: [{ taskId: "both", index: 1, url: "https://files.example/both.mp4" }] };
  const names = async (task) => (await all(server().download(task))).map(({ name }) => name);
  assert.deepEqual(await names(JSON.parse(JSON.stringify(film))), ["film-1.mp4"]);
  assert.deepEqual(await names(mixed), ["both-2.png", "both-1.mp4"]);
  assert.deepEqual(await names(done().images[2]), ["a-3.png"]);
  assert.deepEqual(await names([done("b", [1, 2]), fileOf("c", 4), film]), ["b-1.png", "b-2.png", "c-4.png", "film-1.mp4"]);
  assert.deepEqual(await names([]), []);
});

test("what has no files is refused, and nothing is sent", async () => {
  const sent = stub(png);
  for (const [task, words] of [
    [{ taskId: "a", state: "running", images: [], videos: [] }, /is running: wait for it/],
    [{ taskId: "a", state: "failed", images: [], videos: [] }, /has failed/],
    ["a", /must be a task that has succeeded/],
    [undefined, /must be a task that has succeeded/],
    [{ taskId: "a" }, /must be a task that has succeeded/],
    [[done(), "a"], /must be a task that has succeeded/],
    [{ ...fileOf("a", 0) }, /must be a task that has succeeded/],
    [{ ...done(), images: [{ url: "https://files.example/1.png" }] }, /must be a task that has succeeded/],
  ]) {
    const error = await failure(first(server().download(task)));
    assert.ok(error instanceof MidjourneyError);
    assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", "task", "no"]);
    assert.match(error.message, words);
  }
  for (const url of ["file:///etc/passwd", "javascript:alert(1)", "data:image/png;base64,AA==", "/files/1.png", "blob:https://app.example/1"]) {
    const error = await failure(first(server().download({ taskId: "a", index: 1, url })));
    assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", "url", "no"]);
  }
  assert.equal(sent.length, 0);
});

test("a wrong option is refused by its name, and nothing is sent", async () => {
  const sent = stub(png);
  for (const [options, field] of [
    [{ maxBytes: 0 }, "maxBytes"],
    [{ maxBytes: "1 MB" }, "maxBytes"],
    [{ maxBytes: NaN }, "maxBytes"],
    [{ maxbytes: 5 }, "maxbytes"],
    [{ timeout: 5 }, "timeout"],
    [{ signal: {} }, "signal"],
    [{ fetch: "https://proxy.example" }, "fetch"],
  ]) {
    const error = await failure(first(server().download(done(), options)));
    assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", field, "no"]);
  }
  assert.equal(sent.length, 0);
  assert.equal((await first(server().download(done(), { maxBytes: Infinity }))).name, "a-1.png");
});

test("a loop that is left asks for no more, and leaves nothing behind", async (t) => {
  const sent = stub(png);
  const left = leftovers(t);
  for await (const { index } of server().download(done(), { signal: left.controller().signal })) if (index === 2) break;
  assert.equal(sent.length, 2);
  assert.deepEqual(left.left, NOTHING);
});

test("an abort ends a download at once, says that the task is paid for, and leaves nothing behind", async (t) => {
  let cancelled = 0;
  const endless = (_, { signal }) => {
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(PNG);
        signal.addEventListener("abort", () => (cancelled++, controller.error(signal.reason)));
      },
    });
    return new Response(body);
  };
  for (const answer of [stalled, endless]) {
    stub(answer);
    const left = leftovers(t);
    const controller = left.controller();
    const downloading = failure(first(server().download(done(), { signal: controller.signal })));
    await pause(10);
    const reason = new Error("enough");
    controller.abort(reason);
    const error = await downloading;
    assert.deepEqual([error.kind, error.billed, error.taskId, error.cause], ["aborted", "yes", "a", reason]);
    assert.deepEqual(left.left, NOTHING);
  }
  assert.equal(cancelled, 1);
});

test("a file that is too long is not read on", async () => {
  let read = 0;
  const long = () => new ReadableStream({ pull: (controller) => (read++, controller.enqueue(PNG)) }, { highWaterMark: 0 });
  const sent = stub(() => new Response(long()));
  const error = await failure(first(server().download(done(), { maxBytes: 2500 })));
  assert.deepEqual([error.kind, error.billed, error.taskId, error.retryable], ["bad_response", "yes", "a", false]);
  assert.equal(error.message, "the file is longer than 2500 bytes");
  assert.deepEqual([read, sent.length, sent[0].init.signal.aborted], [3, 1, true]);
  // Nor begun, where its length is told.
  read = 0;
  stub(() => new Response(long(), { headers: { "Content-Length": "2501" } }));
  assert.equal((await failure(first(server().download(done(), { maxBytes: 2500 })))).kind, "bad_response");
  assert.equal(read, 0);
});

test("half a file, a broken connection and a host that is slow to have it are tried again; the file comes whole", async (t) => {
  const answers = [
    (response) => void response.writeHead(200, { "Content-Length": PNG.length }).write(PNG.subarray(0, 500), () => response.socket.resetAndDestroy()),
    (response) => void response.writeHead(404).end("not yet"),
    (response) => void response.writeHead(200, { "Content-Length": PNG.length }).end(PNG),
    (response) => reset(undefined, response),
    (response) => void response.writeHead(503, { "Retry-After": "0" }).end(),
    (response) => void response.writeHead(200).end(PNG),
  ];
  const { requests, api } = await vendor(t, (_, response) => answers.shift()(response));
  const task = { ...done("a", []), images: [1, 2].map((index) => ({ taskId: "a", index, url: new URL(`/${index}`, api).href })) };
  const files = await all(server().download(task));
  for (const { body } of files) assert.deepEqual(Buffer.from(await body.arrayBuffer()), PNG);
  assert.deepEqual(requests.map(({ url }) => url), ["/1", "/1", "/1", "/2", "/2", "/2"]);
  assert.equal(requests[0].headers["user-agent"], `midapi/${version}`);
  assert.equal(requests[0].headers.authorization, undefined);
});

test("a redirect is followed, as no key goes with it", async (t) => {
  const { requests, api } = await vendor(t, ({ url }, response) => {
    if (url === "/old") response.writeHead(302, { Location: "/new" }).end();
    else response.writeHead(200).end(PNG);
  });
  const { body } = await first(server().download({ taskId: "a", index: 1, url: new URL("/old", api).href }));
  assert.equal(body.size, PNG.length);
  assert.deepEqual(requests.map(({ url, headers }) => [url, headers.authorization]), [["/old", undefined], ["/new", undefined]]);
});

test("a host that says nothing is asked three times, a minute each", async (t) => {
  shortMinute(t);
  const sent = stub(stalled);
  const error = await failure(first(server().download(done())));
  assert.deepEqual([error.kind, error.billed, error.taskId, sent.length], ["network", "yes", "a", 3]);
});

test("a page, a refusal and what is no picture are told as that", async () => {
  for (const [answer, words, code] of [
    [() => new Response("<!doctype html><title>Blocked</title>"), /a page \(HTML\)/],
    [() => new Response("no picture"), /no picture or video/],
    [() => new Response(""), /is empty/],
    [() => new Response(null, { status: 204 }), /HTTP 204/, 204],
    [() => new Response("", { status: 403 }), /HTTP 403/, 403],
  ]) {
    const sent = stub(answer);
    const error = await failure(first(server().download(done())));
    assert.match(error.message, words);
    assert.deepEqual([error.kind, error.billed, error.taskId, error.code, sent.length], ["bad_response", "yes", "a", code, 1]);
    assert.ok(!JSON.stringify(error).includes("files.example"));
  }
});

test("a file whose bytes come one by one is known, and one whose type is wrong, too", async () => {
  const drops = () => new ReadableStream({ start: (controller) => (PNG.forEach((byte) => controller.enqueue(Uint8Array.of(byte))), controller.close()) });
  stub(() => new Response(drops(), { headers: { "Content-Type": "text/html" } }));
  const { name, type, body } = await first(server().download(done()));
  assert.deepEqual([name, type, Buffer.from(await body.arrayBuffer())], ["a-1.png", "image/png", PNG]);
});

test("an answer without a stream, as polyfills give, will do", async () => {
  const answer = { status: 200, url: "", headers: new Headers(), body: {}, arrayBuffer: async () => Uint8Array.from(PNG).buffer };
  stub(() => undefined);
  globalThis.fetch = async () => answer;
  const { body } = await first(server().download(done()));
  assert.deepEqual(Buffer.from(await body.arrayBuffer()), PNG);
});

test("the client's own `fetch` gets the files, and for those that it doesn't know another does", async () => {
  const asked = [];
  const own = (name) => async (url) => (asked.push([name, url]), png());
  const mj = server({ fetch: own("client") });
  await first(mj.download(fileOf("a", 1)));
  await first(mj.download(fileOf("a", 2), { fetch: own("files") }));
  assert.deepEqual(asked, [["client", fileOf("a", 1).url], ["files", fileOf("a", 2).url]]);
});

test("all that the simulator makes is downloaded: pictures and films", async () => {
  const mj = server({ fetch: simulator({ haste: 10_000 }) });
  const pictures = await all(mj.download(await mj.run(IMAGE)));
  assert.deepEqual(pictures.map(({ type, index }) => [type, index]), [1, 2, 3, 4].map((index) => ["image/png", index]));
  assert.equal(new Set(await Promise.all(pictures.map(async ({ body }) => Buffer.from(await body.arrayBuffer()).toString("base64")))).size, 4);
  const film = await mj.run({ taskType: "mj_video", prompt: "waves", fileUrl: "https://app.example/a.png", videoBatchSize: 2 });
  assert.deepEqual((await all(mj.download(film))).map(({ type, name }) => [type, name]), [1, 2].map((index) => ["video/mp4", `${film.taskId}-${index}.mp4`]));
});

test("row 38: a crash ends a download, and the next one works", async (t) => {
  t.mock.method(console, "error", () => {});
  const { Midjourney } = await crashing();
  const mj = new Midjourney({ endpoint: "https://app.example/api/v1/mj" });
  await mj.history();
  stub(stalled);
  const downloading = failure(first(mj.download(done())));
  await pause(10);
  await failure(mj.lint("crash"));
  const error = await downloading;
  assert.deepEqual([error.kind, error.taskId], ["crashed", "a"]);
  stub(png);
  assert.equal((await all(mj.download(done()))).length, 4);
});

test("in a page a host that allows the page is read without being asked first, and one that doesn't is named", async (t) => {
  const seen = [];
  const files = createServer((request, response) => {
    seen.push([request.method, request.headers["user-agent"].startsWith("midapi")]);
    response.writeHead(200, request.url === "/open" ? { "Access-Control-Allow-Origin": "*" } : {}).end(PNG);
  });
  await new Promise((ready) => files.listen(0, "127.0.0.1", ready));
  t.after(() => files.close());
  const host = `http://127.0.0.1:${files.address().port}`;
  const url = await siteOn(undefined, (path) => (path === "/" ? join(at("fixtures"), "empty.html") : join(at("../../dist"), path)), t);
  const { page } = await pageIn("chromium", t);
  await page.goto(url);
  const outcome = await page.evaluate(async (host) => {
    const { Midjourney } = await import("/browser.js");
    const mj = new Midjourney({ endpoint: "/api/v1/mj" });
    const file = (path) => mj.download({ taskId: "a", index: 1, url: `${host}/${path}` }).next();
    const { value } = await file("open");
    const { message, kind } = await file("closed").catch((error) => error);
    return { name: value.name, size: value.body.size, type: value.body.type, kind, message };
  }, host);
  const message = `the server could not be reached, broke off, or doesn't allow pages of the origin ${new URL(url).origin} (CORS)`;
  assert.deepEqual(outcome, { name: "a-1.png", size: PNG.length, type: "image/png", kind: "network", message });
  assert.deepEqual(seen, Array(4).fill(["GET", false]));
});
