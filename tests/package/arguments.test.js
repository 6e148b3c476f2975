/** What callers pass in: what is meant is understood, what can't be meant is refused by name before anything is sent. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { Midjourney, MidjourneyError } from "../../dist/node.js";
import { IMAGE, KEY, envelope, failure, running, server, stub, succeeded } from "./stub.js";

const URL_ = "https://example.com/a.jpg";
const bodies = (sent) => sent.filter(({ method }) => method === "POST").map(({ init }) => JSON.parse(init.body));

/** A finished task with images, and one with videos. */
async function finished() {
  stub(() => succeeded());
  const images = await server().status("a");
  const resultUrls = [1, 2].map((number) => ({ resultUrl: `https://example.com/${number}.mp4` }));
  stub(() => ({ taskId: "v", successFlag: 1, resultInfoJson: { resultUrls } }));
  return { images, videos: await server().status("v") };
}

test("upscale, vary and extendVideo take an image or a video of a task as their argument", async () => {
  const { images, videos } = await finished();
  assert.deepEqual(images.images[1], { taskId: "a", index: 2, url: "https://example.com/a_2.jpg" });
  assert.deepEqual(videos.videos[1], { taskId: "v", index: 2, url: "https://example.com/2.mp4" });
  const sent = stub(() => ({ taskId: "b" }));
  const mj = server();
  const image = JSON.parse(JSON.stringify(images.images[2]));
  const more = { waterMark: "mine", callBackUrl: "https://app.example/callback" };
  const none = {};
  await mj.upscale(images.images[1]);
  await mj.upscale(image, more);
  await mj.upscale(images, 4, more);
  await mj.upscale("a", 1, none);
  await mj.upscale(image, undefined, more);
  await mj.upscale(image, null);
  await mj.upscale({ taskId: "a" }, 3);
  await mj.vary(images.images[0]);
  await mj.vary(images, 4, more);
  await mj.extendVideo(videos.videos[1]);
  await mj.extendVideo(videos.videos[0], { prompt: "it flies", ...more });
  await mj.extendVideo("v", 1, { prompt: "it flies" });
  const extension = { taskId: "v", index: 0 };
  assert.deepEqual(bodies(sent), [
    { taskId: "a", index: 2 },
    { taskId: "a", index: 3, ...more },
    { taskId: "a", index: 4, ...more },
    { taskId: "a", index: 1 },
    { taskId: "a", index: 3, ...more },
    { taskId: "a", index: 3 },
    { taskId: "a", index: 3 },
    { taskId: "a", imageIndex: 0 },
    { taskId: "a", imageIndex: 3, ...more },
    { ...extension, index: 1, taskType: "mj_video_extend_auto" },
    { ...extension, taskType: "mj_video_extend_manual", prompt: "it flies", ...more },
    { ...extension, taskType: "mj_video_extend_manual", prompt: "it flies" },
  ]);
});

test("a call that takes an image or a video obeys its signal", async () => {
  const { images } = await finished();
  const sent = stub(() => ({ taskId: "b" }));
  const error = await failure(server().upscale(images.images[0], { signal: AbortSignal.abort() }));
  assert.deepEqual([error.kind, error.billed, sent.length], ["aborted", "no", 0]);
});

/** Every call with its options, and the names they may have besides `signal` and `onUpdate`. */
const CALLS = {
  generate: [(mj, options) => mj.generate(IMAGE, options), ["idempotencyKey"]],
  run: [(mj, options) => mj.run(IMAGE, options), ["idempotencyKey", "timeout"]],
  upscale: [(mj, options) => mj.upscale("a", 1, options), ["idempotencyKey", "waterMark", "callBackUrl"]],
  vary: [(mj, options) => mj.vary("a", 1, options), ["idempotencyKey", "waterMark", "callBackUrl"]],
  extendVideo: [(mj, options) => mj.extendVideo("a", 1, options), ["idempotencyKey", "waterMark", "callBackUrl", "prompt"]],
  "upscale of an image": [(mj, options) => mj.upscale({ taskId: "a", index: 1 }, options), ["idempotencyKey", "waterMark", "callBackUrl"]],
  status: [(mj, options) => mj.status("a", options), []],
  record: [(mj, options) => mj.record("a", options), []],
  credits: [(mj, options) => mj.credits(options), []],
  wait: [(mj, options) => mj.wait("a", options), ["timeout"]],
  reconcile: [(mj, options) => mj.reconcile({ route: "generate", body: "{}", idempotencyKey: "k" }, options), []],
  batch: [async (mj, options) => mj.batch([IMAGE], options).next(), ["concurrency", "timeout"]],
};

