/** Waiting: when it looks, how it ends, and what it leaves behind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IMAGE, NOTHING, envelope, failure, fakeTime, leftovers, pause, running, server, stalled, stub, succeeded } from "./stub.js";

test("a time-out is no failure: the task is waited for again, also from its JSON", async () => {
  let done = false;
  stub((_, { method }) => (method === "POST" ? { taskId: "a" } : done ? succeeded() : running()));
  const task = JSON.parse(JSON.stringify(await server().generate(IMAGE)));
  assert.deepEqual([task.speed, typeof task.expectedAt], [undefined, "number"]);
  const error = await failure(server().wait({ ...task, expectedAt: undefined }, { timeout: 5 }));
  assert.deepEqual([error.kind, error.taskId], ["still_running", "a"]);
  done = true;
  assert.equal((await server().wait({ taskId: error.taskId })).images.length, 4);
});

test("looks happen near the expected end, then at growing intervals, by the clock", async (t) => {
  const sent = stub((count, { method }) => (method === "POST" ? { taskId: "a" } : count < 5 ? running() : succeeded()));
  const time = fakeTime(t);
  const looks = [];
  const start = Date.now();
  const wait = server().run({ ...IMAGE, speed: "fast" }, { onUpdate: ({ timeLeft }) => looks.push([Date.now() - start, timeLeft]) });
  await time.pass(59_999);
  assert.equal(sent.length, 1);
  await time.pass(100_000);
  assert.equal((await wait).state, "succeeded");
  assert.deepEqual(looks.map(([at]) => at), [0, 60_000, 65_000, 72_500, 83_750]);
  assert.deepEqual(looks[0][1], { min: 30_000, max: 120_000, samples: 0, estimate: true });
  assert.equal(time.timers.size, 0);
});

test("own durations make the estimate, and can be kept for the next client", async () => {
  const took = 7_000;
  stub((_, { method }) => (method === "POST" ? envelope({ taskId: "a" }, { headers: { "Retry-After": "0" } }) : succeeded("a", { createTime: 1000, completeTime: 1000 + took })));
  const mj = server();
  for (let count = 0; count < 3; count++) await mj.run({ ...IMAGE, speed: "fast" });
  const history = JSON.parse(JSON.stringify(await mj.history()));
  assert.deepEqual(history, { "mj_txt2img/fast": [took, took, took] });
  stub(() => ({ taskId: "a" }));
  const task = await server({ history }).generate({ ...IMAGE, speed: "fast" });
  assert.equal(task.expectedAt - task.createdAt, took);
  assert.deepEqual(task.timeLeft, { min: took, max: took, samples: 3, estimate: true });
});

test("an abort is heard at every point, and nothing is left behind by any outcome", async (t) => {
  const busy = () => envelope(null, { code: 429, msg: "busy", headers: { "Retry-After": "30" } });
  let worst = 0;
  for (const [what, answer, call, aborts] of [
    ["before", () => ({ taskId: "a" }), (mj, options) => mj.generate(IMAGE, options), "before"],
    ["during a submit", stalled, (mj, options) => mj.generate(IMAGE, options), "later"],
    ["during a retry's pause", busy, (mj, options) => mj.generate(IMAGE, options), "later"],
    ["during a look", stalled, (mj, options) => mj.wait("a", options), "later"],
    ["between looks", () => running(), (mj, options) => mj.wait("a", options), "later"],
    ["during the wait of a run", () => ({ taskId: "a" }), (mj, options) => mj.run(IMAGE, options), "later"],
    ["never, of a success", () => succeeded(), (mj, options) => mj.wait("a", options), "never"],
    ["never, of a failure", () => ({ taskId: "a", successFlag: 3 }), (mj, options) => mj.wait("a", options), "never"],
    ["never, of a time-out", () => running(), (mj, options) => mj.wait("a", { ...options, timeout: 5 }), "never"],
    ["never, of a broken network", () => Promise.reject(new TypeError("broken")), (mj, options) => mj.generate(IMAGE, options), "never"],
    ["never, of a refusal", () => ({ taskId: "a" }), (mj, options) => mj.generate({}, options), "never"],
  ]) {
    await t.test(what, async (t) => {
      stub(answer);
      const behind = leftovers(t);
      const controller = behind.controller();
      if (aborts === "before") controller.abort();
      const outcome = call(server(), { signal: controller.signal }).catch((error) => error);
      if (aborts === "later") {
        await pause(20);
        const start = performance.now();
        controller.abort();
        assert.equal((await outcome).kind, "aborted");
        const ms = performance.now() - start;
        worst = Math.max(worst, ms);
        // The aim is 10 ms; a busy machine may take longer to get round to it.
        assert.ok(ms < 100, `${ms} ms`);
      } else {
        await outcome;
      }
      assert.deepEqual(behind.left, NOTHING);
    });
  }
  t.diagnostic(`the slowest abort took ${worst.toFixed(1)} ms`);
});

test("a page nobody sees looks once a minute, and at once when somebody does or the network is back", async (t) => {
  const listeners = new Map();
  const target = {
    addEventListener: (name, call) => listeners.set(name, call),
    removeEventListener: (name) => listeners.delete(name),
  };
  const { addEventListener, removeEventListener } = globalThis;
  globalThis.document = { ...target, visibilityState: "hidden" };
  Object.assign(globalThis, target);
  t.after(() => {
    delete globalThis.document;
    Object.assign(globalThis, { addEventListener, removeEventListener });
  });
  const sent = stub((count) => (count < 5 ? running() : succeeded()));
  const time = fakeTime(t);
  const wait = server({ endpoint: "https://gateway.example/api/v1/mj", dangerouslyAllowBrowser: true }).wait("a");
  await time.pass(59_000);
  assert.equal(sent.length, 1);
  await time.pass(1_000);
  assert.equal(sent.length, 2);
  await time.pass(10_000);
  document.visibilityState = "visible";
  listeners.get("visibilitychange")();
  await time.pass(0);
  assert.equal(sent.length, 3, "at once");
  await time.pass(5_500);
  listeners.get("online")();
  await time.pass(0);
  assert.equal(sent.length, 4);
  await time.pass(60_000);
  assert.equal((await wait).state, "succeeded");
  assert.deepEqual([listeners.size, time.timers.size], [0, 0]);
});
