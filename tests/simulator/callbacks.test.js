/** The callbacks of a bad day, which the directive `callback` asks for. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { IMAGE, record } from "./calls.js";
import { everyForm } from "./forms.js";

/** A task takes 0.6 seconds; a minute of the vendor's is as long. */
const VARS = { HASTE: 100, DURATIONS: { fast: 60 }, PARALLEL_TASKS: 100 };
const MINUTE = 600;

/** A receiver of callbacks; `at(path)` are the bodies that came there, each with the time it came. */
async function receiver() {
  const received = [];
  const server = createServer(async (request, response) => {
    const at = Date.now();
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString());
    received.push({ path: request.url.slice(1), at, ...body });
    // One that waits for the answer to the submit before it takes a callback.
    if (request.url === "/slow") await pause(2500);
    response.writeHead(request.url === "/refusing" ? 403 : 200).end();
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, at: (path) => received.filter((one) => one.path === path) };
}

everyForm("callbacks come late, early, twice, forged or never, as the prompt says", async (simulator) => {
  const vendor = await simulator(VARS);
  const hooks = await receiver();
  const submit = async (path, directives) => {
    const { json } = await vendor.post("mj/generate", { ...IMAGE, prompt: `x [sim: ${directives}]`, callBackUrl: `${hooks.url}/${path}` });
    return json?.data.taskId;
  };
  const plain = ["late", "early", "twice", "never", "ack", "forged", "forged-failure", "forged-id"];
  const ids = Object.fromEntries(await Promise.all(plain.map(async (word) => [word, await submit(word, `callback=${word}`)])));
  ids.refusing = await submit("refusing", "fail, callback=forged");
  ids.running = await submit("running", "never, callback=early");
  const first = await submit("first", "callback=first");
  assert.deepEqual(hooks.at("first").map(({ data }) => data.taskId), [first], "it came before the submit's answer");
  await submit("lost", "http=502");
  await pause(3.5 * MINUTE);

  const { completeTime } = await record(vendor, ids.late);
  const [late, ...more] = hooks.at("late");
  assert.deepEqual([late.code, late.data.resultUrls.length, more], [200, 4, []]);
  assert.ok(late.at >= completeTime + MINUTE, `${late.at - completeTime} ms after the end`);

  for (const path of ["early", "running"]) {
    const [early, ...more] = hooks.at(path);
    assert.deepEqual([early.code, early.data.taskId, early.data.resultUrls.length, more], [200, ids[path], 4, []], path);
    const end = (await record(vendor, ids[path])).completeTime ?? Infinity;
    assert.ok(early.at < end, "before the end");
  }

  assert.deepEqual(hooks.at("twice").map(({ data }) => data.taskId), [ids.twice, ids.twice]);
  assert.deepEqual(hooks.at("never"), []);
  assert.equal(hooks.at("first").length, 1);

  const [ack, ended] = hooks.at("ack");
  assert.deepEqual([ack.code, ack.data], [200, { taskId: ids.ack }]);
  assert.equal(ended.data.resultUrls.length, 4);

  for (const [path, code, taskId, links] of [
    ["forged", 200, ids.forged, [`https://forged.example/m/${ids.forged}_0_0.png`]],
    ["forged-failure", 500, ids["forged-failure"], []],
    ["forged-id", 200, "f".repeat(32), [`https://forged.example/m/${"f".repeat(32)}_0_0.png`]],
  ]) {
    const [forged, real, ...more] = hooks.at(path);
    assert.deepEqual([forged.code, forged.data.taskId, forged.data.resultUrls], [code, taskId, links], path);
    assert.deepEqual([real.code, real.data.taskId, real.data.resultUrls.length, more], [200, ids[path], 4, []], path);
  }

  const codes = hooks.at("refusing").map(({ code }) => code);
  assert.deepEqual(codes.slice(0, 3), [200, 500, 500], "the vendor tries again, and a forger doesn't");

  const [{ data }, ...again] = hooks.at("lost");
  assert.deepEqual(again, []);
  assert.equal((await record(vendor, data.taskId)).successFlag, 1, "it tells the task whose answer was lost");
});

everyForm("a callback before the answer holds it up for no longer than a second", async (simulator) => {
  const vendor = await simulator(VARS);
  const hooks = await receiver();
  const request = { ...IMAGE, prompt: "x [sim: callback=first]", callBackUrl: `${hooks.url}/slow` };
  const start = performance.now();
  assert.equal((await vendor.post("mj/generate", request)).json.code, 200);
  assert.ok(performance.now() - start < 2400, "it waited for the receiver");
  assert.equal(hooks.at("slow").length, 1);
});
