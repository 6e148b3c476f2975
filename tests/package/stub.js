/** What the tests of the built package are made of: a stubbed fetch, a vendor on this machine, a clock that is told. */
import { createServer } from "node:http";
import { afterEach } from "node:test";
import { Midjourney, init } from "../../dist/node.js";

export const KEY = "CANARY-4f1d9b7c2e6a8350";
export const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };

// Before any clock is told: to start the module takes real time.
await init();

const real = { fetch, setTimeout, clearTimeout, now: Date.now };
afterEach(() => (globalThis.fetch = real.fetch));

export const server = (options) => new Midjourney({ apiKey: KEY, ...options });

export const failure = (call) =>
  call.then((value) => Promise.reject(new Error(`succeeded with ${JSON.stringify(value)}`)), (error) => error);

/** An answer in the vendor's envelope. */
export const envelope = (data, { code = 200, msg = "success", ...init } = {}) => Response.json({ code, msg, data }, init);

/** The record of a task: as it runs, and as it has succeeded. */
export const running = (taskId = "a") => ({ taskId, successFlag: 0 });
export const succeeded = (taskId = "a", others) => {
  const urls = [1, 2, 3, 4].map((number) => ({ resultUrl: `https://example.com/${taskId}_${number}.jpg` }));
  return { taskId, successFlag: 1, resultInfoJson: { resultUrls: urls }, ...others };
};

/** Answers every request with the function's value; returns the list of what was sent. */
export function stub(answer) {
  const sent = [];
  globalThis.fetch = async (url, init) => {
    sent.push({ url, init, method: init.method ?? "GET" });
    const data = await answer(sent.length, init, url);
    return data instanceof Response ? data : envelope(data);
  };
  return sent;
}

/** A request that ends only when it is aborted. */
export const stalled = (_, { signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

/**
 * A server on this machine that plays the vendor and ends with the test. The function gets what was asked and Node's
 * response; what it returns is the envelope's data or a Response, and nothing if it has answered by itself.
 */
export async function vendor(t, answer) {
  const requests = [];
  const server = createServer(async (request, response) => {
    response.on("error", () => {});
    const body = Buffer.concat(await request.toArray()).toString();
    const { method, url, headers } = request;
    const seen = { method, url, headers, body, at: performance.now() };
    requests.push(seen);
    const answered = await answer(seen, response);
    if (answered === undefined) return;
    const reply = answered instanceof Response ? answered : envelope(answered);
    response.writeHead(reply.status, Object.fromEntries(reply.headers)).end(await reply.text());
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    requests,
    api: `http://127.0.0.1:${server.address().port}/api/v1/mj`,
    get submits() {
      return requests.filter(({ method }) => method === "POST");
    },
    get reads() {
      return requests.filter(({ method }) => method === "GET");
    },
  };
}

/** Ends a connection as one that broke. */
export const reset = (_, response) => void response.socket.resetAndDestroy();

/** Lets whatever can go on without a timer go on. */
export async function idle() {
  for (let round = 0; round < 5; round++) await new Promise((resolve) => setImmediate(resolve));
}

export const pause = (ms) => new Promise((resolve) => real.setTimeout(resolve, ms));

/**
 * Time that passes when told: `Date.now`, `setTimeout` and `clearTimeout` until the test ends. `timers` are those that
 * are set, with the time they are due.
 */
export function fakeTime(t) {
  const timers = new Map();
  let now = real.now();
  let last = 0;
  globalThis.setTimeout = (run, ms = 0, ...args) => {
    timers.set(++last, { at: now + ms, run: () => run(...args) });
    return last;
  };
  globalThis.clearTimeout = (timer) => timers.delete(timer);
  Date.now = () => now;
  t.after(() => {
    Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
    Date.now = real.now;
  });
  return {
    timers,
    async pass(ms) {
      const end = now + ms;
      for (;;) {
        await idle();
        const [next] = [...timers].filter(([, { at }]) => at <= end).sort(([, one], [, other]) => one.at - other.at);
        if (!next) break;
        timers.delete(next[0]);
        now = Math.max(now, next[1].at);
        next[1].run();
      }
      now = end;
      await idle();
    },
  };
}

/** Makes the minute that a call may take a moment, over a real connection: no other timer of a test is as long. */
export function shortMinute(t, ms = 50) {
  globalThis.setTimeout = (run, wanted, ...args) => real.setTimeout(run, wanted >= 50_000 ? ms : wanted, ...args);
  t.after(() => (globalThis.setTimeout = real.setTimeout));
}

/**
 * Counts what a call could leave behind, until the test ends: timers, the listeners of the signals that `controller`
 * makes, and requests that neither ended nor were told to. To be called after `stub`.
 */
export function leftovers(t) {
  const timers = new Set();
  const requests = new Set();
  const { setTimeout, clearTimeout, fetch } = globalThis;
  let listeners = 0;
  globalThis.setTimeout = (run, ms, ...args) => {
    const done = () => {
      timers.delete(timer);
      run(...args);
    };
    const timer = setTimeout(done, ms);
    timers.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    timers.delete(timer);
    clearTimeout(timer);
  };
  globalThis.fetch = async (url, init) => {
    requests.add(init.signal);
    init.signal.addEventListener("abort", () => requests.delete(init.signal));
    try {
      return await fetch(url, init);
    } finally {
      requests.delete(init.signal);
    }
  };
  t.after(() => Object.assign(globalThis, { setTimeout, clearTimeout }));
  return {
    controller() {
      const controller = new AbortController();
      const { signal } = controller;
      for (const [name, step] of [["addEventListener", 1], ["removeEventListener", -1]]) {
        const real = signal[name].bind(signal);
        signal[name] = (...args) => {
          listeners += step;
          real(...args);
        };
      }
      return controller;
    },
    get left() {
      return { timers: timers.size, listeners, requests: requests.size };
    },
  };
}

export const NOTHING = { timers: 0, listeners: 0, requests: 0 };
