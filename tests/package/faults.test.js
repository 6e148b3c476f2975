/** What vendors and networks do wrong, over real connections: no submit is sent twice, no failure reads as a success. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { inspect } from "node:util";
import { MidjourneyError } from "../../dist/node.js";
import {
  IMAGE, envelope, failure, reset, running, server, shortMinute, stub, succeeded, vendor,
} from "./stub.js";

const SUBMITS = [
  ["generate", (mj, options) => mj.generate(IMAGE, options)],
  ["run", (mj, options) => mj.run(IMAGE, options)],
  ["vary", (mj, options) => mj.vary("a", 1, options)],
  ["extendVideo", (mj, options) => mj.extendVideo("a", 1, options)],
];
const READS = [
  ["status", (mj) => mj.status("a")],
  ["record", (mj) => mj.record("a")],
  ["credits", (mj) => mj.credits()],
];

/** What a server may do with a request once it has it, and the error that is then due. */
const UNCLEAR = {
  "resets the connection": [reset, "network"],
  "closes it without an answer": [(_, response) => void response.socket.end(), "network"],
  "breaks off in the headers": [
    (_, response) => void response.socket.write("HTTP/1.1 200 OK\r\nContent-Le", () => response.socket.resetAndDestroy()),
    "network",
  ],
  "breaks off in the body": [
    (_, response) => {
      response.writeHead(200, { "Content-Type": "application/json", "Content-Length": 60 });
      response.write('{"code":200,"data":{"taskId":"a"', () => response.socket.resetAndDestroy());
    },
    "network",
  ],
  "ends half of a chunked body": [
    (_, response) => {
      response.writeHead(200, { "Content-Type": "application/json" });
      response.write('{"code":200,"data":{"taskId":"a"', () => response.socket.end());
    },
    "network",
  ],
  "answers no HTTP": [(_, response) => void response.socket.end("SSH-2.0-OpenSSH_9.9\r\n"), "network"],
  "answers 500 after accepting": [() => envelope(null, { code: 500, status: 500 }), "server_error"],
  "answers 502 after accepting": [() => new Response("<html>Bad Gateway</html>", { status: 502 }), "server_error"],
  "answers 504 with nothing": [() => new Response("", { status: 504 }), "server_error"],
  "answers code 500 in HTTP 200": [() => envelope(null, { code: 500 }), "server_error"],
  "answers garbage": [() => new Response("\u0000\u0001{]"), "bad_response"],
  "answers half of a JSON text": [() => new Response('{"code":200,"data":{"taskId":"a"'), "bad_response"],
  "answers with no data": [() => envelope(null), "bad_response"],
  "answers with a list": [() => envelope([]), "bad_response"],
  "redirects": [
    () => new Response(null, { status: 307, headers: { Location: "http://127.0.0.1:1/elsewhere" } }),
    "bad_response",
  ],
};

for (const [what, [answer, kind]] of Object.entries(UNCLEAR)) {
  test(`row 31: a submit to a server that ${what} is sent once, and nobody knows whether it was billed`, async (t) => {
    const { api, requests } = await vendor(t, answer);
    const mj = server({ endpoint: api });
    for (const [name, submit] of SUBMITS) {
      requests.length = 0;
      const error = await failure(submit(mj));
      assert.ok(error instanceof MidjourneyError, name);
      assert.deepEqual([error.kind, error.billed, error.retryable], [kind, "unknown", false], inspect(error));
      assert.deepEqual(requests.map(({ method }) => method), ["POST"], name);
      assert.match(error.message, /may have been created and billed/);
    }
  });

  test(`row 32: a read of a server that ${what} is tried three times at the most, and costs nothing`, async (t) => {
    const { api, requests } = await vendor(t, answer);
    const names = await Promise.all(READS.map(async ([name, read]) => {
      // A client of its own: none pays for the retries of another.
      const error = await failure(read(server({ endpoint: api })));
      assert.deepEqual([error.kind, error.billed], [kind, "no"], `${name}: ${inspect(error)}`);
      return name;
    }));
    // An answer that makes no sense will make none again.
    assert.equal(requests.length, names.length * (kind === "bad_response" ? 1 : 3));
  });
}