const NAMES = ["idempotencyKey", "timeout", "waterMark", "callBackUrl", "prompt", "concurrency"];
const WRONG = {
  idempotencyKey: ["", 7, "a b"],
  timeout: [-1, "5", NaN, -Infinity, 10n, {}, [], true, () => {}, Symbol("x"), new Date(NaN).getTime()],
  waterMark: [7, {}, [], true, NaN, 7n],
  callBackUrl: [7, "x", "/callback", "ftp://example.com/", "https://a@example.com/", "https://exa mple.com", "javascript:alert(1)"],
  prompt: [7, {}, "x".repeat(2001), "   "],
  concurrency: [0, 101, 1.5, "4", NaN, Infinity, {}, 4n],
};

/** The error of a call that may refuse at once. */
const refused = async (call) => {
  try {
    return await failure(call());
  } catch (error) {
    return error;
  }
};

test("an option that a call doesn't have is refused by its name", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  for (const [name, [call, known]] of Object.entries(CALLS)) {
    const unknown = [...NAMES.filter((name) => !known.includes(name)), "Timeout", "idempotency_key", "timeOut", "headers", "apiKey", "endpoint"];
    for (const option of unknown) {
      const error = await refused(() => call(server(), { [option]: "x" }));
      assert.ok(error instanceof MidjourneyError, `${name} ${option}: ${inspect(error)}`);
      assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", option, "no"], `${name} ${option}`);
      assert.match(error.message, /unknown field/);
    }
  }
  assert.equal(sent.length, 0);
  const meant = await refused(() => server().wait("a", { Timeout: 5 }));
  assert.equal(meant.message, "Timeout: unknown field; did you mean timeout?");
});

test("an option with an invalid value is refused by its name", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  for (const [name, [call, known]] of Object.entries(CALLS)) {
    for (const [option, values] of Object.entries({
      ...Object.fromEntries(known.map((option) => [option, WRONG[option]])),
      signal: [5, "x", {}, new AbortController(), { aborted: false }, true, () => {}],
      onUpdate: ["log", {}, 7, true],
    })) {
      for (const value of values) {
        const error = await refused(() => call(server({ endpoint: "https://app.example/api/v1/mj" }), { [option]: value }));
        const what = `${name} ${option} ${inspect(value).slice(0, 40)}`;
        assert.ok(error instanceof MidjourneyError, `${what}: ${inspect(error)}`);
        assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", option, "no"], what);
      }
    }
    for (const options of [5, "x", true, 7n, () => {}]) {
      // After an image such a value would be its number.
      if (name.includes("image")) continue;
      const error = await refused(() => call(server(), options));
      assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", "options", "no"], `${name} ${inspect(options)}`);
    }
  }
  assert.equal(sent.length, 0);
});

test("options that throw when they are read are refused, with the caller's exception as the cause", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  const mine = new Error("mine");
  const fail = () => {
    throw mine;
  };
  for (const options of [{ get timeout() { return fail(); } }, { get signal() { return fail(); } }, new Proxy({}, { ownKeys: fail }), { timeout: { toJSON: fail } }]) {
    for (const [name, [call]] of Object.entries(CALLS)) {
      const error = await refused(() => call(server(), options));
      assert.deepEqual([error.kind, error.field, error.billed, error.cause], ["invalid_request", "options", "no", mine], `${name} ${inspect(error)}`);
    }
  }
  for (const options of [{ get endpoint() { return fail(); } }, { get apiKey() { return fail(); } }]) {
    const error = await refused(async () => new Midjourney(options));
    assert.deepEqual([error.kind, error.field, error.billed, error.cause], ["misconfigured", "options", "no", mine], inspect(error));
  }
  assert.equal(sent.length, 0);
});

