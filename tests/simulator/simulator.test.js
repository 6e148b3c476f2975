/** The simulator behaves like the vendor. The tests of the package, the gateway and the studio rely on it. */
import assert from "node:assert/strict";
import { Agent, createServer } from "node:http";
import { after, test } from "node:test";
import { startSimulator } from "../../tools/platform.js";
import { exactly } from "../support/servers.js";
import { IMAGE, credits, decoded, file, record, submitted } from "./calls.js";
import { everyForm } from "./forms.js";

/** The haste with which ten seconds of the vendor's last 2.8 hours: a machine that stalls ends no limit in the middle of a test. */
const IN_HOURS = "0.001";

everyForm("a task queues, runs and ends with four images drawn from its prompt", async (simulator) => {
  const vendor = await simulator({ DURATIONS: { fast: 1 } });
  const taskId = await submitted(vendor);
  assert.match(taskId, /^[0-9a-f]{32}$/);
  assert.equal((await record(vendor, taskId)).successFlag, 0);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  const { successFlag, resultInfoJson, completeTime, createTime } = await record(vendor, taskId);
  assert.equal(successFlag, 1);
  assert.equal(completeTime - createTime, 1000);

  const images = await Promise.all(resultInfoJson.resultUrls.map(({ resultUrl }) => file(resultUrl)));
  assert.equal(new Set(images.map((image) => image.toString("base64"))).size, 4, "four variants");
  const { width, height } = decoded(images[0]);
  assert.deepEqual([width, height], [640, 360]);

  const other = await record(vendor, await submitted(vendor, { ...IMAGE, prompt: "a harbour" }));
  assert.equal(other.successFlag, 0);
});

everyForm("different prompts look different, the same prompt looks the same", async (simulator) => {
  const vendor = await simulator();
  const first = async (prompt) => {
    const { resultInfoJson } = await record(vendor, await submitted(vendor, { ...IMAGE, prompt }));
    return decoded(await file(resultInfoJson.resultUrls[0].resultUrl)).pixels;
  };
  const [one, same, other] = [await first("a lighthouse"), await first("a lighthouse"), await first("a harbour")];
  assert.ok(one.equals(same));
  let differing = 0;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) differing++;
  assert.ok(differing > one.length / 4, `${differing} of ${one.length} bytes differ`);
});

everyForm("an upscale is larger, by both routes", async (simulator) => {
  const vendor = await simulator();
  const taskId = await submitted(vendor);
  const upscaled = async (route, body) => {
    const { data } = (await vendor.post(`mj/${route}`, { taskId, ...body })).json;
    const { resultInfoJson } = await record(vendor, data.taskId);
    assert.equal(resultInfoJson.resultUrls.length, 1);
    return file(resultInfoJson.resultUrls[0].resultUrl);
  };
  const quickStart = await upscaled("upscale", { index: 2 });
  const reference = await upscaled("generateUpscale", { imageIndex: 1 });
  assert.ok(quickStart.equals(reference), "the same image, counted from 1 and from 0");
  assert.equal(decoded(quickStart).width, 1280);
  assert.equal((await vendor.post("mj/upscale", { taskId, index: 5 })).json.code, 422);
});

everyForm("a faster speed takes less time, and a task without a free slot waits", async (simulator) => {
  const vendor = await simulator({ DURATIONS: { relaxed: 30, fast: 20, turbo: 10 }, PARALLEL_TASKS: 3 });
  const pace = async (speed) => Number((await vendor.post("mj/generate", { ...IMAGE, speed })).headers.get("retry-after"));
  assert.deepEqual([await pace("relaxed"), await pace("fast"), await pace("turbo")], [30, 20, 10]);
  assert.equal(await pace("turbo"), 20, "behind the turbo task");
});

everyForm("a refusal has the vendor's code, inside HTTP 200", async (simulator) => {
  const vendor = await simulator({ SUBMITS_PER_10_SECONDS: 3, HASTE: IN_HOURS });
  const code = async (call) => {
    const { status, json } = await call;
    assert.equal(status, 200);
    return json.code;
  };
  const headless = await fetch(`${vendor.url}/api/v1/mj/record-info?taskId=a`);
  assert.equal((await headless.json()).code, 401);
  assert.equal(await code(vendor.post("mj/generate", IMAGE, "invalid-key")), 401);
  assert.equal(await code(vendor.post("mj/generate", IMAGE, "broke-account")), 402);
  assert.equal(await code(vendor.get("mj/record-info?taskId=nobody")), 422);
  assert.equal(await code(vendor.post("mj/generate", { prompt: "x" })), 422);
  assert.equal(await code(vendor.post("mj/generate", "{")), 400);
  assert.equal(await code(vendor.post("mj/generate", IMAGE)), 200);
  assert.equal(await code(vendor.post("mj/generate", IMAGE)), 200);
  assert.equal(await code(vendor.post("mj/generate", IMAGE)), 429);
  assert.equal(await credits(vendor), 10_000 - 16);
});