test("row 31: a submit to a server that stalls is sent once, ends by itself and may have been billed", async (t) => {
  const { api, requests } = await vendor(t, () => {});
  shortMinute(t);
  for (const [name, submit] of SUBMITS) {
    requests.length = 0;
    const error = await failure(submit(server({ endpoint: api })));
    assert.deepEqual([error.kind, error.billed, error.retryable], ["network", "unknown", false], name);
    assert.match(error.message, /did not answer in the time/);
    assert.equal(requests.length, 1, name);
  }
});

test("row 31: a submit whose answer never ends is given up after 60 s and may have been billed", async (t) => {
  const { api, requests } = await vendor(t, (_, response) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    const drip = setInterval(() => response.write(" "), 10);
    response.on("close", () => clearInterval(drip));
  });
  shortMinute(t);
  const error = await failure(server({ endpoint: api }).generate(IMAGE));
  assert.deepEqual([error.kind, error.billed, requests.length], ["network", "unknown", 1]);
});

test("row 31: a submit that is aborted while the server stalls may have been billed", async (t) => {
  const controller = new AbortController();
  const { api, requests } = await vendor(t, () => controller.abort());
  const error = await failure(server({ endpoint: api }).generate(IMAGE, { signal: controller.signal }));
  assert.deepEqual([error.kind, error.billed, requests.length], ["aborted", "unknown", 1]);
});

test("row 31: a refused connection is tried three times and not billed", async () => {
  // A port that was free a moment ago.
  const probe = createServer();
  await new Promise((ready) => probe.listen(0, "127.0.0.1", ready));
  const { port } = probe.address();
  await new Promise((closed) => probe.close(closed));
  const tried = [];
  const real = fetch;
  globalThis.fetch = (...args) => {
    tried.push(args);
    return real(...args);
  };
  for (const call of [(mj) => mj.generate(IMAGE), (mj) => mj.status("a")]) {
    tried.length = 0;
    const error = await failure(call(server({ endpoint: `http://127.0.0.1:${port}/api/v1/mj` })));
    assert.deepEqual([error.kind, error.billed, error.retryable, tried.length], ["network", "no", true, 3]);
    assert.match(error.message, /nothing was sent/);
    assert.equal(error.cause.cause.code, "ECONNREFUSED", "the host's own exception");
  }
});

test("row 31: a submit to an unknown host name is not billed", async () => {
  const error = await failure(server({ endpoint: "https://midapi.invalid/api/v1/mj" }).generate(IMAGE));
  assert.deepEqual([error.kind, error.billed], ["network", "no"], inspect(error));
});

test("row 31: a kept-alive connection that breaks doesn't count as refused: the submit may have been billed", async (t) => {
  // The second submit finds a connection that the server ends as the request arrives.
  let count = 0;
  const played = await vendor(t, (request, response) => {
    return ++count === 1 ? { taskId: "a" } : reset(request, response);
  });
  const mj = server({ endpoint: played.api });
  await mj.generate(IMAGE);
  const error = await failure(mj.generate(IMAGE));
  assert.deepEqual([error.kind, error.billed, played.submits.length], ["network", "unknown", 2]);
});

const refusal = (code, headers, status = code) => envelope(null, { code, status, msg: "no", headers });

test("row 32: a refusal that comes before acceptance is tried again: the submit is accepted once", async (t) => {
  for (const code of [429, 455]) {
    let count = 0;
    const { api, requests } = await vendor(t, () => (++count < 3 ? refusal(code, { "Retry-After": "0" }) : { taskId: "a" }));
    assert.equal((await server({ endpoint: api }).generate(IMAGE)).taskId, "a");
    assert.equal(requests.length, 3);
    assert.equal(new Set(requests.map(({ headers }) => headers["idempotency-key"])).size, 1, "under one key");
  }
});

test("row 32: the pause of a Retry-After is kept", async (t) => {
  let count = 0;
  const { api, requests } = await vendor(t, () => (++count === 1 ? refusal(429, { "Retry-After": "1" }) : running()));
  await server({ endpoint: api }).status("a");
  const waited = requests[1].at - requests[0].at;
  // A timer may be a millisecond early.
  assert.ok(waited >= 999, `${waited} ms`);
});

