import { crashError } from "./crash.js";
import { refusal } from "./errors.js";
import { CALL_OPTIONS, optionsOf, plain } from "./plain.js";

/** As in `client.js`: no private field, for those who put a Proxy around a batch. */
const STATE = Symbol("state");

/**
 * Many tasks at once, as an async iterator of what became of each, in the order they end. `JSON.stringify` of it is
 * what is left to do: `batch` takes that again, here or in another process, once this one has ended or died.
 */
export class Batch {
  /** @param run runs a batch in the module */
  constructor(run, requests, options) {
    const state = stateOf(run, requests, options);
    Object.defineProperty(this, STATE, { value: () => state });
  }

  toJSON() {
    return [...this[STATE]().items];
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    const state = this[STATE]();
    state.running ??= runToItsEnd(state);
    return state.results.read();
  }

  /** Submits nothing more, and returns once the submits on their way have told which tasks they created. */
  async return() {
    const state = this[STATE]();
    state.isLeft = true;
    state.leaving.abort(new Error("the iteration was abandoned"));
    await (state.running ??= "never begun");
    await state.results.cancel().catch(() => {});
    return { done: true, value: undefined };
  }
}

function stateOf(run, requests, options) {
  const isList = typeof requests === "object" && typeof requests?.[Symbol.iterator] === "function";
  const earlier = requests instanceof Batch ? requests[STATE]() : undefined;
  if (!isList && !earlier) throw refusal("invalid_request", "requests", "must be a list of requests and tasks");
  if (earlier?.running?.then && !earlier.isOver) {
    throw refusal("invalid_request", "requests", "is a batch that still runs: leave it first");
  }
  const { options: data, own: flight } = optionsOf(options, CALL_OPTIONS);
  const items = earlier ? [...earlier.items] : [...requests];
  const state = {
    run,
    options: data,
    flight,
    /** For each item what a later batch would need: the request, the task, or an error that forbids to submit it again. */
    items,
    /** The items as they were given; of what an earlier batch has left, the request. */
    requests: items.map((item) => (typeof item?.error?.kind === "string" ? item.request : item)),
    /** The numbers of the items that have not settled. */
    unsettled: new Set(items.keys()),
    /** What is to be known of the items in flight, should the module crash. */
    inFlight: new Map(),
    leaving: new AbortController(),
    isLeft: false,
    isOver: false,
  };
  const stream = new ReadableStream({ start: (controller) => void (state.queue = controller) }, { highWaterMark: 0 });
  state.results = stream.getReader();
  return state;
}

async function runToItsEnd(state) {
  try {
    // Again after a crash of the module, for what was not in flight.
    while (state.unsettled.size > 0) await runOnce(state);
    if (!state.isLeft) state.queue.close();
  } catch (error) {
    if (!state.isLeft) state.queue.error(error);
  } finally {
    state.isOver = true;
  }
}

async function runOnce(state) {
  const { run, items, options, flight, unsettled, inFlight, leaving } = state;
  const numbers = [...unsettled];
  const onUpdate = typeof flight.onUpdate === "function" ? (task, index) => flight.onUpdate(task, numbers[index]) : flight.onUpdate;
  const onEvent = (index, event, value) => (event === "save" ? save(state, numbers[index], value) : settle(state, numbers[index], value));
  try {
    await run(numbers.map((number) => plain(items[number])), options, { signal: flight.signal, onUpdate }, leaving.signal, onEvent);
  } catch (error) {
    if (error.kind !== "crashed" || inFlight.size === 0) throw error;
    for (const [number, known] of [...inFlight]) settle(state, number, crashError(known, error.cause));
  }
}

function save(state, number, item) {
  const submits = typeof state.requests[number] === "object" && state.requests[number].taskId === undefined;
  state.items[number] = item;
  if (item.error) state.inFlight.set(number, { submits, submit: item.error.submit });
  else if (item.taskId) state.inFlight.set(number, { submits, taskId: item.taskId });
  else state.inFlight.delete(number);
}

function settle(state, number, outcome) {
  state.inFlight.delete(number);
  state.unsettled.delete(number);
  const about = { index: number, request: state.requests[number] };
  if (!state.isLeft) state.queue.enqueue(outcome instanceof Error ? { ...about, error: outcome } : { ...about, task: outcome });
}