everyForm("a refusal leaves the connection open for the next call", async (simulator) => {
  const { url } = await simulator();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  after(() => agent.destroy());
  const headers = { "Content-Type": "application/json", Authorization: "Bearer invalid-key" };
  const isReused = [];
  for (const route of ["mj/generate", "mj/generate", "nowhere", "mj/generate"]) {
    const answer = await exactly(`${url}/api/v1/${route}`, { headers, parts: [JSON.stringify(IMAGE)], agent });
    assert.equal(answer.json.code, 401);
    isReused.push(answer.isReused);
    // A server that gives up a connection does so after its answer.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.deepEqual(isReused, [false, true, true, true]);
});

everyForm("a request that makes no sense is refused, and costs nothing", async (simulator) => {
  const vendor = await simulator();
  const video = { taskType: "mj_video", prompt: "waves", fileUrl: "https://example.com/a.jpg" };
  for (const request of [{ ...IMAGE, speed: "warp" }, { ...IMAGE, speed: 3 }, { ...video, videoBatchSize: 1e9 }, video.prompt]) {
    assert.notEqual((await vendor.post("mj/generate", request)).json.code, 200, JSON.stringify(request));
  }
  assert.equal(await credits(vendor), 10_000);
});

everyForm("a picture whose ratio is none is square", async (simulator) => {
  const vendor = await simulator();
  const { resultInfoJson } = await record(vendor, await submitted(vendor, { ...IMAGE, aspectRatio: "0:wide" }));
  const { width, height } = decoded(await file(resultInfoJson.resultUrls[0].resultUrl));
  assert.deepEqual([width, height], [640, 640]);
});

everyForm("a task that has ended when it is submitted may be looked at now, another when it ends", async (simulator) => {
  const vendor = await simulator({ DURATIONS: { fast: 0, turbo: 1.5 }, HASTE: "0.5" });
  const pace = async (speed) => (await vendor.post("mj/generate", { ...IMAGE, speed })).headers.get("retry-after");
  assert.deepEqual([await pace("fast"), await pace("turbo")], ["0", "3"]);
});

test("a variable that makes no sense is refused by its name before anything starts", async () => {
  for (const [vars, message] of [
    [{ PARALLEL_TASKS: "many" }, /PARALLEL_TASKS must be a whole number/],
    [{ DURATIONS: "{" }, /DURATIONS must be an object/],
    [{ DURATIONS: '{"slow":1}' }, /DURATIONS must be .* `relaxed`/],
    [{ SUBMITS_PER_10_SECONDS: "-1" }, /SUBMITS_PER_10_SECONDS must be/],
    [{ HASTE: "0" }, /HASTE must be/],
  ]) {
    await assert.rejects(startSimulator({ vars }), { message });
  }
});

everyForm("submits that others take from the limit are refused without a cost and without a Retry-After", async (simulator) => {
  const vendor = await simulator({ SUBMITS_PER_10_SECONDS: 20, SUBMITS_BY_OTHERS: 15, HASTE: IN_HOURS });
  const responses = await Promise.all(Array.from({ length: 14 }, () => vendor.post("mj/generate", IMAGE)));
  const refused = responses.filter(({ json }) => json.code === 429);
  assert.equal(refused.length, 14 - 5);
  for (const { status, headers } of refused) assert.deepEqual([status, headers.get("retry-after")], [200, null]);
  assert.equal(await credits(vendor), 10_000 - 5 * 8);
});

everyForm("a callback has the documented shape, which differs from the record's", async (simulator) => {
  const received = [];
  const receiver = createServer(async (request, response) => {
    received.push(JSON.parse(Buffer.concat(await request.toArray()).toString()));
    response.writeHead(200).end();
  });
  await new Promise((ready) => receiver.listen(0, "127.0.0.1", ready));
  after(() => receiver.close());
  const callBackUrl = `http://127.0.0.1:${receiver.address().port}/hook`;
  const vendor = await simulator({ DURATIONS: { fast: 0.2 } });
  const taskId = await submitted(vendor, { ...IMAGE, callBackUrl });
  await submitted(vendor, { ...IMAGE, prompt: "x [sim: fail]", callBackUrl });
  for (let tries = 0; received.length < 2 && tries < 100; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  const [success, failure] = received.sort((a, b) => a.code - b.code);
  assert.equal(success.data.taskId, taskId);
  assert.deepEqual([success.code, success.data.resultUrls.length], [200, 4]);
  assert.equal(typeof success.data.resultUrls[0], "string");
  assert.deepEqual([failure.code, failure.data.resultUrls], [500, []]);
});

everyForm("every link of a video is the same small MP4 file, which plays before all of it has arrived", async (simulator) => {
  const vendor = await simulator();
  const request = { taskType: "mj_video", prompt: "waves", fileUrl: "https://example.com/a.jpg", videoBatchSize: 2 };
  const { resultInfoJson } = await record(vendor, await submitted(vendor, request));
  assert.equal(resultInfoJson.resultUrls.length, 2);
  const [bytes, second] = await Promise.all(resultInfoJson.resultUrls.map(({ resultUrl }) => file(resultUrl)));
  assert.equal(bytes.subarray(4, 8).toString(), "ftyp");
  assert.ok(bytes.includes("avcC") && bytes.includes("mdat"));
  assert.ok(bytes.indexOf("moov") < bytes.indexOf("mdat"), "the index comes before the frames");
  assert.ok(bytes.length < 60_000, `${bytes.length} bytes`);
  assert.ok(bytes.equals(second));
});