test("row 32: in a storm no read is sent more than three times, nor 200 of them more than 240 times", async (t) => {
  for (const answer of [() => refusal(429, { "Retry-After": "0" }), () => refusal(503, { "Retry-After": "0" })]) {
    const { api, requests } = await vendor(t, answer);
    const mj = server({ endpoint: api });
    const most = [];
    for (let call = 0; call < 200; call++) {
      const before = requests.length;
      assert.equal((await failure(mj.status(`task-${call}`))).billed, "no");
      most.push(requests.length - before);
    }
    assert.ok(Math.max(...most) <= 3, `${Math.max(...most)} tries`);
    assert.ok(requests.length <= 240, `${requests.length} requests`);
    // The budget is spent on the first calls; each of the last still gets its one request.
    assert.deepEqual([most[0], Math.min(...most)], [3, 1]);
    t.diagnostic(`200 calls in a storm: ${requests.length} requests`);
  }
});

test("row 32: in a storm 200 concurrent reads are sent 240 times at the most", async (t) => {
  const { api, requests } = await vendor(t, () => refusal(429, { "Retry-After": "0" }));
  const mj = server({ endpoint: api });
  await Promise.all(Array.from({ length: 200 }, (_, number) => failure(mj.status(`task-${number}`))));
  assert.ok(requests.length <= 240, `${requests.length} requests`);
});

test("row 32: out of credits stops at once, and says so", async (t) => {
  for (const status of [200, 402]) {
    const { api, requests } = await vendor(t, () => envelope(null, { code: 402, status, msg: "Insufficient credits" }));
    const error = await failure(server({ endpoint: api }).run(IMAGE));
    assert.deepEqual(
      [error.kind, error.billed, error.retryable, error.code, error.message],
      ["insufficient_credits", "no", false, 402, "Insufficient credits"],
    );
    assert.equal(requests.length, 1);
  }
});

const CODES = [
  [400, "invalid_request", "no", "not_found"],
  [401, "unauthorized", "no"],
  [402, "insufficient_credits", "no"],
  [403, "unauthorized", "no"],
  [404, "not_found", "no"],
  [422, "invalid_request", "no", "not_found"],
  [429, "rate_limited", "no"],
  [455, "maintenance", "no"],
  [500, "server_error", "unknown"],
  [501, "server_error", "unknown"],
  [503, "server_error", "unknown"],
  [505, "disabled", "no"],
  [599, "server_error", "unknown"],
  [418, "bad_response", "unknown"],
  [0, "bad_response", "unknown"],
  [-1, "bad_response", "unknown"],
  [201, "bad_response", "unknown"],
  [99_999, "bad_response", "unknown"],
];

test("row 33: an error code means the same in HTTP 200, as a text, and as the HTTP status", async () => {
  for (const [code, kind, billed, ofRead = kind] of CODES) {
    const answers = [envelope(null, { code, msg: "why" }), envelope(null, { code: String(code), msg: "why" })];
    if (code >= 400 && code < 600) answers.push(envelope(null, { code, msg: "why", status: code }));
    // The code inside decides, unless it says 200 and the status doesn't.
    if (code >= 400 && code < 600) answers.push(envelope({ taskId: "a" }, { code: 200, msg: "why", status: code }));
    for (const answer of answers) {
      // Asked to wait too long, a client doesn't try again.
      answer.headers.set("Retry-After", "3600");
      stub(() => answer.clone());
      const submit = await failure(server().generate(IMAGE));
      assert.deepEqual([submit.kind, submit.billed, submit.code], [kind, billed, code], inspect(submit));
      assert.match(submit.message, /^why/);
      const read = await failure(server().status("a"));
      assert.deepEqual([read.kind, read.billed, read.taskId], [ofRead, "no", "a"], inspect(read));
    }
  }
});

