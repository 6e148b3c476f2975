/** A power cut at each step of a job's life: rows 23, 24, 29 and 35 of the threat table. Each job ends in one right state, with one copy. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../../tools/platform.js";
import { folderOf } from "../support/folder.js";
import { VENDOR, countedSimulator, killable } from "../support/servers.js";

const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse", speed: "fast" };
const CREDITS = 8;
/** How often each kind of cut is made. */
const RUNS = Number(process.env.KILLS ?? 4);

/** Looks at a task until this holds of its record. */
async function until(gateway, taskId, holds) {
  for (let tries = 0; tries < 600; tries++, await pause(50)) {
    const { json } = await gateway.get(`record-info?taskId=${taskId}`);
    if (json?.data && holds(json.data)) return json.data;
  }
  assert.fail("it never came to that");
}

/**
 * A vendor that takes half a second for a task, and a gateway that is killed when `cut` says so, and started anew on what was on disk.
 * `cut` gets the vendor's traffic and resolves once it is time.
 */
async function cutAndRestart(t, cut, check) {
  for (let run = 0; run < RUNS; run++) {
    const state = folderOf(t);
    const upstream = await countedSimulator({ DURATIONS: { fast: 0.5 }, ORIGIN: VENDOR });
    const port = await freePort();
    const options = { state, port, vars: { MIDAPI_PUBLIC_URL: `http://127.0.0.1:${port}`, MIDAPI_FILE_HOSTS: new URL(VENDOR).hostname } };
    const first = await killable(upstream, options);
    const key = { "Idempotency-Key": "k" };
    const posted = first.post("generate", IMAGE, key).catch(() => {});
    await cut({ upstream, posted, run });
    await first.kill();
    await posted;
    const second = await killable(upstream, options);
    await check({ gateway: second, upstream, again: () => second.post("generate", IMAGE, key) });
    assert.equal((await second.get("../usage")).json.data.spent, CREDITS, "it is counted once");
    await second.stop();
  }
}

const files = (upstream) => upstream.requests.filter(({ url }) => new URL(url).pathname.startsWith("/m/"));
const looks = (upstream) => upstream.requests.filter(({ url }) => url.includes("record-info"));

/** It has ended well, was paid for once, and each of its files is there once. */
async function checkDone({ gateway, upstream, again }) {
  const { status, json } = await again();
  assert.equal(status, 200, JSON.stringify(json));
  const { taskId } = json.data;
  const record = await until(gateway, taskId, ({ archive }) => archive?.state === "done");
  assert.equal(record.successFlag, 1);
  assert.equal(upstream.submits.length, 1);
  const bucket = await gateway.worker.getR2Bucket("FILES");
  const { objects } = await bucket.list();
  assert.deepEqual(objects.map(({ key }) => key), [1, 2, 3, 4].map((number) => `files/${taskId}/${number}`));
  for (const { resultUrl } of record.resultInfoJson.resultUrls) {
    const { pathname, search } = new URL(resultUrl);
    assert.equal((await fetch(gateway.url + pathname + search)).status, 200);
  }
  const listed = (await gateway.get("tasks")).json.data.tasks;
  assert.deepEqual(listed.map((task) => [task.taskId, task.state, task.archive.state]), [[taskId, "succeeded", "done"]]);
}

test("row 35: killed after the submit was answered, the job goes on by itself and ends with one copy of each file", async (t) => {
  await cutAndRestart(t, async ({ posted, run }) => (await posted, pause(run * 20)), checkDone);
});

test("row 35: killed while the vendor has the submit, nobody knows, and it is neither sent again nor given back", async (t) => {
  await cutAndRestart(
    t,
    async ({ upstream }) => {
      while (upstream.submits.length === 0) await pause(1);
    },
    async ({ upstream, again }) => {
      const { status, json } = await again();
      // The answer may have been on disk by then.
      if (status !== 200) assert.match(json.msg, /may have been created and billed/);
      assert.equal(upstream.submits.length, 1);
    },
  );
});

test("rows 23 and 35: killed after the vendor has called back, the job ends once", async (t) => {
  await cutAndRestart(
    t,
    async ({ upstream, posted, run }) => {
      await posted;
      // The callback is what has it look.
      while (looks(upstream).length === 0) await pause(1);
      await pause(run * 3);
    },
    checkDone,
  );
});

test("rows 29 and 35: killed in mid-copy, the rest is copied, and no file is there by half or twice", async (t) => {
  await cutAndRestart(
    t,
    async ({ upstream, run }) => {
      while (files(upstream).length <= run % 4) await pause(1);
    },
    checkDone,
  );
});
