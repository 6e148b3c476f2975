/**
 * The host's side of the WebAssembly module: it does what the module asks for and says what became of it. Which request
 * to send, when to try again and when to look again is the module's to decide.
 *
 * A panic ends the module's instance, and the promises of its calls would hang for ever. They are kept here; when the
 * instance dies they are rejected, and a new one takes over.
 */
import { MidjourneyError } from "./errors.js";
import { begin as beginCall, happened, __wbg_reset_state as startAnew } from "./midapi.js";

/** What may spend: after a crash nobody knows whether it did. */
const SUBMITS = ["generate", "run", "upscale", "vary", "extendVideo", "reconcile"];
/** What is about a task or a submit that there is: what a submit starts from is not what it makes. */
const LOOKS = ["status", "record", "wait", "reconcile"];

/** What may become of a call's last action: see `happened` in `src/js/client.rs`. */
const [REPLY, NO_REPLY, TIMED_OUT, SLEPT, WOKEN, ABORTED] = [0, 1, 2, 3, 4, 5];

const calls = new Map();
/** Numbers what the module keeps. None is given twice, so that what an instance left behind is nothing to the next one. */
let last = 0;

/** What the module asked for. It is done once the module has returned, so that no foreign code runs inside it. */
let asked = [];

/** Counts the instances: what belongs to an earlier one is stale. */
export let instance = 1;

/**
 * The promise of a client's call; what it sends first has left when this returns. `input` is JSON; the signal and the
 * function are the caller's own. By its `flight` a batch and the host share what they know of a call: `left`, why nobody
 * wants to submit any more; `leave`, which ends it then, and is there while nothing is on its way; `submit`, what was
 * sent under a key.
 */
export function begin(client, operation, input, signal, onUpdate, flight = {}) {
  return new Promise((resolve, reject) => start({ of: client, operation, input, resolve, reject, signal, onUpdate, flight }));
}

/** What the module answers at once; `of` is the number of what it is about. */
export function ask(question, input = "", of = 0) {
  let answer;
  let failure;
  const resolve = (value) => (answer = value);
  start({ of, operation: question, input, resolve, reject: (error) => (failure = error) });
  if (failure) throw failure;
  return answer;
}

/** Has the module make something of this input, and returns its number. */
export function make(question, input) {
  const number = ++last;
  ask(question, input, number);
  return number;
}

function start(call) {
  const number = ++last;
  calls.set(number, call);
  const { signal } = call;
  if (signal) {
    call.abort = () => report(number, ABORTED);
    signal.addEventListener("abort", call.abort);
  }
  enter(() => beginCall(call.of, number, call.operation, call.input, signal?.aborted ?? false, ...moment()));
}

/** Tells the module what became of a call's last action. */
function report(number, event, status = 0, detail = "", body = "") {
  enter(() => happened(number, event, status, detail, body, ...moment()));
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
    const outcome = JSON.parse(json);
    if (well) return call.resolve(outcome);
    const cause = outcome.kind === "aborted" ? (call.signal?.reason ?? call.flight?.left?.reason) : call.cause;
    call.reject(new MidjourneyError({ ...outcome, cause }));
  });
}

/** Enters the module, then does what it asked for. */
function enter(door) {
  try {
    door();
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
  // By this one can ask about a submit whose answer is never read.
  call.flight.submit = idempotencyKey ? { route: url.slice(url.lastIndexOf("/") + 1), body, idempotencyKey } : undefined;
  const headers = {};
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body) headers["Content-Type"] = "application/json";
  if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
  const controller = new AbortController();
  // Never followed: a redirect would carry the key to whatever host it names.
  const init = { headers, redirect: "manual", signal: controller.signal };
  if (body) Object.assign(init, { method: "POST", body });
  else if (KNOWS_CACHE_MODES) init.cache = "no-store";
  const timer = setTimeout(() => next(TIMED_OUT), timeout);
  const next = (...event) => {
    // The call may be at something else by now.
    if (call.stop !== stop) return;
    stop();
    report(number, ...event);
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
      next(REPLY, status, retryAfter, text);
    },
    (cause) => {
      if (call.stop !== stop) return;
      call.cause = cause;
      next(NO_REPLY, 0, code(cause));
    },
  );
}

async function answer(url, init) {
  const response = await fetch(url, init);
  const text = await response.text();
  // A browser shows a redirect it didn't follow as status 0.
  return { status: response.status || 302, retryAfter: response.headers.get("Retry-After") ?? "", text };
}

/** Workers with an older compatibility date throw on `cache`; they cache no POST and no uncacheable reply anyway. */
const KNOWS_CACHE_MODES = typeof Request === "function" && "cache" in Request.prototype;

/** Node's and Bun's word for what went wrong. */
function code(cause) {
  const code = cause?.code ?? cause?.cause?.code;
  return typeof code === "string" ? code : "";
}

/**
 * Sleeps. In a wait, until somebody looks at the page again or the network is back; between two tries, until nobody wants
 * the task any more: nothing is on its way then, and nothing is to be paid for.
 */
function rest(number, ms, wakeable) {
  const call = calls.get(number);
  if (!call) return;
  const { flight } = call;
  if (!wakeable && flight.left) return report(number, ABORTED);
  const next = (event) => {
    call.stop?.();
    report(number, event);
  };
  const wakes = wakeable && typeof document !== "undefined" ? [[document, "visibilitychange"], [globalThis, "online"]] : [];
  // A page that was just hidden is no reason to look.
  const wake = () => hidden() || next(WOKEN);
  flight.leave = wakeable ? undefined : () => next(ABORTED);
  const timer = setTimeout(next, Math.min(ms, 2 ** 31 - 1), SLEPT);
  for (const [target, name] of wakes) target.addEventListener(name, wake);
  call.stop = () => {
    call.stop = flight.leave = undefined;
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
    call.reject(crash(call, trap));
  }
}

function crash({ operation, input, task, flight }, cause) {
  const about = LOOKS.includes(operation) ? JSON.parse(input) : {};
  task ??= about.task;
  const taskId = task?.taskId ?? task;
  const submit = flight?.submit ?? about.submit;
  const known = taskId !== undefined ? { taskId } : submit && { submit };
  return new MidjourneyError({ ...ask("crash", String(SUBMITS.includes(operation))), ...known, cause });
}
