/** Many tasks at once: nothing is submitted twice, nothing that was paid for is lost, and the account's pace is kept. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { MidjourneyError } from "../../dist/node.js";
import {
  IMAGE, NOTHING, envelope, failure, fakeTime, idle, leftovers, pause, running, server, stub, succeeded, vendor,
} from "./stub.js";

const request = (name) => ({ ...IMAGE, prompt: name });
const requests = (count) => Array.from({ length: count }, (_, number) => request(`task-${number}`));
const plain = (batch) => JSON.parse(JSON.stringify(batch));

/**
 * A vendor whose tasks have the names of their prompts. It accepts every one, and they are done when looked at, unless
 * the functions of a task's name say otherwise.
 */
function tasks({ submit = () => {}, look = () => {} } = {}) {
  const submits = [];
  const looks = [];
  let inFlight = 0;
  const seen = { submits, looks, most: 0 };
  stub(async (_, init, url) => {
    if (init.method === "POST") {
      const { prompt } = JSON.parse(init.body);
      submits.push(prompt);
      seen.most = Math.max(seen.most, ++inFlight);
      const answer = await submit(prompt, init);
      if (answer !== undefined) inFlight--;
      return answer ?? envelope({ taskId: prompt }, { headers: { "Retry-After": "0" } });
    }
    const taskId = new URL(url).searchParams.get("taskId");
    looks.push(taskId);
    const answer = (await look(taskId, init)) ?? succeeded(taskId);
    if (answer.successFlag > 0) inFlight--;
    return answer;
  });
  return seen;
}

/** Every settled item of a batch, and how it failed if it did. */
async function all(batch) {
  const settled = [];
  for await (const item of batch) settled.push(item);
  return settled;
}

const refusal = (code) => envelope(null, { code, msg: "no" });
const unclear = () => Promise.reject(new TypeError("the connection broke"));
const never = () => new Promise(() => {});
const gate = () => {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return { open, opened };
};

test("every item settles once, in the order in which they end, with its request", async () => {
  const gates = [gate(), gate(), gate()];
  tasks({ look: (name) => gates[name.at(-1)].opened.then(() => undefined) });
  const given = requests(3);
  const batch = server().batch(given);
  const settled = [];
  const reading = (async () => {
    for await (const item of batch) settled.push(item);
  })();
  for (const number of [2, 0, 1]) {
    await pause(5);
    gates[number].open();
  }
  await reading;
  assert.deepEqual(settled.map(({ index }) => index), [2, 0, 1]);
  for (const { index, request, task, error } of settled) {
    assert.equal(request, given[index]);
    assert.deepEqual([task.taskId, task.images.length, error], [`task-${index}`, 4, undefined]);
  }
});

test("no more items are in flight than `concurrency` allows, by default four", async () => {
  for (const [options, most] of [[{ concurrency: 3 }, 3], [{ concurrency: 1 }, 1], [{}, 4], [{ concurrency: 100 }, 12]]) {
    const seen = tasks({ look: () => pause(1).then(() => undefined) });
    assert.equal((await all(server().batch(requests(12), options))).length, 12);
    assert.deepEqual([seen.most, seen.submits.length], [most, 12]);
  }
});

test("a batch submits twenty items in ten seconds, and the twenty-first waits", async (t) => {
  const time = fakeTime(t);
  const seen = tasks();
  const reading = all(server().batch(requests(45), { concurrency: 100 }));
  await time.pass(0);
  assert.equal(seen.submits.length, 20);
  await time.pass(10_499);
  assert.equal(seen.submits.length, 20);
  await time.pass(1);
  assert.equal(seen.submits.length, 40);
  await time.pass(10_499);
  assert.equal(seen.submits.length, 40);
  await time.pass(1);
  assert.equal(seen.submits.length, 45);
  await time.pass(60_000);
  assert.equal((await reading).length, 45);
  assert.equal(time.timers.size, 0);
});

test("batches of one client share its pace with whatever else it submits; another client has its own", async (t) => {
  const time = fakeTime(t);
  const seen = tasks();
  const mj = server();
  const settled = Promise.all([mj.generate(request("alone")), all(mj.batch(requests(15))), all(mj.batch(requests(15)))]);
  await time.pass(1_000);
  assert.equal(seen.submits.length, 20);
  const other = all(server().batch(requests(3)));
  await time.pass(1_000);
  assert.equal(seen.submits.length, 23);
  await time.pass(60_000);
  await Promise.all([settled, other]);
  assert.deepEqual([seen.submits.length, time.timers.size], [34, 0]);
});