/** Bodies of HTTP 200 that are no answer of the API. */
const deep = (open, close = "", levels = 100_000) => open.repeat(levels) + close.repeat(levels);
const SENSELESS = {
  HTML: "<!doctype html><title>Welcome</title>",
  nothing: "",
  "a space": " ",
  null: "null",
  "a number": "7",
  "a text": '"ok"',
  "a list": "[]",
  "an empty object": "{}",
  "an envelope without data": '{"code":200,"msg":"success"}',
  "an envelope with null data": '{"code":200,"msg":"success","data":null}',
  "two values": '{"code":200,"data":{}} {"code":200}',
  "a comma too many": '{"code":200,"data":{"taskId":"a",}}',
  "single quotes": "{'code':200}",
  "a code that is no number": '{"code":{},"data":{"taskId":"a"}}',
  "a code past all numbers": '{"code":1e999,"data":{"taskId":"a"}}',
  "a list of 100,000 levels": deep("[", "]"),
  "an object of 100,000 levels": deep('{"a":', "}").replace(":}", ":1}"),
  "100,000 open brackets": deep("["),
  "data of 100,000 levels": `{"code":200,"data":${deep("[", "]")}}`,
  "data of 100,000 open objects": `{"code":200,"data":${deep('{"taskId":')}`,
  "5 MB of one text": JSON.stringify("x".repeat(5e6)),
  "5 MB of brackets": "[],".repeat(1.7e6),
  "5 MB that are no JSON": "\u0000".repeat(5e6),
  "broken UTF-8": Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a]),
  "half a surrogate": '{"code":200,"data":{"taskId":"\\ud800"}}',
  "an id that is a path": '{"code":200,"data":{"taskId":"../credit"}}',
  "an id that is a number": '{"code":200,"data":{"taskId":7}}',
};

test("row 33: an unreadable answer is a bad_response, and never a success", async () => {
  for (const [what, body] of Object.entries(SENSELESS)) {
    stub(() => new Response(body));
    const submit = await failure(server().generate(IMAGE));
    assert.deepEqual([submit.kind, submit.billed], ["bad_response", "unknown"], `${what}: ${inspect(submit)}`);
    assert.ok(submit.message.length < 1200, what);
    // A record is not judged by its task's id.
    if (what.includes("id that") || what === "half a surrogate") continue;
    for (const read of [() => server().credits(), () => server().record("a")]) {
      const error = await failure(read());
      assert.deepEqual([error.kind, error.billed], ["bad_response", "no"], `${what}: ${inspect(error)}`);
    }
    // A wait looks again, until its time is over.
    const error = await failure(server().wait("a", { timeout: 0 }));
    assert.deepEqual([error.kind, error.taskId], ["still_running", "a"], what);
  }
});

test("row 33: an answer with 5 MB of other fields is read", async (t) => {
  const ballast = "x".repeat(5e6);
  const { api } = await vendor(t, ({ method }) => ({ ballast, ...(method === "POST" ? { taskId: "a" } : succeeded()), more: ballast }));
  const mj = server({ endpoint: api });
  assert.equal((await mj.generate(IMAGE)).taskId, "a");
  assert.equal((await mj.wait("a")).images.length, 4);
});

test("row 33: an error shows only the start of a 5 MB message", async () => {
  stub(() => envelope(null, { code: 401, msg: "no ".repeat(1.7e6) }));
  const error = await failure(server().generate(IMAGE));
  assert.deepEqual([error.kind, error.message.length], ["unauthorized", 1001]);
});

