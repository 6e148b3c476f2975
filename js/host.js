/**
 * The host's side of the WebAssembly module: it does what the module asks for and says what became of it. Which request
 * to send, when to try again and when to look again is the module's to decide.
 *
 * A panic ends the module's instance, and the promises of its calls would hang for ever. They are kept here; when the
 * instance dies they are rejected, and a new one takes over.
 */
import { MidjourneyError } from "./errors.js";
import { __wbg_reset_state as startAnew, crash_error as crashError } from "./midapi.js";

/** What spends nothing, whatever becomes of it. */
const READS = ["status", "record", "credits", "wait", "ask"];
const calls = new Map();
let last = 0;

/** What the module asked for. It is done once the module has returned, so that no foreign code runs inside it. */
let asked = [];

/** Counts the instances: what belongs to an earlier one is stale. */
export let instance = 1;

/** The promise of a call. `input` is JSON; the signal and the function are the caller's own. */
export function begin(client, operation, input, signal, onUpdate) {
  return new Promise((resolve, reject) => {
    const number = ++last;
    const call = { client, operation, input, resolve, reject, onUpdate, signal };
    calls.set(number, call);
    if (signal) {
      call.abort = () => enter(() => client.aborted(number));
      signal.addEventListener("abort", call.abort);
    }
    enter(() => client.begin(number, operation, input, signal?.aborted ?? false, ...moment()));
  });
}

/** What the module answers at once. */
export function ask(question) {
  try {
    return question();
  } catch (thrown) {
    if (typeof thrown === "string") throw new MidjourneyError(JSON.parse(thrown));
    if (!isTrap(thrown)) throw thrown;
    crashed(thrown);
    throw crash("ask", thrown);
  }
}

// The module's imports: see `src/js/client.rs`.

export function send(number, timeout, url, body, key, idempotencyKey) {
  asked.push(() => request(number, timeout, url, body, key, idempotencyKey));
}

export function sleep(number, ms, wakeable) {
  asked.push(() => rest(number, ms, wakeable));
}

export function tell(number, task) {
  asked.push(async () => {
    const call = calls.get(number);
    if (call) call.task = JSON.parse(task);
    try {
      await call?.onUpdate?.(call.task);
    } catch {
      // What the caller's function throws, now or later, is its own: a paid task is not lost over it.
    }
  });
}

export function settle(number, well, json) {
  asked.push(() => {
    const call = ended(number);
    if (!call) return;
    if (well) return call.resolve(JSON.parse(json));
    const fields = JSON.parse(json);
    call.reject(new MidjourneyError({ ...fields, cause: fields.kind === "aborted" ? call.signal?.reason : call.cause }));
  });
}

/** Enters the module, then does what it asked for. */
function enter(call) {
  try {
    call();
  } catch (thrown) {
    if (!isTrap(thrown)) throw thrown;
    crashed(thrown);
  }
  const todo = asked;
  asked = [];
  for (const one of todo) one();
}

function request(number, timeout, url, body, key, idempotencyKey) {
  const call = calls.get(number);
  if (!call) return;
  call.cause = undefined;
  const headers = {};
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
  const controller = new AbortController();
  // Never followed: a redirect would carry the key to whatever host it names.
  const init = { headers, redirect: "manual", signal: controller.signal };
  if (body !== undefined) Object.assign(init, { method: "POST", body });
  else if (KNOWS_CACHE_MODES) init.cache = "no-store";
  const timer = setTimeout(() => next((...now) => call.client.timed_out(number, ...now)), timeout);
  const next = (event) => {
    // The call may be at something else by now.
    if (call.stop !== stop) return;
    stop();
    enter(() => event(...moment()));
  };
  const stop = (call.stop = () => {
    call.stop = undefined;
    clearTimeout(timer);
    controller.abort();
  });
  answer(url, init).then(
    ({ status, retryAfter, text }) => {
      if (call.stop !== stop) return;
      // Aborting what has ended would only make an exception nobody sees.
      controller.abort = () => {};
      next((...now) => call.client.replied(number, status, retryAfter, text, ...now));
    },
    (cause) => {
      if (call.stop !== stop) return;
      call.cause = cause;
      next((...now) => call.client.unanswered(number, code(cause), ...now));
    },
  );
}

async function answer(url, init) {
  const response = await fetch(url, init);
  const text = await response.text();
  // A browser shows a redirect it didn't follow as status 0.
  return { status: response.status || 302, retryAfter: response.headers.get("Retry-After") ?? undefined, text };
}

/** Workers with an older compatibility date throw on `cache`; they cache no POST and no uncacheable reply anyway. */
const KNOWS_CACHE_MODES = typeof Request === "function" && "cache" in Request.prototype;

/** Node's and Bun's word for what went wrong. */
function code(cause) {
  const code = cause?.code ?? cause?.cause?.code;
  return typeof code === "string" ? code : undefined;
}

/** Sleeps; where it may, until somebody looks at the page again or the network is back. */
function rest(number, ms, wakeable) {
  const call = calls.get(number);
  if (!call) return;
  const next = (early) => {
    call.stop?.();
    enter(() => call.client.slept(number, early, ...moment()));
  };
  const wakes = wakeable && typeof document !== "undefined" ? [[document, "visibilitychange"], [globalThis, "online"]] : [];
  // A page that was just hidden is no reason to look.
  const wake = () => hidden() || next(true);
  const timer = setTimeout(next, Math.min(ms, 2 ** 31 - 1), false);
  for (const [target, name] of wakes) target.addEventListener(name, wake);
  call.stop = () => {
    call.stop = undefined;
    clearTimeout(timer);
    for (const [target, name] of wakes) target.removeEventListener(name, wake);
  };
}

/** The time, a coin, and whether nobody can see the page. */
const moment = () => [Date.now(), Math.random(), hidden()];

const hidden = () => typeof document !== "undefined" && document.visibilityState === "hidden";

/** Takes a call out of the books, and whatever waits for it: nothing outlives its call. */
function ended(number) {
  const call = calls.get(number);
  calls.delete(number);
  call?.stop?.();
  if (call?.abort) call.signal.removeEventListener("abort", call.abort);
  return call;
}

/** A panic, or the stack's end: the instance is not to be used again. */
function isTrap(thrown) {
  return thrown instanceof WebAssembly.RuntimeError || thrown instanceof RangeError;
}

function crashed(trap) {
  asked = [];
  startAnew();
  instance++;
  for (const number of [...calls.keys()]) {
    const call = ended(number);
    call.reject(crash(call.operation, trap, taskId(call)));
  }
}

function crash(operation, cause, taskId) {
  const known = taskId === undefined ? {} : { taskId };
  return new MidjourneyError({ ...JSON.parse(crashError(READS.includes(operation))), ...known, cause });
}

/** The task a call is about, if there is one: what a submit starts from is not what it makes. */
function taskId({ operation, input, task }) {
  task ??= READS.includes(operation) ? JSON.parse(input).task : undefined;
  return task?.taskId ?? task;
}