test("a link is sent in the spelling of the URL Standard", async () => {
  const sent = stub(() => ({ taskId: "b" }));
  const options = { callBackUrl: " https://EXAMPLE.com:443/a/../b " };
  await server().upscale("a", 1, options);
  await server().generate({ ...IMAGE, ...options });
  assert.deepEqual(bodies(sent).map(({ callBackUrl }) => callBackUrl), ["https://example.com/b", "https://example.com/b"]);
});

test("options that are undefined, null or empty are the same as none", async () => {
  for (const [name, [call, known]] of Object.entries(CALLS)) {
    const nothing = Object.fromEntries([...known, "signal", "onUpdate"].map((option) => [option, undefined]));
    const nulls = Object.fromEntries([...known, "signal", "onUpdate"].map((option) => [option, null]));
    for (const options of [undefined, null, {}, nothing, nulls, Object.create(null)]) {
      const sent = stub((_, { method }, url) => {
        if (url.includes("credit")) return 7;
        return method ? { taskId: "a" } : url.includes("health") ? { idempotencyKeys: true } : succeeded();
      });
      // A wait for what was just submitted would last its time; a second is long enough to see it begin.
      const lasts = ["run", "batch"].includes(name);
      const mj = server({ endpoint: "https://app.example/api/v1/mj" });
      if (!lasts) await call(mj, options);
      else await Promise.race([call(mj, { ...options, timeout: 0 }).catch(({ kind }) => assert.equal(kind, "still_running"))]);
      assert.ok(sent.length > 0, name);
    }
  }
});

test("a wait may last for ever, or no time at all", async () => {
  for (const timeout of [Infinity, Number.MAX_SAFE_INTEGER, 1e15, 0.5, 1234.567, 60_000]) {
    stub(() => succeeded());
    assert.equal((await server().wait("a", { timeout })).state, "succeeded", String(timeout));
  }
  stub(() => running());
  for (const timeout of [0, 0.4, -0]) assert.equal((await failure(server().wait("a", { timeout }))).kind, "still_running");
});

const cyclic = { ...IMAGE };
cyclic.fileUrls = [URL_, cyclic];
let deep = {};
for (let level = 0; level < 20_000; level++) deep = { deep };
const revoked = Proxy.revocable({}, {});
revoked.revoke();

test("a request's value that JSON can't hold is refused by its field", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  for (const [field, values] of Object.entries({
    prompt: [NaN, 7n, () => "x", Symbol("x"), {}, [], true, undefined, null, "", " \n\t"],
    taskType: [NaN, 7n, () => "x", Symbol("x"), {}, undefined, null, "mj_painting", "constructor", "__proto__"],
    speed: [NaN, Infinity, 7n, () => "x", Symbol("x"), {}, 1, "quick"],
    fileUrl: [NaN, 7n, Symbol("x"), new URL(URL_).searchParams, 7, "x"],
    fileUrls: [NaN, 7n, Symbol("x"), () => [URL_], "x", [NaN], [7n], [undefined], [() => URL_], [[URL_]]],
    aspectRatio: [NaN, 7n, Symbol("x"), 1.5, "16 : 9", "21:9"],
    version: [NaN, Infinity, -Infinity, 7n, Symbol("x"), 8, "v7"],
    stylization: [NaN, Infinity, -Infinity, 100n, Symbol("x"), () => 1, -1, 1001, 0.5, "100", [100], {}],
    variety: [NaN, Infinity, 5n, -1, 101, 0.5, "5"],
    weirdness: [NaN, Infinity, 5n, -1, 3001, "5"],
    ow: [NaN, Infinity, 5n, 0, 1001],
    motion: [NaN, 5n, Symbol("x"), "fast", true],
    videoBatchSize: [NaN, Infinity, 1n, 3, "1", 0],
    enableTranslation: [NaN, 1n, Symbol("x"), () => true, 1, "true"],
    waterMark: [NaN, 1n, Symbol("x"), () => "x", {}, 7],
    callBackUrl: [NaN, 1n, Symbol("x"), () => URL_, {}, "x"],
    colour: [1, NaN, 1n, () => {}, Symbol("x"), {}],
  })) {
    for (const value of values) {
      const request = { ...IMAGE, [field]: value };
      for (const [name, call] of Object.entries({
        generate: (mj) => mj.generate(request),
        run: (mj) => mj.run(request),
        lint: (mj) => mj.lint(request),
        estimate: (mj) => mj.estimate(request),
        batch: (mj) => mj.batch([request]).next(),
      })) {
        const what = `${name} ${field} ${inspect(value).slice(0, 40)}`;
        const error = await failure(call(server()));
        assert.ok(error instanceof MidjourneyError, `${what}: ${inspect(error)}`);
        assert.deepEqual([error.kind, error.field, error.billed, error.retryable], ["invalid_request", field, "no", false], what);
      }
    }
  }
  assert.equal(sent.length, 0);
});

