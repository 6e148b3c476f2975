/** The provider under the real SDK, over a vendor made of a function. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { experimental_generateVideo as generateVideo, generateImage } from "ai";
import { isMidjourneyError, Midjourney } from "midapi";
import { createMidjourney } from "midapi/ai-sdk";

globalThis.AI_SDK_LOG_WARNINGS = false;

const PNG = Uint8Array.from(Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg==", "base64"));
const MP4 = Uint8Array.from([0, 0, 0, 24, ...Buffer.from("ftypmp42"), 0, 0, 0, 0, ...Buffer.from("mp42isom")]);
const headers = { "Retry-After": "0" };
const envelope = (data, code = 200, msg = "success") => Response.json({ code, msg, data }, { headers });

/** A vendor: what it was sent, and the provider over it. `on` answers in place of it where it returns something. */
function vendor(on = () => undefined, options = {}) {
  const seen = { submits: [], looks: 0, files: [] };
  const fetch = async (url, init) => {
    const { pathname, hostname } = new URL(url);
    const own = await on({ url, init, seen, isSubmit: init.method === "POST", isFile: hostname === "files.example" });
    if (init.method === "POST") seen.submits.push(JSON.parse(init.body));
    else if (hostname === "files.example") seen.files.push(pathname);
    else seen.looks++;
    if (own) return own;
    if (init.method === "POST") return envelope({ taskId: `task-${seen.submits.length}` });
    if (hostname === "files.example") {
      const isVideo = pathname.endsWith(".mp4");
      return new Response(isVideo ? MP4 : PNG, { headers: { "Content-Type": isVideo ? "video/mp4" : "image/png" } });
    }
    const taskId = new URL(url).searchParams.get("taskId");
    const { taskType, videoBatchSize } = seen.submits[Number(taskId.slice(5)) - 1];
    const [count, ending] = taskType.startsWith("mj_video") ? [videoBatchSize, "mp4"] : [4, "png"];
    const resultUrls = Array.from({ length: count }, (_, place) => ({ resultUrl: `https://files.example/${taskId}_${place}.${ending}` }));
    return envelope({ taskId, taskType, successFlag: 1, resultInfoJson: { resultUrls } });
  };
  return { seen, fetch, midjourney: createMidjourney({ apiKey: "a-key-of-mine", fetch, ...options }) };
}

const failure = (call) => call.then(() => assert.fail("succeeded"), (error) => error);

test("four images are one submit, in the model's version and the aspect ratio", async () => {
  const { seen, midjourney } = vendor();
  const result = await generateImage({ model: midjourney.image("7"), prompt: "a lighthouse", aspectRatio: "16:9", n: 4 });
  assert.deepEqual(seen.submits, [{ taskType: "mj_txt2img", prompt: "a lighthouse", aspectRatio: "16:9", version: "7" }]);
  assert.equal(result.images.length, 4);
  for (const { uint8Array, mediaType } of result.images) assert.deepEqual([mediaType, [...uint8Array]], ["image/png", [...PNG]]);
  assert.deepEqual(result.warnings, []);
  const first = { taskId: "task-1", index: 1, url: "https://files.example/task-1_0.png", billed: "yes" };
  assert.deepEqual(result.providerMetadata.midjourney.images[0], first);
  assert.equal(result.providerMetadata.midjourney.images.length, 4);
});

test("fewer images than four are cut from a task of four, which the warning says", async () => {
  const { seen, midjourney } = vendor();
  const { images, warnings } = await generateImage({ model: midjourney.image("7"), prompt: "a lighthouse" });
  assert.deepEqual([images.length, seen.submits.length, seen.files.length], [1, 1, 1]);
  assert.deepEqual(warnings.map(({ type, feature }) => [type, feature]), [["compatibility", "n"]]);
});

test("eight images are two tasks", async () => {
  const { seen, midjourney } = vendor();
  const { images, providerMetadata } = await generateImage({ model: midjourney.image("7"), prompt: "a lighthouse", n: 8 });
  assert.deepEqual([images.length, seen.submits.length], [8, 2]);
  assert.deepEqual(new Set(providerMetadata.midjourney.images.map(({ taskId }) => taskId)), new Set(["task-1", "task-2"]));
});