test("row 33: a task's record is read tolerantly, and never as a success with no image", async () => {
  const url = "https://example.com/1.jpg";
  const results = { resultUrls: [{ resultUrl: url }] };
  for (const [record, state, images = 0] of [
    [{ successFlag: 1, resultInfoJson: results }, "succeeded", 1],
    [{ successFlag: "1", resultInfoJson: results }, "succeeded", 1],
    [{ successFlag: 1, resultInfoJson: JSON.stringify(results) }, "succeeded", 1],
    [{ successFlag: 1, resultInfoJson: { resultUrls: [url] } }, "succeeded", 1],
    [{ successFlag: 1, resultInfoJson: null }, "running"],
    [{ successFlag: 1 }, "running"],
    [{ successFlag: 1, resultInfoJson: {} }, "running"],
    [{ successFlag: 1, resultInfoJson: { resultUrls: [] } }, "running"],
    [{ successFlag: 1, resultInfoJson: { resultUrls: null } }, "running"],
    [{ successFlag: 1, resultInfoJson: { resultUrls: [null, {}, { resultUrl: null }, 7] } }, "running"],
    [{ successFlag: 1, resultInfoJson: { resultUrls: ["javascript:alert(1)", "data:text/html,x", "//x/1.jpg"] } }, "running"],
    [{ successFlag: 1, resultInfoJson: "not JSON" }, "running"],
    [{ successFlag: 1, resultInfoJson: deep("[") }, "running"],
    [{ successFlag: 0, resultInfoJson: results }, "running"],
    [{}, "running"],
    [{ successFlag: null }, "running"],
    [{ successFlag: true }, "running"],
    [{ successFlag: 4 }, "running"],
    [{ successFlag: "SUCCESS" }, "running"],
    [{ successFlag: 1e300 }, "running"],
    [{ successFlag: 0, taskType: "mj_something_new", errorCode: {} }, "running"],
    [{ successFlag: 0, createTime: "yesterday", completeTime: -1e300 }, "running"],
    [{ successFlag: 2 }, "failed"],
    [{ successFlag: "3", errorCode: "VIDEO_EXTEND_FAILED", errorMessage: "no" }, "failed"],
    [{ successFlag: 3, errorCode: 500, errorMessage: null }, "failed"],
    [{ successFlag: 2, resultInfoJson: results }, "failed"],
  ]) {
    stub(() => ({ taskId: "a", ...record }));
    const task = await server().status("a");
    assert.deepEqual([task.taskId, task.state, task.images.length], ["a", state, images], inspect(record));
    assert.equal(state === "failed", typeof task.failure?.message === "string" && task.failure.message !== "");
  }
});

test("whatever the caller's fetch throws becomes a MidjourneyError", async () => {
  for (const fetch of [
    () => {
      throw new Error("at once");
    },
    () => Promise.reject(undefined),
    () => Promise.reject("a text"),
    () => Promise.reject({ code: 7 }),
    () => Promise.reject({ cause: null }),
    () => undefined,
    () => Promise.resolve(null),
    () => Promise.resolve({ status: 200 }),
    () => Promise.resolve({ status: 200, headers: new Headers(), text: () => Promise.reject(new Error("half")) }),
    () => Promise.resolve(Response.error()),
    () => Promise.resolve(new Response(new ReadableStream({ start: (stream) => stream.error(new Error("half")) }))),
    // As a wrapper leaves it that has read the body, or is about to.
    async () => {
      const response = envelope({ taskId: "a" });
      await response.text();
      return response;
    },
    async () => {
      const response = envelope({ taskId: "a" });
      response.body.getReader();
      return response;
    },
    async () => new Response(new ReadableStream({ start: (stream) => stream.enqueue(null) })),
    async () => ({ headers: new Headers(), text: async () => "{}", get status() { throw new Error("mine"); } }),
  ]) {
    globalThis.fetch = fetch;
    const error = await failure(server().generate(IMAGE));
    assert.deepEqual([error instanceof MidjourneyError, error.billed], [true, "unknown"], `${fetch}: ${inspect(error)}`);
  }
});

test("a signal that throws ends its call with an error, and the next call works", async () => {
  const thrown = new Error("mine");
  const refuse = () => {
    throw thrown;
  };
  const heard = { aborted: false, addEventListener() {}, removeEventListener() {} };
  for (const signal of [
    { ...heard, addEventListener: refuse },
    { ...heard, removeEventListener: refuse },
    Object.defineProperty({ ...heard, aborted: true }, "reason", { get: refuse }),
  ]) {
    const sent = stub((_, { method }) => (method === "POST" ? { taskId: "a" } : succeeded()));
    const mj = server();
    const error = await failure(mj.generate(IMAGE, { signal }));
    assert.ok(error instanceof MidjourneyError, inspect(error));
    assert.equal(error.billed, "unknown");
    assert.ok(sent.length < 2, String(sent.length));
    // Of a batch an item may have settled before.
    const all = async () => {
      for await (const { task } of mj.batch(["a"], { signal })) assert.equal(task.state, "succeeded");
    };
    assert.ok((await failure(all())) instanceof MidjourneyError);
    assert.equal((await mj.status("a")).taskId, "a");
  }
});
