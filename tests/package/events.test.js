/** Waits by the events of a gateway, over real connections. When and whether they are opened is tested natively. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Midjourney } from "../../dist/node.js";
import { failure, pause, running, stub, succeeded, vendor } from "./stub.js";

const TASK = () => ({ taskId: "a", expectedAt: Date.now() + 600_000 });
const event = (record) => Buffer.from(`: läuft\r\nevent: task\r\ndata: ${JSON.stringify(record)}\r\n\r\n`);

/** A gateway whose streams of events are written by the function; `closed` are those that their readers have left. */
async function gateway(t, write) {
  const closed = [];
  const { requests, api } = await vendor(t, ({ url }, response) => {
    if (url.endsWith("/health")) return { events: true };
    if (!url.includes("/events?")) return running();
    const { length } = requests.filter(({ url }) => url.includes("/events?"));
    response.on("close", () => closed.push(length));
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    write(response, length);
  });
  const paths = () => requests.map(({ url }) => url.split("/").at(-1));
  return { client: new Midjourney({ endpoint: api }), closed, paths };
}

test("a wait ends by an event, however it is cut, and leaves its connection", async (t) => {
  const { client, closed, paths } = await gateway(t, async (response) => {
    for (const byte of event(running())) {
      response.write(Buffer.of(byte));
      await pause(1);
    }
    response.write(event(succeeded("a", { taskType: "größer" })));
  });
  const states = [];
  const task = await client.wait(TASK(), { onUpdate: ({ state }) => states.push(state) });
  assert.deepEqual([task.images.length, task.taskType, states], [4, "größer", ["running", "succeeded"]]);
  assert.deepEqual(paths(), ["health", "events?taskId=a"]);
  await pause(50);
  assert.deepEqual(closed, [1]);
});

test("a wait that is aborted leaves its connection", async (t) => {
  const { client, closed } = await gateway(t, (response) => response.write(": connected\n\n"));
  const controller = new AbortController();
  const wait = failure(client.wait(TASK(), { signal: controller.signal }));
  await pause(200);
  assert.deepEqual(closed, []);
  controller.abort();
  assert.equal((await wait).kind, "aborted");
  await pause(50);
  assert.deepEqual(closed, [1]);
});

test("a connection that breaks is opened again", async (t) => {
  const { client, paths } = await gateway(t, (response, number) => {
    response.write(event(running()));
    setTimeout(() => (number === 1 ? response.socket.resetAndDestroy() : response.write(event(succeeded()))), 20);
  });
  assert.equal((await client.wait(TASK())).state, "succeeded");
  assert.deepEqual(paths(), ["health", "events?taskId=a", "events?taskId=a"]);
});

test("a fetch whose responses have no body to stream is looked at", async () => {
  const sent = stub((_, __, url) => {
    if (url.endsWith("/health")) return { events: true };
    return url.includes("/events?") ? new Response(null, { status: 200 }) : succeeded();
  });
  const client = new Midjourney({ endpoint: "http://127.0.0.1:8787/api/v1/mj" });
  assert.equal((await client.wait({ taskId: "a", expectedAt: Date.now() + 300 })).state, "succeeded");
  assert.ok(sent.some(({ url }) => url.includes("record-info")));
});