test("what Midjourney doesn't do is a warning, and what surely isn't meant, too", async () => {
  const { midjourney } = vendor();
  const { warnings } = await generateImage({ model: midjourney.image("7"), prompt: "a lighthouse --ar 1:1", aspectRatio: "16:9", size: "512x512", seed: 0, n: 4 });
  assert.deepEqual(warnings.map(({ type, feature }) => [type, feature]), [["unsupported", "size"], ["unsupported", "seed"], ["other", undefined]]);
  assert.match(warnings[1].details, /--seed 0/);
  assert.match(warnings[2].message, /^prompt: --ar/);
});

test("a request's other fields are taken from the provider's options, and a wrong one costs nothing", async () => {
  const { seen, midjourney } = vendor();
  const paint = (options, more) => generateImage({ model: midjourney.image("7"), prompt: "a lighthouse", n: 4, providerOptions: { midjourney: options }, ...more });
  await paint({ speed: "relaxed", stylization: 100 });
  assert.deepEqual(seen.submits[0], { taskType: "mj_txt2img", prompt: "a lighthouse", speed: "relaxed", version: "7", stylization: 100 });
  for (const [options, field] of [[{ stylisation: 100 }, "stylisation"], [{ variety: 101 }, "variety"], [{ timeout: -1 }, "timeout"]]) {
    const error = await failure(paint(options));
    assert.ok(isMidjourneyError(error));
    assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", field, "no"]);
  }
  const error = await failure(paint({}, { aspectRatio: "7:5" }));
  assert.deepEqual([error.kind, error.field], ["invalid_request", "aspectRatio"]);
  const unknown = await failure(generateImage({ model: midjourney.image("8"), prompt: "a lighthouse", n: 4 }));
  assert.deepEqual([unknown.kind, unknown.field], ["invalid_request", "version"]);
  assert.equal(seen.submits.length, 1);
});

test("images to start from are sent as links, and bytes are refused", async () => {
  const { seen, midjourney } = vendor();
  const model = midjourney.image("7");
  await generateImage({ model, prompt: { text: "a lighthouse", images: ["https://app.example/a.png"] }, n: 4 });
  assert.deepEqual([seen.submits[0].taskType, seen.submits[0].fileUrl], ["mj_img2img", "https://app.example/a.png"]);
  const error = await failure(generateImage({ model, prompt: { text: "a lighthouse", images: [PNG] }, n: 4 }));
  assert.deepEqual([error.kind, error.field], ["invalid_request", "fileUrl"]);
  assert.equal(seen.submits.length, 1);
});

test("an unclear answer is one submit, however often the SDK would try", async () => {
  for (const [answer, kind] of [
    [() => new Response("", { status: 502 }), "server_error"],
    [() => envelope(null, 500, "failed"), "server_error"],
    [() => Promise.reject(new TypeError("fetch failed")), "network"],
    [() => new Response("<html>"), "bad_response"],
  ]) {
    const { seen, midjourney } = vendor(({ isSubmit, seen }) => isSubmit && (seen.tried = (seen.tried ?? 0) + 1) && answer());
    const error = await failure(generateImage({ model: midjourney.image("7"), prompt: "a lighthouse", n: 4, maxRetries: 5 }));
    assert.deepEqual([error.kind, error.billed, seen.tried], [kind, "unknown", 1]);
  }
});

test("a refusal before acceptance is tried as often as the package does, and no more by the SDK", async () => {
  let submits = 0;
  const { midjourney } = vendor(({ isSubmit }) => isSubmit && ++submits && envelope(null, 429, "slow down"));
  const error = await failure(generateImage({ model: midjourney.image("7"), prompt: "a lighthouse", n: 4, maxRetries: 5 }));
  assert.deepEqual([error.kind, error.billed, submits], ["rate_limited", "no", 3]);
});

