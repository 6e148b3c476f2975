/** What became of a submit that got no clear answer: a gateway that honours idempotency keys is asked, nobody else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { MidjourneyError } from "../../dist/node.js";
import { IMAGE, envelope, failure, reset, server, stub, vendor } from "./stub.js";

const HEALTHY = { idempotencyKeys: true };

/**
 * A gateway that creates one task for each key, over a real connection. It loses as many of its answers to submits as
 * told, once the task is created.
 */
async function gateway(t, { lost = 0, health = () => HEALTHY } = {}) {
  const tasks = new Map();
  let left = lost;
  const played = await vendor(t, (request, response) => {
    if (request.url === "/api/v1/health") return health(request, response);
    if (request.method === "GET") return { taskId: "a", successFlag: 0 };
    const key = request.headers["idempotency-key"];
    if (!tasks.has(key)) tasks.set(key, { taskId: `task-${tasks.size + 1}`, url: request.url, body: request.body });
    // The same key with another body is another submit, which a gateway refuses.
    if (tasks.get(key).body !== request.body) return envelope(null, { code: 422, msg: "idempotencyKey: was used before" });
    return left-- > 0 ? reset(request, response) : { taskId: tasks.get(key).taskId };
  });
  return { ...played, tasks, requests: played.requests, mj: server({ apiKey: undefined, endpoint: played.api }) };
}

const SUBMITS = {
  generate: (mj, options) => mj.generate(IMAGE, options),
  run: (mj, options) => mj.run(IMAGE, { ...options, timeout: 0 }),
  upscale: (mj, options) => mj.upscale("a", 2, options),
  vary: (mj, options) => mj.vary("a", 3, options),
  extendVideo: (mj, options) => mj.extendVideo("a", 4, { ...options, prompt: "it flies" }),
};

test("every submit to a gateway has an idempotency key: the caller's or a new one", async (t) => {
  const { mj, requests } = await gateway(t);
  for (const submit of Object.values(SUBMITS)) {
    for (const idempotencyKey of [undefined, "order-7"]) await submit(mj, { idempotencyKey }).catch(() => {});
  }
  const keys = requests.filter(({ method }) => method === "POST").map(({ headers }) => headers["idempotency-key"]);
  assert.equal(keys.length, 10);
  assert.equal(keys.filter((key) => key === "order-7").length, 5);
  const own = keys.filter((key) => key !== "order-7");
  assert.equal(new Set(own).size, 5);
  for (const key of own) assert.match(key, /^\d{13}-\d+-\d+$/);
  for (const { method, headers } of requests) if (method === "GET") assert.equal(headers["idempotency-key"], undefined);
});

test("the keys of many submits at once, and of many clients, differ", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  const clients = Array.from({ length: 10 }, () => server({ endpoint: "https://app.example/api/v1/mj" }));
  await Promise.all(clients.flatMap((mj) => Array.from({ length: 20 }, () => mj.generate(IMAGE))));
  assert.equal(new Set(sent.map(({ init }) => init.headers["Idempotency-Key"])).size, 200);
});

test("no idempotency key is sent to the vendor, not even the caller's", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  for (const endpoint of [undefined, "https://api.midapi.ai/api/v1/mj", "https://api.midapi.ai/api/v1/mj/"]) {
    for (const submit of [SUBMITS.generate, SUBMITS.upscale]) await submit(server({ endpoint }), { idempotencyKey: "order-7" });
  }
  assert.equal(sent.length, 6);
  for (const { init } of sent) assert.deepEqual(Object.keys(init.headers), ["Authorization", "Content-Type"]);
});

for (const [name, submit] of Object.entries(SUBMITS)) {
  test(`after a gateway's lost answer to ${name}, reconcile finds the one task that was created`, async (t) => {
    for (const keep of [(error) => error, (error) => error.submit, (error) => JSON.parse(JSON.stringify(error.submit)), (error) => JSON.parse(JSON.stringify(error))]) {
      const { mj, tasks, requests, api } = await gateway(t, { lost: 1 });
      const error = await failure(submit(mj));
      assert.deepEqual([error.kind, error.billed, tasks.size], ["network", "unknown", 1], inspect(error));
      // By another client, too, as in another process.
      for (const client of [mj, server({ apiKey: undefined, endpoint: api })]) {
        const task = await client.reconcile(keep(error));
        assert.deepEqual([task.taskId, task.state], ["task-1", "running"]);
      }
      assert.equal(tasks.size, 1);
      assert.equal(new Set(requests.filter(({ method }) => method === "POST").map(({ body }) => body)).size, 1, "byte for byte");
    }
  });
}

test("`reconcile` finds the task after every kind of unclear answer", async (t) => {
  for (const answer of [
    () => new Response("<html>", { status: 502 }),
    () => envelope(null, { code: 500 }),
    () => new Response("garbage"),
    () => envelope(null),
    (request, response) => void response.socket.end(),
  ]) {
    let first = true;
    const { api } = await vendor(t, (request, response) => {
      if (request.method === "GET") return HEALTHY;
      const unclear = first;
      first = false;
      return unclear ? answer(request, response) : { taskId: "task-1" };
    });
    const mj = server({ apiKey: undefined, endpoint: api });
    const error = await failure(mj.generate(IMAGE));
    assert.equal(error.billed, "unknown");
    assert.equal((await mj.reconcile(error)).taskId, "task-1");
  }
});