test("a running batch is refused as the items of another batch; an ended one is accepted", async () => {
  const seen = tasks();
  const mj = server();
  const batch = mj.batch(requests(6), { concurrency: 2 });
  await batch.next();
  assert.throws(() => mj.batch(batch), { kind: "invalid_request", field: "requests", message: /leave it first/ });
  await batch.return();
  assert.equal((await all(mj.batch(batch))).length, 6);
  assert.deepEqual(seen.submits.sort(), requests(6).map(({ prompt }) => prompt), "each once");
});

test("items that are only waited for don't count against the submit rate", async (t) => {
  const time = fakeTime(t);
  const seen = tasks();
  const reading = all(server().batch(requests(50).map(({ prompt }) => prompt), { concurrency: 100 }));
  await time.pass(0);
  assert.deepEqual([seen.submits.length, seen.looks.length], [0, 50]);
  assert.equal((await reading).length, 50);
});

test("one failed item doesn't affect the others", async () => {
  tasks({
    submit: (name) => ({ "task-1": () => refusal(422), "task-2": unclear, "task-3": () => refusal(500) })[name]?.(),
    look: (name) => ({ "task-4": { taskId: name, successFlag: 3, errorMessage: "blocked" }, "task-5": refusal(401) })[name],
  });
  const settled = await all(server().batch(requests(8)));
  settled.sort((one, other) => one.index - other.index);
  const outcome = ({ task, error }) => (error ? [error.kind, error.billed, error.taskId] : task.state);
  assert.deepEqual(settled.map(outcome), [
    "succeeded",
    ["invalid_request", "no", undefined],
    ["network", "unknown", undefined],
    ["server_error", "unknown", undefined],
    ["task_failed", "unknown", "task-4"],
    ["unauthorized", "yes", "task-5"],
    "succeeded",
    "succeeded",
  ]);
  for (const { error } of settled) assert.ok(error === undefined || error instanceof MidjourneyError);
});

test("out of credits nothing more is submitted, and every other item still settles", async () => {
  const late = gate();
  const seen = tasks({
    submit: (name) => (Number(name.slice(5)) >= 3 ? late.opened.then(() => refusal(402)) : undefined),
    look: (name) => (name === "task-0" ? pause(30).then(() => undefined) : late.open()),
  });
  // The last is a task already; waiting for it costs nothing.
  const given = [...requests(30), "task-x"];
  const batch = server().batch(given);
  const settled = await all(batch);
  assert.equal(settled.length, 31);
  assert.equal(new Set(settled.map(({ index }) => index)).size, 31);
  assert.ok(seen.submits.length <= 3 + 4, `${seen.submits.length} submits`);
  for (const { index, task, error } of settled) {
    if (index < 3 || index === 30) assert.equal(task?.state, "succeeded", inspect(error));
    else assert.deepEqual([error.kind, error.billed, error.retryable], ["insufficient_credits", "no", false]);
  }
  assert.match(settled.find(({ index }) => index === 29).error.message, /not submitted/);
  // What was not submitted is a request still.
  assert.deepEqual(plain(batch).slice(3, 30), given.slice(3, 30));
});

test("a key that is refused stops a batch, too", async () => {
  const seen = tasks({ submit: () => refusal(401) });
  const settled = await all(server().batch(requests(30)));
  assert.deepEqual([settled.length, seen.submits.length <= 4], [30, true]);
  assert.ok(settled.every(({ error }) => error.kind === "unauthorized"));
});

test("after leaving the loop nothing more is submitted, and every task is kept", async (t) => {
  const late = gate();
  const seen = tasks({
    submit: (name) => (name === "task-0" ? undefined : late.opened.then(() => undefined)),
    look: (name) => (name === "task-0" ? undefined : running(name)),
  });
  const left = leftovers(t);
  const given = requests(10);
  const batch = server().batch(given, { concurrency: 3 });
  pause(30).then(late.open);
  for await (const { index } of batch) {
    assert.equal(index, 0);
    break;
  }
  // Leaving waits for the submits on their way: their tasks are known.
  const submitted = seen.submits.length;
  assert.ok(submitted >= 3 && submitted <= 4, `${submitted} submits`);
  const saved = plain(batch);
  assert.equal(saved[0].state, "succeeded");
  for (let number = 1; number < submitted; number++) assert.equal(saved[number].taskId, `task-${number}`);
  assert.deepEqual(saved.slice(submitted), given.slice(submitted));
  assert.deepEqual(left.left, NOTHING);
  await pause(20);
  assert.equal(seen.submits.length, submitted);

  const again = tasks();
  const settled = await all(server().batch(saved));
  assert.equal(settled.length, 10);
  assert.ok(settled.every(({ task }) => task?.images.length === 4));
  assert.deepEqual([...seen.submits, ...again.submits].sort(), given.map(({ prompt }) => prompt).sort(), "each once");
  // Whoever reads on finds the end.
  assert.deepEqual(await batch.next(), { done: true, value: undefined });
});