test("a request that isn't an object is refused", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  for (const request of [
    undefined, null, 7, NaN, 7n, true, "a cat", Symbol("x"), () => IMAGE, [], [IMAGE], cyclic, { ...IMAGE, deep }, revoked.proxy,
    { ...IMAGE, get prompt() { throw new Error("mine"); } },
    { ...IMAGE, toJSON() { throw new Error("mine"); } },
    { toJSON: () => 7 },
  ]) {
    for (const call of [(mj) => mj.generate(request), (mj) => mj.lint(request), (mj) => mj.estimate(request)]) {
      const error = await failure(call(server()));
      const what = inspect(request, { depth: 0 });
      assert.ok(error instanceof MidjourneyError, `${what}: ${inspect(error)}`);
      assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", "body", "no"], what);
    }
  }
  assert.equal(sent.length, 0);
  // The caller's own exception is at hand.
  const mine = new Error("mine");
  const error = await failure(server().generate({ toJSON: () => assert.fail(mine) }));
  assert.equal(error.cause, mine);
});

test("a task argument without a task id is refused", async () => {
  const sent = stub(() => running());
  for (const handle of [undefined, null, "", 7, NaN, 7n, {}, [], { taskId: null }, { taskId: 7 }, { id: "a" }, "../x", "a/b", "a?b", "a b", "a\n", "ä", "x".repeat(1025), () => "a", Symbol("a")]) {
    for (const call of [(mj) => mj.status(handle), (mj) => mj.record(handle), (mj) => mj.wait(handle), (mj) => mj.upscale(handle, 1), (mj) => mj.vary(handle, 1), (mj) => mj.extendVideo(handle, 1)]) {
      const error = await failure(call(server()));
      assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", "taskId", "no"], `${call} ${inspect(handle)}`);
    }
  }
  assert.equal(sent.length, 0);
});

test("an invalid image number is refused", async () => {
  const sent = stub(() => ({ taskId: "b" }));
  for (const index of [undefined, 0, 5, -1, 1.5, NaN, Infinity, "1", true, 1n, 256, 257, 2 ** 32 + 1, Symbol("x"), () => 1]) {
    for (const change of ["upscale", "vary", "extendVideo"]) {
      const error = await failure(server()[change]("a", index));
      assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", "index", "no"], `${change} ${String(index)}`);
    }
  }
  // A task is no image.
  stub(() => succeeded());
  const task = await server().status("a");
  assert.equal((await failure(server().upscale(task))).field, "index");
  assert.equal(sent.length, 0);
});

test("invalid settings are refused, invalid prices at the first estimate", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  for (const [options, field] of [
    [{ apiKey: 7n }, "apiKey"],
    [{ apiKey: Symbol("x") }, "apiKey"],
    [{ apiKey: () => KEY }, "apiKey"],
    [{ apiKey: KEY, endpoint: null }, "endpoint"],
    [{ apiKey: KEY, endpoint: "ftp://example.com" }, "endpoint"],
    [{ apiKey: KEY, endpoint: "https://example.com/api?x=1" }, "endpoint"],
    [{ apiKey: KEY, endpoint: "https://a:b@example.com/api" }, "endpoint"],
    [{ apiKey: KEY, endpoint: "http://127.0.0.1.example.com/api" }, "endpoint"],
  ]) {
    const error = await failure(server(options).generate(IMAGE));
    assert.deepEqual([error.kind, error.field, error.billed], ["misconfigured", field, "no"], inspect(options));
  }
  const FAST = { min: 30_000, max: 120_000, samples: 0, estimate: true };
  for (const prices of [{ fast: "8" }, { fast: -1 }, { fast: 1.5 }, { fast: NaN }, { fast: [1] }, { fast: [2, 1] }, { cheap: 1 }, 7, [], "x"]) {
    const error = await failure(server({ prices }).estimate(IMAGE));
    assert.deepEqual([error.kind, error.field], ["invalid_request", "prices"], inspect(prices));
  }
  assert.deepEqual(await server({ prices: { fast: 10 } }).estimate({ ...IMAGE, speed: "fast" }), { min: 10, max: 10, estimate: true, time: FAST });
  assert.deepEqual(await server({ prices: { video: [20, 40] } }).estimate({ taskType: "mj_video", prompt: "x", fileUrl: URL_ }), {
    min: 20, max: 40, estimate: true, time: { min: 60_000, max: 240_000, samples: 0, estimate: true },
  });
  assert.equal(sent.length, 0);
});

