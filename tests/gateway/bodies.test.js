/** Bodies that are too long, too slow, or marked: each gets an answer, with an id and a line in the log. Rows 12 and 25. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { TOKEN, Upstream, envelope, exactly, gatewayOn } from "../support/servers.js";

const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };
const upstream = new Upstream(() => envelope({ taskId: "9f47c52047dda21bb3df0488736cce57" }));
const gateway = await gatewayOn(upstream);
const JSON_TYPE = { "Content-Type": "application/json", Authorization: `Bearer ${TOKEN}` };

/** The log's line of an answer. */
function lineOf({ json: { requestId } }) {
  const lines = gateway.lines.filter((line) => line.includes(requestId));
  assert.equal(lines.length, 1);
  return JSON.parse(lines[0]);
}

for (const [size, times] of [[70_000, 100], [200_000, 200], [1_000_000, 200], [3_900_000, 10]]) {
  test(`row 12: of ${times} posts of ${size} bytes each gets its 413`, async () => {
    const body = "x".repeat(size);
    for (let number = 0; number < times; number += 10) {
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, at) => (at % 2 ? gateway.post("generate", body) : exactly(`${gateway.api}/generate`, { headers: JSON_TYPE, parts: [body] }))),
      );
      for (const answer of answers) {
        assert.deepEqual([answer.status, answer.json.code], [413, 413]);
        assert.match(answer.json.msg, /^body: must be at most 65536 bytes$/);
      }
      assert.equal(lineOf(answers[0]).outcome, 413);
    }
    assert.equal(upstream.requests.length, 0);
  });
}

/** Posts a body of which a byte comes every now and then, and no end. */
function drip(path, headers) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    let answer = "";
    const startedAt = Date.now();
    socket.write(`POST ${path} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 5000\r\n${headers.map((header) => `${header}\r\n`).join("")}\r\n`);
    const dripping = setInterval(() => socket.write("x"), 200);
    socket.on("data", (data) => (answer += data));
    socket.on("error", () => {});
    socket.on("close", () => {
      clearInterval(dripping);
      const [head, body] = answer.split("\r\n\r\n");
      try {
        const json = JSON.parse(body.match(/\{.*\}/)[0]);
        resolve({ status: Number(head.split(" ")[1]), json, ms: Date.now() - startedAt });
      } catch {
        reject(new Error(`no answer: ${answer}`));
      }
    });
  });
}

test("row 25: a body that drips ends with 408 in seconds, whoever sends it and wherever", { timeout: 60_000 }, async () => {
  const type = "Content-Type: application/json";
  const [known, unknown, callback] = ["/api/v1/mj/generate", "/api/v1/mj/generate", `/api/v1/callback/${"A".repeat(32)}/${"B".repeat(32)}`];
  const answers = await Promise.all([
    ...Array.from({ length: 20 }, () => drip(known, [type, `Authorization: Bearer ${TOKEN}`])),
    drip(unknown, [type]),
    drip(callback, [type]),
  ]);
  for (const answer of answers) {
    assert.deepEqual([answer.status, answer.json.msg], [408, "body: must arrive within 10 s"]);
    assert.ok(answer.ms < 15_000, `${answer.ms} ms`);
    assert.equal(lineOf(answer).outcome, 408);
  }
  assert.equal(upstream.requests.length, 0);
  assert.equal((await gateway.get("../health")).status, 200);
});

test("a byte order mark in front of a body means nothing", async () => {
  const answer = await gateway.post("generate", `\ufeff${JSON.stringify(IMAGE)}`);
  assert.equal(answer.status, 200, answer.body);
  assert.deepEqual(JSON.parse(upstream.submits.at(-1).body), IMAGE);
});
