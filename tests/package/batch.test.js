/** Many tasks at once: nothing is lost, nothing is paid twice. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IMAGE, envelope, failure, fakeTime, pause, running, server, stub, succeeded } from "./stub.js";

const requests = (...prompts) => prompts.map((prompt) => ({ ...IMAGE, prompt }));
const idOf = (url) => new URL(url).searchParams.get("taskId");

/** A vendor whose tasks are called like their prompts, and are done when they are submitted. */
function prompts(refuse = () => {}) {
  const posted = [];
  let inFlight = 0;
  const most = { inFlight: 0 };
  stub(async (_, { method, body }, url) => {
    if (method === "GET" || !body) return succeeded(idOf(url));
    const { prompt } = JSON.parse(body);
    posted.push(prompt);
    most.inFlight = Math.max(most.inFlight, ++inFlight);
    await pause(1);
    inFlight--;
    return refuse(prompt) ?? envelope({ taskId: prompt }, { headers: { "Retry-After": "0" } });
  });
  return { posted, most };
}

async function all(batch) {
  const seen = [];
  for await (const { index, task, error } of batch) seen.push([index, task?.taskId ?? error.kind]);
  return seen.sort(([one], [other]) => one - other);
}

test("every item settles once; one that fails loses nothing; the bound holds", async () => {
  const { posted, most } = prompts((prompt) => prompt === "b" && envelope(null, { code: 422, msg: "flagged" }) || undefined);
  const updates = [];
  const onUpdate = (task, index) => {
    updates.push(index);
    throw new Error("mine");
  };
  const seen = await all(server().batch(requests("a", "b", "c", "d", "e"), { concurrency: 2, onUpdate }));
  assert.deepEqual(seen, [[0, "a"], [1, "invalid_request"], [2, "c"], [3, "d"], [4, "e"]]);
  assert.deepEqual([posted.length, most.inFlight], [5, 2]);
  assert.ok(updates.length >= 4);
});

test("without credits nothing more is submitted, and the rest says why", async () => {
  const { posted } = prompts((prompt) => (prompt === "b" ? envelope(null, { code: 402, msg: "no credits" }) : undefined));
  const seen = await all(server().batch(requests("a", "b", "c", "d"), { concurrency: 1 }));
  assert.deepEqual(seen, [[0, "a"], [1, "insufficient_credits"], [2, "insufficient_credits"], [3, "insufficient_credits"]]);
  assert.deepEqual(posted, ["a", "b"]);
});

test("the twenty-first submit leaves when the vendor takes it", async (t) => {
  const posts = [];
  stub((_, { method }, url) => {
    if (method !== "POST") return succeeded(idOf(url));
    posts.push(Date.now());
    return envelope({ taskId: `t${posts.length}` }, { headers: { "Retry-After": "0" } });
  });
  const time = fakeTime(t);
  const start = Date.now();
  const done = all(server().batch(requests(..."abcdefghijklmnopqrstuvwxy"), { concurrency: 100 }));
  await time.pass(10_499);
  assert.equal(posts.length, 20);
  await time.pass(1);
  assert.equal(posts.length, 25);
  assert.equal(posts[20] - start, 10_500);
  await time.pass(60_000);
  assert.equal((await done).length, 25);
  assert.equal(time.timers.size, 0);
});

test("an abandoned batch submits nothing more, and knows the tasks of submits that were on their way", async () => {
  const { posted } = prompts();
  const batch = server().batch(requests("a", "b", "c", "d", "e"), { concurrency: 2 });
  for await (const item of batch) {
    assert.ok(item.task);
    break;
  }
  const submitted = posted.length;
  assert.ok(submitted < 5);
  const left = JSON.parse(JSON.stringify(batch));
  assert.deepEqual(left.map((item) => item.taskId ?? `not ${item.prompt}`).slice(0, submitted), posted);
  await pause(10);
  assert.equal(posted.length, submitted);

  posted.length = 0;
  const seen = await all(server().batch(left));
  assert.deepEqual(seen, [[0, "a"], [1, "b"], [2, "c"], [3, "d"], [4, "e"]]);
  assert.deepEqual(posted, ["a", "b", "c", "d", "e"].slice(submitted), "what was submitted is not submitted again");
});

test("an item whose outcome nobody knows is never submitted again", async () => {
  const { posted } = prompts((prompt) => (prompt === "b" ? new Response("bad gateway", { status: 502 }) : undefined));
  const batch = server().batch(requests("a", "b"));
  assert.deepEqual(await all(batch), [[0, "a"], [1, "server_error"]]);
  posted.length = 0;
  const again = server().batch(JSON.parse(JSON.stringify(batch)));
  const seen = await collect(again);
  assert.deepEqual(posted, []);
  assert.deepEqual(seen.map(({ index, task, error }) => [index, task?.taskId ?? error.billed]), [[1, "unknown"], [0, "a"]]);
});

async function collect(batch) {
  const items = [];
  for await (const item of batch) items.push(item);
  return items;
}

test("an abort ends the waits, not the submits on their way", async () => {
  const controller = new AbortController();
  let posts = 0;
  stub(async (_, { method }, url) => {
    if (method !== "POST") return running(idOf(url));
    posts++;
    await pause(20);
    return { taskId: `t${posts}` };
  });
  setTimeout(() => controller.abort(new Error("enough")), 5);
  const seen = await collect(server().batch(requests("a", "b", "c"), { concurrency: 2, signal: controller.signal }));
  assert.deepEqual(seen.map(({ error }) => [error.kind, error.billed]).sort(), [["aborted", "no"], ["aborted", "yes"], ["aborted", "yes"]]);
  assert.equal(posts, 2);
  assert.equal(seen.filter(({ error }) => error.taskId).length, 2);
});

test("a wrong item is named before anything is submitted", async () => {
  const { posted } = prompts();
  for (const [items, options, message] of [
    [[...requests("a"), { ...IMAGE, prompt: "" }], {}, /^requests\[1\]: prompt: /],
    [requests("a"), { concurrency: 0 }, /^concurrency: /],
    [requests("a"), { timeout: -1 }, /^timeout: /],
    [requests("a"), { speed: "fast" }, /^speed: unknown field/],
  ]) {
    const error = await failure(all(server().batch(items, options)));
    assert.match(error.message, message);
    assert.equal(error.billed, "no");
  }
  for (const list of [7, "an-id", undefined, IMAGE]) {
    assert.throws(() => server().batch(list), { kind: "invalid_request", field: "requests" });
  }
  assert.deepEqual(posted, []);
});

test("a batch that is abandoned before the module is there submits nothing", async () => {
  const { posted } = prompts();
  const batch = server().batch(requests("a", "b"));
  const first = batch.next();
  await batch.return();
  await first;
  await pause(10);
  assert.deepEqual(posted, []);
  assert.deepEqual(JSON.parse(JSON.stringify(batch)), requests("a", "b"));
});

test("it may be asked several times at once", async () => {
  prompts();
  const batch = server().batch(requests("a", "b"));
  const answers = await Promise.all([batch.next(), batch.next(), batch.next()]);
  assert.deepEqual(answers.map(({ done, value }) => [done, value?.task.taskId]), [[false, "a"], [false, "b"], [true, undefined]]);
});