test("when the answer to `reconcile` is lost, too, the submit stays unknown and can be reconciled again", async (t) => {
  const { mj, tasks } = await gateway(t, { lost: 3 });
  let error = await failure(mj.generate(IMAGE));
  const { submit } = error;
  for (let times = 0; times < 2; times++) {
    error = await failure(mj.reconcile(error));
    assert.deepEqual([error.kind, error.billed, error.submit], ["network", "unknown", submit]);
  }
  assert.equal((await mj.reconcile(error)).taskId, "task-1");
  assert.equal(tasks.size, 1);
});

test("`reconcile` submits nothing to a server that doesn't say that it honours keys", async (t) => {
  for (const [health, kind] of [
    [() => envelope(null, { code: 404, status: 404 }), "misconfigured"],
    [() => new Response("<html>", { status: 404 }), "misconfigured"],
    [() => new Response("ok"), "bad_response"],
    [() => ({}), "misconfigured"],
    [() => ({ idempotencyKeys: false }), "misconfigured"],
    [() => ({ idempotencyKeys: "true" }), "misconfigured"],
    [() => ({ idempotencyKeys: 1 }), "misconfigured"],
    [() => [HEALTHY], "misconfigured"],
    [() => envelope(null, { code: 401, status: 401 }), "unauthorized"],
    [reset, "network"],
  ]) {
    const { mj, requests, tasks } = await gateway(t, { lost: 1, health });
    const { submit } = await failure(mj.generate(IMAGE));
    const error = await failure(mj.reconcile(submit));
    assert.ok(error instanceof MidjourneyError);
    assert.deepEqual([error.kind, error.billed, error.retryable, error.submit], [kind, "unknown", false, submit], inspect(error));
    assert.deepEqual([requests.filter(({ method }) => method === "POST").length, tasks.size], [1, 1], kind);
  }
});

test("`reconcile` sends nothing to the vendor", async () => {
  stub(() => Promise.reject(new TypeError("broke")));
  const { submit } = await failure(server({ apiKey: undefined, endpoint: "https://app.example/api/v1/mj" }).generate(IMAGE));
  const sent = stub(() => HEALTHY);
  const error = await failure(server().reconcile(submit));
  assert.deepEqual([error.kind, error.billed, error.submit, sent.length], ["misconfigured", "unknown", submit, 0]);
  // Nor does an error of the vendor's carry what could be asked.
  stub(() => Promise.reject(new TypeError("broke")));
  assert.equal((await failure(server().generate(IMAGE))).submit, undefined);
});

test("a clear refusal leaves nothing to reconcile", async (t) => {
  const { api } = await vendor(t, () => envelope(null, { code: 402, msg: "no" }));
  const error = await failure(server({ apiKey: undefined, endpoint: api }).generate(IMAGE));
  assert.deepEqual([error.kind, error.billed, error.submit], ["insufficient_credits", "no", undefined]);
});

test("`reconcile` repeats the upscale route that was used after a 404", async (t) => {
  let lost = false;
  const { api, requests } = await vendor(t, (request, response) => {
    if (request.url === "/api/v1/health") return HEALTHY;
    if (request.url.endsWith("/upscale")) return envelope(null, { code: 404, status: 404 });
    if (lost) return { taskId: "task-1" };
    lost = true;
    return reset(request, response);
  });
  const mj = server({ apiKey: undefined, endpoint: api });
  const error = await failure(mj.upscale("a", 2));
  assert.deepEqual([error.submit.route, error.submit.body], ["generateUpscale", '{"taskId":"a","imageIndex":1}']);
  assert.equal((await mj.reconcile(error)).taskId, "task-1");
  const routes = requests.map(({ url }) => url.split("/").at(-1));
  assert.deepEqual(routes, ["upscale", "generateUpscale", "health", "generateUpscale"]);
});

test("`reconcile` refuses an invalid submit before anything is sent", async () => {
  const sent = stub(() => HEALTHY);
  const mj = server({ apiKey: undefined, endpoint: "https://app.example/api/v1/mj" });
  const good = { route: "generate", body: "{}", idempotencyKey: "k" };
  for (const [wrong, field] of [
    [undefined, "submit"],
    [null, "submit"],
    ["x", "submit"],
    [{}, "submit"],
    [new Error("x"), "submit"],
    [{ ...good, route: "../../admin" }, "submit"],
    [{ ...good, route: "record-info" }, "submit"],
    [{ ...good, body: "" }, "submit"],
    [{ ...good, body: {} }, "submit"],
    [{ ...good, idempotencyKey: undefined }, "idempotencyKey"],
    [{ ...good, idempotencyKey: "two\r\nlines" }, "idempotencyKey"],
    [{ ...good, idempotencyKey: "x".repeat(256) }, "idempotencyKey"],
  ]) {
    const error = await failure(mj.reconcile(wrong));
    // Whatever it is about, it may have been billed.
    assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", field, "unknown"], inspect(wrong));
  }
  assert.equal(sent.length, 0);
});

test("an idempotency key that can't be a header's value is refused before anything is sent", async () => {
  const sent = stub(() => ({ taskId: "a" }));
  const mj = server({ endpoint: "https://app.example/api/v1/mj" });
  for (const idempotencyKey of ["", "a b", "a\nb", "ü", "x".repeat(256), 7, {}, [], true, Symbol("x"), 7n]) {
    for (const submit of Object.values(SUBMITS)) {
      const error = await failure(submit(mj, { idempotencyKey }));
      assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", "idempotencyKey", "no"], inspect(idempotencyKey));
    }
  }
  assert.equal(sent.length, 0);
  assert.equal((await mj.generate(IMAGE, { idempotencyKey: "x".repeat(255) })).taskId, "a");
});
