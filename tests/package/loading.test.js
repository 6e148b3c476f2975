/** What is in the way of the module, in a page: each told with the address, the host's reason and what would mend it. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
// The entry of pages alone: no other may have started the module.
import { Midjourney } from "../../dist/browser.js";

const { fetch, WebAssembly } = globalThis;
afterEach(() => Object.assign(globalThis, { fetch, WebAssembly }));

const ADDRESS = new URL("../../dist/midapi_bg.wasm", import.meta.url).href;

async function failureOver(answer) {
  const asked = [];
  globalThis.fetch = async (url) => {
    asked.push(String(url));
    return answer();
  };
  const mj = new Midjourney({ endpoint: "https://app.example/api/v1/mj" });
  const error = await mj.generate({ taskType: "mj_txt2img", prompt: "a lighthouse" }).catch((error) => error);
  // Nothing but the module was asked for.
  assert.deepEqual(asked.filter((url) => url !== ADDRESS), []);
  return { error, asked: asked.length, facts: [error.kind, error.billed, error.retryable] };
}

const PERMANENT = ["misconfigured", "no", false];

test("a module that can't be fetched may be there the next time", async () => {
  const broken = new ReadableStream({ start: (controller) => controller.error(new TypeError("terminated")) });
  for (const [answer, reason] of [
    [() => Promise.reject(new TypeError("fetch failed")), "fetch failed"],
    [() => new Response(broken), "terminated"],
  ]) {
    const { error, facts } = await failureOver(answer);
    assert.deepEqual(facts, ["network", "no", true]);
    assert.equal(error.message, `the package's WebAssembly module could not be loaded from ${ADDRESS}: ${reason}; nothing was sent`);
    assert.ok(error.cause instanceof TypeError);
  }
});

test("a page or nothing in the module's place is no passing fault, and the error says what to serve there", async () => {
  for (const [answer, reason] of [
    [() => new Response("", { status: 404 }), /the server answers 404/],
    [() => new Response("<!doctype html>", { headers: { "Content-Type": "text/html" } }), /magic word/],
    [() => Response.json({}), /WebAssembly/],
    [() => new Response(new Uint8Array([0, 0x61, 0x73, 0x6d])), /WebAssembly/],
  ]) {
    const { error, facts } = await failureOver(answer);
    assert.deepEqual(facts, PERMANENT);
    assert.match(error.message, reason);
    assert.ok(error.message.includes(`from ${ADDRESS}: `));
    assert.ok(error.message.endsWith("Have midapi_bg.wasm of the package served there, or pass it to `init`; nothing was sent"));
    assert.ok(error.cause instanceof Error);
    assert.equal(JSON.parse(JSON.stringify(error)).message, error.message);
  }
});

test("a policy that forbids WebAssembly is named, and what it has to allow", async () => {
  const module = () => new Response(new Uint8Array(8));
  for (const reason of [
    "WebAssembly.compile(): Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is not an allowed source",
    "call to WebAssembly.compile() blocked by CSP",
  ]) {
    globalThis.WebAssembly = { ...WebAssembly, compile: () => Promise.reject(new Error(reason)) };
    const { error, facts } = await failureOver(module);
    assert.deepEqual(facts, PERMANENT);
    assert.ok(error.message.includes(`${reason}. Let script-src of the Content-Security-Policy have 'wasm-unsafe-eval'`));
  }
});

test("a host without WebAssembly is told so", async () => {
  delete globalThis.WebAssembly;
  const { error, facts } = await failureOver(() => new Response(new Uint8Array(8)));
  assert.deepEqual(facts, PERMANENT);
  assert.match(error.message, /This host has no WebAssembly/);
});

test("a start that failed is tried again by the next call, and a loop on `retryable` ends", async () => {
  const answers = [() => Promise.reject(new TypeError("fetch failed")), () => new Response("", { status: 404 })];
  let tries = 0;
  let last;
  do {
    last = (await failureOver(answers[tries++])).error;
  } while (last.retryable);
  assert.equal(tries, 2);
});