test("a task that failed or made nothing is no reason for a second one", async () => {
  for (const record of [{ successFlag: 3, errorMessage: "flagged" }, { successFlag: 1, resultInfoJson: { resultUrls: [] } }]) {
    const { seen, midjourney } = vendor(({ isSubmit, isFile }) => !isSubmit && !isFile && envelope({ taskId: "task-1", ...record }));
    const options = { midjourney: { timeout: 1_000 } };
    const error = await failure(generateImage({ model: midjourney.image("7"), prompt: "a lighthouse", n: 4, providerOptions: options }));
    assert.ok(["task_failed", "still_running"].includes(error.kind), error.kind);
    assert.deepEqual([error.taskId, seen.submits.length], ["task-1", 1]);
  }
});

test("results that can't be downloaded are told with their links, and the task isn't made again", async () => {
  for (const [answer, files] of [
    [() => Promise.reject(new TypeError("fetch failed")), 12],
    [() => new Response("", { status: 403 }), 4],
    [() => new Response("", { status: 503 }), 12],
  ]) {
    let asked = 0;
    const { seen, midjourney } = vendor(({ isFile }) => isFile && ++asked && answer());
    const error = await failure(generateImage({ model: midjourney.image("7"), prompt: "a lighthouse", n: 4 }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual([error.kind, error.billed, error.taskId, error.retryable], ["network", "yes", "task-1", false]);
    assert.deepEqual(error.urls, [0, 1, 2, 3].map((place) => `https://files.example/task-1_${place}.png`));
    assert.deepEqual([seen.submits.length, asked], [1, files]);
  }
});

test("what would make something else, or nothing, is refused before anything is sent", async () => {
  const { seen, midjourney } = vendor();
  const image = (more) => generateImage({ model: midjourney.image("7"), prompt: "a lighthouse", n: 4, ...more });
  const prompt = { text: "waves", image: "https://app.example/a.png" };
  const video = (more) => generateVideo({ model: midjourney.video("mj_video"), prompt, ...more });
  for (const [call, field] of [
    [() => image({ providerOptions: { midjourney: { taskType: "mj_video" } } }), "taskType"],
    [() => image({ providerOptions: { midjourney: { version: "6" } } }), "version"],
    [() => image({ providerOptions: { midjourney: { prompt: "another" } } }), "prompt"],
    [() => image({ prompt: { text: "a lighthouse", images: ["https://app.example/a.png"], mask: "https://app.example/m.png" } }), "mask"],
    [() => image({ n: 8, maxImagesPerCall: 8 }), "maxImagesPerCall"],
    [() => generateVideo({ model: midjourney.videoModel("mj_txt2img"), prompt }), "taskType"],
    [() => video({ n: 8, maxVideosPerCall: 8 }), "maxVideosPerCall"],
    [() => video({ frameImages: [{ image: "https://app.example/a.png", frameType: "first_frame" }, { image: "https://app.example/b.png", frameType: "last_frame" }], prompt: "waves" }), "frameImages"],
  ]) {
    const error = await failure(call());
    assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", field, "no"], error.message);
  }
  assert.equal(seen.submits.length, 0);
});

test("fewer images than four leave the links of all four, as all are paid for", async () => {
  const { midjourney } = vendor();
  const { calls } = await generateImage({ model: midjourney.image("7"), prompt: "a lighthouse", n: 1 });
  assert.equal(calls[0].providerMetadata.midjourney.urls.length, 4);
  const broken = vendor(({ isFile }) => isFile && new Response("", { status: 403 }));
  const error = await failure(generateImage({ model: broken.midjourney.image("7"), prompt: "a lighthouse", n: 1 }));
  assert.equal(error.urls.length, 4);
});

test("a page or nothing in a file's place is no image", async () => {
  for (const answer of [() => new Response("<html>", { headers: { "Content-Type": "text/html" } }), () => new Response("")]) {
    const { seen, midjourney } = vendor(({ isFile }) => isFile && answer());
    const error = await failure(generateImage({ model: midjourney.image("7"), prompt: "a lighthouse", n: 4 }));
    assert.deepEqual([error.kind, error.billed, seen.submits.length], ["network", "yes", 1]);
  }
});

test("where one file fails the others are given up", async () => {
  let given = 0;
  const { midjourney } = vendor(({ isFile, url, init }) => {
    if (!isFile) return;
    if (url.endsWith("_0.png")) return new Response("", { status: 403 });
    return new Promise((_, reject) => init.signal.addEventListener("abort", () => (given++, reject(init.signal.reason))));
  });
  await failure(generateImage({ model: midjourney.image("7"), prompt: "a lighthouse", n: 4 }));
  assert.equal(given, 3);
});

test("of several tasks the ids are told, also where one of them is refused", async () => {
  const told = new Set();
  let submits = 0;
  const { fetch } = vendor(({ isSubmit }) => isSubmit && ++submits === 2 && envelope(null, 402, "no credits"));
  const midjourney = createMidjourney({ apiKey: "a-key-of-mine", fetch }, { onUpdate: ({ taskId }) => told.add(taskId) });
  const error = await failure(generateImage({ model: midjourney.image("7"), prompt: "a lighthouse", n: 8 }));
  assert.deepEqual([error.kind, error.billed, told.size], ["insufficient_credits", "no", 1]);
});

test("a file that comes at the second time is as good", async () => {
  let asked = 0;
  const { midjourney } = vendor(({ isFile }) => isFile && ++asked === 1 && new Response("", { status: 404 }));
  assert.equal((await generateImage({ model: midjourney.image("7"), prompt: "a lighthouse", n: 4 })).images.length, 4);
});

test("an abort ends a call at once, in the submit and in the download, and says what it cost", async () => {
  const stalled = ({ init }) => new Promise((_, reject) => init.signal.addEventListener("abort", () => reject(init.signal.reason)));
  for (const [where, billed] of [["isSubmit", "unknown"], ["isFile", "yes"]]) {
    const controller = new AbortController();
    const { midjourney } = vendor((call) => call[where] && (setTimeout(() => controller.abort(), 5), stalled(call)));
    const error = await failure(generateImage({ model: midjourney.image("7"), prompt: "a lighthouse", n: 4, abortSignal: controller.signal }));
    assert.deepEqual([error.kind, error.billed], ["aborted", billed]);
  }
});

test("a video is made of one image, in as many as the vendor makes", async () => {
  const { seen, midjourney } = vendor();
  const prompt = { text: "waves", image: "https://app.example/a.png" };
  const { videos, warnings } = await generateVideo({ model: midjourney.video("mj_video"), prompt, n: 3, fps: 24 });
  assert.deepEqual(seen.submits, [{ taskType: "mj_video", prompt: "waves", fileUrl: "https://app.example/a.png", videoBatchSize: 4 }]);
  assert.deepEqual(videos.map(({ mediaType, uint8Array }) => [mediaType, uint8Array.length]), Array(3).fill(["video/mp4", MP4.length]));
  assert.deepEqual(warnings.map(({ feature }) => feature), ["fps", "n"]);
  const error = await failure(generateVideo({ model: midjourney.video("mj_video"), prompt: "waves" }));
  assert.deepEqual([error.kind, error.field], ["invalid_request", "fileUrl"]);
});

test("a client that is there already will do, and other models are refused", async () => {
  const { seen } = vendor();
  const mj = new Midjourney({ apiKey: "a-key-of-mine", fetch: async (_, init) => envelope(init.method === "POST" ? { taskId: "a" } : { taskId: "a", successFlag: 2, errorMessage: "no" }) });
  const error = await failure(generateImage({ model: createMidjourney(mj).imageModel("7"), prompt: "a lighthouse", n: 4 }));
  assert.equal(error.kind, "task_failed");
  assert.throws(() => createMidjourney(mj).languageModel("7"), { kind: "invalid_request", field: "modelId" });
  assert.equal(seen.submits.length, 0);
});