test("an exception in the loop's body ends the batch as leaving the loop does", async () => {
  const seen = tasks({ look: (name) => (name === "task-0" ? undefined : running(name)) });
  const batch = server().batch(requests(10), { concurrency: 2 });
  const mine = new Error("mine");
  const reading = (async () => {
    for await (const _ of batch) throw mine;
  })();
  assert.equal(await failure(reading), mine);
  const submitted = seen.submits.length;
  await pause(20);
  assert.ok(submitted <= 3 && seen.submits.length === submitted);
  assert.deepEqual(plain(batch).filter(({ taskId }) => taskId).map(({ taskId }) => taskId), seen.submits);
});

test("a batch submits nothing before it is read, or when it is left before its first item", async () => {
  const seen = tasks();
  const batch = server().batch(requests(3));
  assert.deepEqual(plain(batch), requests(3));
  assert.deepEqual(await batch.return(), { done: true, value: undefined });
  assert.deepEqual(await batch.next(), { done: true, value: undefined });
  const other = server().batch(requests(3));
  const first = other.next();
  await other.return();
  assert.equal((await first).done, true);
  await pause(5);
  assert.equal(seen.submits.length, 0);
});

test("concurrent readers of a batch get different items, and each read ends", async () => {
  tasks({ look: () => pause(1).then(() => undefined) });
  const batch = server().batch(requests(3));
  const read = await Promise.all(Array.from({ length: 5 }, () => batch.next()));
  assert.deepEqual(read.map(({ done }) => done), [false, false, false, true, true]);
  assert.deepEqual(read.slice(0, 3).map(({ value }) => value.index).sort(), [0, 1, 2]);
});

test("a reader that waits for the next item gets the end when another one leaves", async () => {
  tasks({ look: (name) => running(name) });
  const batch = server().batch(requests(3));
  const waiting = batch.next();
  await pause(5);
  await batch.return();
  assert.deepEqual(await waiting, { done: true, value: undefined });
});

test("a resumed batch submits nothing twice, whenever it was saved", async () => {
  // Saved at every turn, as by a process that dies there, and taken up by another.
  for (let turn = 0; turn < 25; turn++) {
    const first = tasks({
      submit: () => new Promise((resolve) => setImmediate(resolve)),
      look: (name) => (Number(name.slice(5)) % 2 ? running(name) : undefined),
    });
    const batch = server().batch(requests(6), { concurrency: 2, timeout: 20 });
    const reading = all(batch);
    for (let step = 0; step < turn; step++) await new Promise((resolve) => setImmediate(resolve));
    const saved = JSON.stringify(batch);
    const known = [...first.submits];
    await reading;
    const second = tasks();
    const again = server().batch(JSON.parse(saved));
    const settled = await all(again);
    assert.equal(settled.length, 6);
    assert.deepEqual(second.submits.filter((name) => known.includes(name)), [], `turn ${turn}`);
    // What was on its way is unknown to whoever reads it: named, and not sent again.
    for (const { index, request, task, error } of settled) {
      if (task) continue;
      assert.deepEqual([error.kind, error.billed, request], ["aborted", "unknown", requests(6)[index]]);
      assert.match(error.message, /on its way/);
    }
    assert.ok(settled.filter(({ error }) => error).length <= 2);
  }
});

test("a new batch does the items that the last one left", async () => {
  tasks({ look: (name) => (name === "task-1" ? running(name) : undefined) });
  const batch = server().batch([request("task-0"), request("task-1")], { timeout: 10 });
  const [, second] = (await all(batch)).sort((one, other) => one.index - other.index);
  assert.deepEqual([second.error.kind, second.error.taskId, second.error.billed], ["still_running", "task-1", "yes"]);
  const seen = tasks();
  // As it is, and by way of its JSON.
  for (const rest of [batch, plain(batch)]) {
    const settled = await all(server().batch(rest));
    assert.deepEqual(settled.map(({ task }) => task.taskId).sort(), ["task-0", "task-1"]);
  }
  assert.deepEqual(seen.submits, []);
});

