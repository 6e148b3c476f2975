/** What a gateway has beside the vendor's API, as the package calls it: lists, deletion, uploads, and waits for the copies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Midjourney } from "../../dist/node.js";
import { freePort } from "../../tools/platform.js";
import { TOKEN, countedSimulator, gatewayOn, gatewayOnSimulator } from "../support/servers.js";

const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse", speed: "fast" };
const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
const of = (error) => [error.kind, error.field];

async function keeping() {
  const port = await freePort();
  const gateway = await gatewayOnSimulator({}, { port, vars: { MIDAPI_PUBLIC_URL: `http://127.0.0.1:${port}` } });
  return { gateway, mj: new Midjourney({ endpoint: gateway.api, apiKey: TOKEN }) };
}

async function all(iterator) {
  const list = [];
  for await (const item of iterator) list.push(item);
  return list;
}

test("tasks are listed newest first over as many pages as it takes, filtered, and deleted for good", async () => {
  const { mj } = await keeping();
  const made = [];
  for (const prompt of ["one", "two", "three [sim: fail]"]) made.push(await mj.generate({ ...IMAGE, prompt }));
  for (const task of made) await mj.wait(task).catch(({ kind }) => assert.equal(kind, "task_failed"));
  const listed = await all(mj.tasks({ limit: 1 }));
  assert.deepEqual(listed.map(({ prompt }) => prompt), ["three [sim: fail]", "two", "one"]);
  assert.deepEqual(listed.map(({ state }) => state), ["failed", "succeeded", "succeeded"]);
  assert.equal(listed[1].images.length, 4);
  const { prompt, speed } = JSON.parse(listed[1].paramJson);
  assert.deepEqual([prompt, speed], ["two", "fast"]);
  assert.deepEqual((await all(mj.tasks({ state: "succeeded", prompt: "ON" }))).map(({ taskId }) => taskId), [made[0].taskId]);
  const child = await mj.upscale(listed[1], 2);
  const [newest] = await all(mj.tasks({ limit: 1 }));
  assert.deepEqual([newest.taskId, newest.parent, newest.prompt], [child.taskId, { taskId: made[1].taskId, index: 2 }, "two"]);

  await mj.remove(made[0]);
  assert.equal((await mj.remove(made[0]).catch((error) => error)).kind, "not_found");
  assert.equal((await mj.status(made[0]).catch((error) => error)).kind, "not_found");
  assert.ok(!(await all(mj.tasks())).some(({ taskId }) => taskId === made[0].taskId));
});

test("a listed task that runs says when it is likely to end, and a wait for it doesn't look at once", async () => {
  const upstream = await countedSimulator({ DURATIONS: { fast: 60 } });
  const gateway = await gatewayOn(upstream, { bucket: false });
  const asked = [];
  const fetching = (url, init) => {
    asked.push(new URL(url).pathname.split("/").at(-1));
    return fetch(url, init);
  };
  const mj = new Midjourney({ endpoint: gateway.api, apiKey: TOKEN, fetch: fetching });
  const made = await mj.generate(IMAGE);
  const [listed] = await all(mj.tasks());
  assert.equal(listed.taskId, made.taskId);
  assert.ok(Math.abs(listed.expectedAt - listed.createdAt - 60_000) < 2_000, JSON.stringify(listed));
  const { min, max, samples } = listed.timeLeft;
  assert.ok(min > 25_000 && min <= 30_000 && max > 115_000 && max <= 120_000 && samples === 0, JSON.stringify(listed.timeLeft));
  await mj.wait(listed, { timeout: 300 }).catch(({ kind }) => assert.equal(kind, "still_running"));
  assert.ok(!asked.slice(0, -1).includes("record-info"), asked.join());
});

test("a wait for the copies ends with links that last, and shows the task before", async () => {
  const { gateway, mj } = await keeping();
  const seen = [];
  const task = await mj.run(IMAGE, { archived: true, onUpdate: ({ state, archive }) => seen.push([state, archive?.state]) });
  assert.equal(task.archive.state, "done");
  assert.ok(task.images.every(({ url }) => url.startsWith(`${gateway.url}/files/`)));
  assert.ok(task.expiresAt > Date.now() + 399 * 24 * 60 * 60 * 1000);
  assert.ok(seen.some(([state, archive]) => state === "succeeded" && archive === "pending"), JSON.stringify(seen));
  const files = await all(mj.download(task));
  assert.deepEqual(files.map(({ type }) => type), Array(4).fill("image/png"));
});

test("a file in place of a link is uploaded first; what isn't one, or has nowhere to go, spends nothing", async () => {
  const { mj } = await keeping();
  const request = { ...IMAGE, taskType: "mj_img2img" };
  const dataUrl = `data:image/png;base64,${PNG.toString("base64")}`;
  for (const fileUrl of [new Blob([PNG]), new File([PNG], "a.png"), dataUrl]) {
    assert.equal((await mj.generate({ ...request, fileUrl })).state, "running");
  }
  const { url } = await mj.upload(new Blob([PNG]));
  await mj.generate({ ...request, fileUrls: [url, new Blob([PNG])] });
  const sent = (await all(mj.tasks())).map(({ taskId }) => taskId);
  assert.equal(sent.length, 4);

  const refused = async (call) => of(await call.catch((error) => error));
  assert.deepEqual(await refused(mj.generate({ ...request, fileUrl: new Blob(["<svg/>"]) })), ["invalid_request", "body"]);
  assert.deepEqual(await refused(mj.generate({ ...request, fileUrl: "data:image/png;base64,%" })), ["invalid_request", "fileUrl"]);
  assert.deepEqual(await refused(mj.upload("x")), ["invalid_request", "file"]);
  const vendors = new Midjourney({ apiKey: "a-key-of-mine", fetch: () => assert.fail("nothing is sent") });
  assert.deepEqual(await refused(vendors.generate({ ...request, fileUrl: new Blob([PNG]) })), ["invalid_request", "fileUrl"]);
  for (const call of [vendors.tasks().next(), vendors.remove("a"), vendors.upload(new Blob([PNG]))]) {
    assert.deepEqual(await refused(call), ["misconfigured", "endpoint"]);
  }
  for (const [options, field] of [[{ limit: 0 }, "limit"], [{ state: "done" }, "state"], [{ page: 2 }, "page"]]) {
    assert.deepEqual(await refused(mj.tasks(options).next()), ["invalid_request", field]);
  }
  assert.equal((await all(mj.tasks())).length, 4);
});