test("a request is read when it is passed, and later changes to it have no effect", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  const request = { ...IMAGE, prompt: "one" };
  const call = server().generate(request);
  request.prompt = "two";
  await call;
  assert.equal(bodies(sent)[0].prompt, "one");
});

test("lint and estimate send nothing", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  const mj = server();
  assert.deepEqual(await mj.lint(IMAGE), []);
  const warnings = await mj.lint({ ...IMAGE, prompt: "x --ar 1:1", aspectRatio: "1:1", ow: 5, speed: "Relax" });
  assert.deepEqual(warnings.map(({ field }) => field), ["prompt", "ow", "speed"]);
  const time = { min: 15_000, max: 60_000, samples: 0, estimate: true };
  assert.deepEqual(await mj.estimate({ ...IMAGE, speed: "turbo" }), { min: 16, max: 16, estimate: true, time });
  assert.deepEqual(await mj.estimate("upscale"), { min: 3, max: 16, estimate: true, time });
  assert.deepEqual(await server({ prices: { change: 5 } }).estimate("vary"), { min: 5, max: 5, estimate: true, time });
  const own = server({ history: { "mj_txt2img/fast": [41_000, 47_000, 52_000] } });
  assert.deepEqual((await own.estimate({ ...IMAGE, speed: "fast" })).time, { min: 41_000, max: 52_000, samples: 3, estimate: true });
  assert.equal(sent.length, 0);
});

test("a misspelt option of the client is refused by its name, before anything is sent", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  for (const [options, field, message] of [
    [{ apikey: KEY }, "apikey", "apikey: unknown field; did you mean apiKey?"],
    [{ baseUrl: "https://app.example/api" }, "baseUrl", "baseUrl: unknown field; did you mean endpoint?"],
    [{ APIKEY: KEY }, "APIKEY", "APIKEY: unknown field; did you mean apiKey?"],
    [{ api_key: KEY }, "api_key"],
    [{ baseURL: "https://app.example/api" }, "baseURL", "baseURL: unknown field; did you mean endpoint?"],
    [{ base_url: "https://app.example/api" }, "base_url", "base_url: unknown field; did you mean endpoint?"],
    [{ url: "https://app.example/api" }, "url", "url: unknown field; did you mean endpoint?"],
    [{ host: "https://app.example/api" }, "host", "host: unknown field; did you mean endpoint?"],
    [{ Endpoint: "https://app.example/api" }, "Endpoint", "Endpoint: unknown field; did you mean endpoint?"],
    [{ timeout: 5 }, "timeout"],
    [{ Fetch: globalThis.fetch }, "Fetch", "Fetch: unknown field; did you mean fetch?"],
  ]) {
    for (const call of [(mj) => mj.generate(IMAGE), (mj) => mj.status("a"), (mj) => mj.batch([IMAGE]).next(), (mj) => mj.estimate(IMAGE)]) {
      const error = await failure(call(server(options)));
      assert.deepEqual([error.kind, error.field, error.billed], ["misconfigured", field, "no"], inspect(error));
      if (message) assert.equal(error.message, message);
      assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(KEY));
    }
  }
  assert.equal(sent.length, 0);
});