test("an item whose submit had an unknown outcome is never submitted again", async () => {
  const first = tasks({ submit: (name) => (name === "task-1" ? unclear() : undefined) });
  const batch = server().batch(requests(3));
  const before = (await all(batch)).find(({ index }) => index === 1).error;
  assert.deepEqual([before.kind, before.billed], ["network", "unknown"]);
  assert.deepEqual(first.submits.sort(), ["task-0", "task-1", "task-2"]);
  let saved = plain(batch);
  const seen = tasks();
  // However often.
  for (let times = 0; times < 3; times++) {
    const again = server().batch(saved);
    const settled = await all(again);
    const { error } = settled.find(({ index }) => index === 1);
    assert.ok(error instanceof MidjourneyError);
    assert.deepEqual(
      [error.kind, error.billed, error.retryable, error.message],
      [before.kind, before.billed, before.retryable, before.message],
    );
    assert.deepEqual(settled.map(({ request }) => request.prompt ?? request.taskId).sort(), ["task-0", "task-1", "task-2"]);
    saved = plain(again);
  }
  assert.deepEqual(seen.submits, []);
});

test("an unknown outcome at a gateway keeps what `reconcile` needs", async () => {
  tasks({ submit: unclear });
  const mj = server({ apiKey: undefined, endpoint: "https://app.example/api/v1/mj" });
  const batch = mj.batch([request("task-0")]);
  const [{ error }] = await all(batch);
  assert.deepEqual(error.submit.route, "generate");
  assert.deepEqual(plain(batch)[0].error.submit, error.submit);
});

test("a save inside the loop keeps what `reconcile` needs for submits that have just begun", async () => {
  const seen = tasks();
  const mj = server({ apiKey: undefined, endpoint: "https://app.example/api/v1/mj" });
  const batch = mj.batch(requests(12), { concurrency: 4 });
  let begun = 0;
  for await (const { error } of batch) {
    assert.equal(error, undefined);
    for (const item of plain(batch).filter(({ error }) => error)) {
      begun++;
      assert.deepEqual([item.error.billed, JSON.parse(item.error.submit.body)], ["unknown", item.request]);
      assert.ok(seen.submits.includes(item.request.prompt), "it has left");
    }
  }
  assert.ok(begun > 0);
});

test("a submit to a gateway that was under way at the save is found by `reconcile`", async (t) => {
  const gateway = await vendor(t, ({ method, url, headers }) => {
    if (url === "/api/v1/health") return { idempotencyKeys: true };
    if (method === "GET") return succeeded(new URL(url, "http://a").searchParams.get("taskId"));
    return gateway.submits.length > 1 ? { taskId: headers["idempotency-key"] } : never();
  });
  const mj = server({ apiKey: undefined, endpoint: gateway.api });
  const batch = mj.batch([request("task-0")]);
  batch.next();
  while (gateway.submits.length === 0) await pause(5);
  const [item] = plain(batch);
  const { taskId, taskType, createdAt } = await mj.reconcile(item);
  assert.deepEqual([taskType, createdAt], [IMAGE.taskType, undefined]);
  const [sent, again] = gateway.submits;
  assert.equal(taskId, sent.headers["idempotency-key"]);
  assert.equal(again.body, sent.body);
  const [{ task }] = await all(mj.batch([taskId]));
  assert.equal(task.images.length, 4);
});

test("a foreign exception is kept out of what is saved", async () => {
  tasks({ submit: () => Promise.reject(Object.assign(new TypeError("broke"), { headers: { Authorization: "Bearer x" } })) });
  const batch = server().batch([request("task-0")]);
  const [{ error }] = await all(batch);
  assert.equal(error.cause.message, "broke");
  assert.ok(!JSON.stringify(batch).includes("Bearer"));
});

test("an abort stops a batch: every item settles with what is known of it", async (t) => {
  const late = gate();
  const seen = tasks({
    submit: (name) => (name === "task-1" ? late.opened.then(() => undefined) : undefined),
    look: (name) => running(name),
  });
  const left = leftovers(t);
  const controller = left.controller();
  const reason = new Error("enough");
  const batch = server().batch(requests(6), { concurrency: 3, signal: controller.signal });
  const reading = all(batch);
  await pause(20);
  assert.equal(seen.submits.length, 3);
  controller.abort(reason);
  await pause(20);
  late.open();
  const settled = (await reading).sort((one, other) => one.index - other.index);
  assert.deepEqual(settled.map(({ error }) => [error.kind, error.taskId, error.billed]), [
    ["aborted", "task-0", "yes"],
    ["aborted", "task-1", "yes"],
    ["aborted", "task-2", "yes"],
    ["aborted", undefined, "no"],
    ["aborted", undefined, "no"],
    ["aborted", undefined, "no"],
  ]);
  for (const { error } of settled) assert.equal(error.cause, reason);
  assert.equal(seen.submits.length, 3);
  assert.deepEqual(plain(batch).map(({ taskId }) => taskId), ["task-0", "task-1", "task-2", undefined, undefined, undefined]);
  assert.deepEqual(left.left, NOTHING);
});

test("a submit that waits for its next try isn't sent after its batch is left, and stays to be done", async (t) => {
  for (const refused of ["before", "after"]) {
    const late = gate();
    if (refused === "before") late.open();
    const seen = tasks({ submit: () => late.opened.then(() => envelope(null, { code: 429, headers: { "Retry-After": "1" } })) });
    const left = leftovers(t);
    const leaving = server().batch(requests(20), { concurrency: 8 });
    const next = leaving.next();
    const controller = left.controller();
    const aborted = server().batch(requests(2), { signal: controller.signal });
    const reading = all(aborted);
    await pause(20);
    assert.equal(seen.submits.length, 10);
    const reason = new Error("enough");
    controller.abort(reason);
    const returning = leaving.return();
    late.open();
    assert.deepEqual(await Promise.all([returning, next]), [{ done: true, value: undefined }, { done: true, value: undefined }]);
    for (const { error } of await reading) {
      assert.deepEqual([error.kind, error.billed, error.message, error.cause], ["aborted", "no", "aborted before another try", reason]);
    }
    assert.deepEqual([plain(leaving), plain(aborted)], [requests(20), requests(2)]);
    assert.deepEqual(left.left, NOTHING);
    assert.equal(seen.submits.length, 10);
  }
});

test("a batch that is aborted before it begins submits nothing", async () => {
  const seen = tasks();
  const early = await all(server().batch([...requests(2), "task-x"], { signal: AbortSignal.abort() }));
  assert.deepEqual(early.map(({ error }) => [error.kind, error.billed, error.taskId]), [
    ["aborted", "no", undefined],
    ["aborted", "no", undefined],
    ["aborted", "yes", "task-x"],
  ]);
  const controller = new AbortController();
  const reading = all(server().batch(requests(3), { signal: controller.signal }));
  controller.abort();
  assert.equal((await reading).length, 3);
  assert.equal(seen.submits.length, 0);
});

test("a wrong item is named, and nothing of the batch is sent", async () => {
  const seen = tasks();
  const stored = { error: { kind: "network", message: "broke", billed: "unknown", retryable: false } };
  for (const [wrong, field, must] of [
    [{ ...IMAGE, prompt: "" }, "prompt", /1 to 2000/],
    [{ ...IMAGE, version: 99 }, "version", /one of/],
    [{ ...IMAGE, stylization: NaN }, "stylization", /whole number/],
    [{ ...IMAGE, colour: 1 }, "colour", /unknown field/],
    [{ taskId: "../x" }, "taskId", /id/],
    ["", "taskId", /id/],
    [null, "body", /object/],
    [undefined, "body", /object/],
    [7, "body", /object/],
    [[], "body", /object/],
  ]) {
    // One that is settled before counts, too.
    for (const others of [requests(3), [stored, ...requests(2)]]) {
      const error = await failure(server().batch([...others, wrong, ...requests(2)]).next());
      assert.ok(error instanceof MidjourneyError, inspect(wrong));
      assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", field, "no"], inspect(wrong));
      assert.match(error.message, /^requests\[3\]: /);
      assert.match(error.message, must);
    }
  }
  assert.deepEqual([seen.submits.length, seen.looks.length], [0, 0]);
});