test("a gateway's access token never goes to the vendor", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  const apiKey = `midapi_${"a".repeat(43)}`;
  for (const endpoint of [
    undefined,
    "https://api.midapi.ai/api/v1/mj",
    "https://API.midapi.ai./api/v1/mj",
    "https://api.midapi.ai:443/api/v1/../v1/mj/",
    "https://api.midapi.ai",
  ]) {
    for (const call of [(mj) => mj.generate(IMAGE), (mj) => mj.run(IMAGE), (mj) => mj.status("a"), (mj) => mj.credits(), (mj) => mj.batch([IMAGE]).next()]) {
      const error = await failure(call(server({ apiKey, endpoint })));
      assert.deepEqual([error.kind, error.field, error.billed], ["misconfigured", "endpoint", "no"], inspect(error));
      assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(apiKey));
    }
  }
  assert.equal(sent.length, 0);
  await server({ apiKey, endpoint: "https://app.example/api/v1/mj" }).generate(IMAGE);
  assert.deepEqual(sent.map(({ init }) => init.headers.Authorization), [`Bearer ${apiKey}`]);
});

test("a wrong field is refused by its name wherever a request can be given, and nothing is sent", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  const entrances = {
    generate: (mj, request) => mj.generate(request),
    run: (mj, request) => mj.run(request),
    batch: (mj, request) => mj.batch([IMAGE, request]).next(),
    lint: (mj, request) => mj.lint(request),
    estimate: (mj, request) => mj.estimate(request),
  };
  for (const [wrong, field] of [
    [{ aspectratio: "1:1" }, "aspectratio"],
    [{ promt: "a cat" }, "promt"],
    [{ model: "7" }, "model"],
    [JSON.parse('{ "__proto__": {} }'), "__proto__"],
    [{ stylization: NaN }, "stylization"],
    [{ weirdness: "5" }, "weirdness"],
    [{ variety: 101 }, "variety"],
    [{ stylization: 1.5 }, "stylization"],
    [{ enableTranslation: "yes" }, "enableTranslation"],
    [{ fileUrls: [URL_, NaN] }, "fileUrls"],
    [{ variety: -1 }, "variety"],
    [{ prompt: 7n }, "prompt"],
    [{ prompt: "\u200b\u2060\ufeff" }, "prompt"],
  ]) {
    for (const [name, call] of Object.entries(entrances)) {
      const error = await failure(call(server(), { ...IMAGE, ...wrong }));
      const what = `${name} ${inspect(wrong)}: ${error}`;
      assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", field, "no"], what);
      if (name === "batch") assert.ok(error.message.startsWith("requests[1]: "), what);
    }
  }
  for (const [item, field] of [[7, "body"], [null, "body"], [{ taskId: "a/b" }, "taskId"], [{ taskId: NaN }, "taskId"], ["", "taskId"]]) {
    const error = await failure(server().batch([IMAGE, item]).next());
    assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", field, "no"], inspect(item));
    assert.ok(error.message.startsWith("requests[1]: "), error.message);
  }
  assert.equal(sent.length, 0);
});

test("a client and a batch work behind a Proxy, as frameworks put around what they observe", async () => {
  const observed = (target) =>
    new Proxy(target, {
      get(target, name, receiver) {
        const value = Reflect.get(target, name, receiver);
        return typeof value === "object" && value !== null && !(value instanceof Promise) ? observed(value) : value;
      },
    });
  const sent = stub((_, { method }) => (method === "POST" ? envelope({ taskId: "a" }, { headers: { "Retry-After": "0" } }) : succeeded()));
  const mj = observed(server());
  const task = observed(await mj.generate(observed({ ...IMAGE, fileUrl: undefined })));
  const { images } = observed(await mj.wait(task));
  await mj.upscale(images[0]);
  const batch = observed(mj.batch(observed([IMAGE])));
  for await (const { task } of batch) assert.equal(task.images.length, 4);
  assert.deepEqual(JSON.parse(JSON.stringify(batch)).map(({ taskId }) => taskId), ["a"]);
  assert.equal((await mj.batch(batch, observed({ concurrency: 1 })).next()).value.task.images.length, 4);
  assert.deepEqual(await mj.lint(observed(IMAGE)), []);
  assert.equal((await mj.estimate(observed(IMAGE))).min, 8);
  assert.deepEqual(Object.keys(await mj.history()), []);
  assert.equal(sent.filter(({ method }) => method === "POST").length, 3);
});