test("a batch of anything but a list, or with invalid options, is refused before anything is sent", async () => {
  const seen = tasks();
  const refused = async (given, options) => {
    try {
      return await failure(server().batch(given, options).next());
    } catch (error) {
      return error;
    }
  };
  for (const given of [undefined, null, 7, {}, "task-0", IMAGE]) {
    const error = await refused(given);
    assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", "requests", "no"], inspect(given));
  }
  for (const [options, field] of [
    [{ concurrency: 0 }, "concurrency"],
    [{ concurrency: 101 }, "concurrency"],
    [{ concurrency: 1.5 }, "concurrency"],
    [{ concurrency: "4" }, "concurrency"],
    [{ concurrency: NaN }, "concurrency"],
    [{ concurrency: Infinity }, "concurrency"],
    [{ timeout: -1 }, "timeout"],
    [{ timeout: "x" }, "timeout"],
    [{ concurency: 4 }, "concurency"],
    [{ idempotencyKey: "one for all" }, "idempotencyKey"],
    [{ signal: 5 }, "signal"],
    [{ signal: new AbortController() }, "signal"],
    [{ onUpdate: "log" }, "onUpdate"],
    [5, "options"],
    ["x", "options"],
  ]) {
    const error = await refused(requests(2), options);
    assert.ok(error instanceof MidjourneyError, inspect(options));
    assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", field, "no"], inspect(options));
  }
  assert.deepEqual([seen.submits.length, seen.looks.length], [0, 0]);
  assert.deepEqual(await all(server().batch([])), []);
  assert.equal((await all(server().batch(new Set(requests(2)), null))).length, 2);
  assert.equal((await all(server().batch(requests(2), { timeout: Infinity, signal: null }))).length, 2);
});

test("`onUpdate` gets each task with the index of its item, and an exception in it loses nothing", async () => {
  const rejected = [];
  const note = (reason) => rejected.push(reason);
  process.on("unhandledRejection", note);
  let count = 0;
  tasks({ look: (name) => (name === "task-1" && ++count < 2 ? envelope(running(name), { headers: { "Retry-After": "1" } }) : undefined) });
  const told = [];
  for (const fail of [
    () => {
      throw new Error("mine");
    },
    () => Promise.reject(new Error("mine, later")),
  ]) {
    const onUpdate = (task, index) => {
      told.push([task.taskId, task.state, index]);
      return fail();
    };
    const settled = await all(server().batch(requests(2), { onUpdate }));
    assert.ok(settled.every(({ task }) => task?.state === "succeeded"));
  }
  await pause(5);
  process.off("unhandledRejection", note);
  assert.deepEqual(rejected, []);
  assert.ok(told.every(([taskId, , index]) => taskId === `task-${index}`));
  assert.equal(told.filter(([, , index]) => index === 1).length > 2, true, inspect(told));
});

test("a slow reader, or one that stops reading, delays no item and leaves nothing open", async (t) => {
  const seen = tasks();
  const left = leftovers(t);
  const batch = server().batch(requests(10));
  await batch.next();
  await pause(30);
  assert.equal(seen.submits.length, 10);
  assert.deepEqual(left.left, NOTHING);
  assert.equal((await all(batch)).length, 9);
});

test("waiting for a thousand tasks leaves no timer, listener or request behind", async (t) => {
  const left = leftovers(t);
  tasks();
  const names = Array.from({ length: 1000 }, (_, number) => `task-${number}`);
  const settled = await all(server().batch(names, { concurrency: 50 }));
  assert.equal(settled.length, 1000);
  assert.deepEqual(left.left, NOTHING);
});

test("a batch leaves no timer, listener or request behind, however it ends", async (t) => {
  for (const [what, vendor, options, read] of [
    ["done", {}, {}, all],
    ["failed", { submit: unclear }, {}, all],
    ["refused", { submit: () => refusal(402) }, {}, all],
    ["out of time", { look: running }, { timeout: 10 }, all],
    ["wrong", {}, { concurrency: 0 }, (batch) => failure(batch.next())],
    ["left", { look: (name) => (name === "task-0" ? undefined : running(name)) }, {}, async (batch) => {
      await batch.next();
      await batch.return();
    }],
    ["left while it is spaced", {}, { concurrency: 100 }, async (batch) => {
      await batch.next();
      await batch.return();
    }],
  ]) {
    tasks(vendor);
    const left = leftovers(t);
    const { signal } = left.controller();
    await read(server().batch(requests(25).slice(0, what.includes("spaced") ? 25 : 6), { ...options, signal }));
    await idle();
    assert.deepEqual(left.left, NOTHING, what);
  }
});

test("a submit without an answer delays only its own item", async () => {
  const seen = tasks({ submit: (name) => (name === "task-0" ? never() : undefined) });
  const batch = server().batch(requests(10), { concurrency: 2 });
  for (let count = 0; count < 9; count++) assert.equal((await batch.next()).value.task.state, "succeeded");
  assert.equal(seen.submits.length, 10);
});
