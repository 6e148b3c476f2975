import { MidjourneyError, plain, refusal } from "./errors.js";
import { ask, instance, make } from "./host.js";
import { json } from "./json.js";
import { options as checked } from "./options.js";

/** What comes next in the order: see `src/js/batch.rs`. */
const [BEGIN, REFUSE, SLEEP, , DRAINED] = [0, 1, 2, 3, 4];

/**
 * Many tasks at once, as an async iterator of what became of each, in the order they end. `JSON.stringify` of it is
 * what is left to do: `batch` takes that again, here or in another process, once this one has ended or died.
 */
export class Batch {
  #client;
  #options;
  #requests;
  /** For each item what a later batch would need: the request, the task, or an error that forbids to submit it again. */
  #items;
  /** The numbers of the items that have not begun; the module's order counts those that had not when it was made. */
  #waiting;
  #numbers;
  #order;
  #instance;
  #running;
  #inFlight = new Map();
  #settled = [];
  #failure;
  #stopped;
  #left = false;
  #timer;
  #readers = [];
  /** Goes on, whenever something has changed. */
  #again = () => {};

  /** @param client loads its module, and gives its number, and begins its calls */
  constructor(client, requests, options) {
    const isList = typeof requests === "object" && typeof requests?.[Symbol.iterator] === "function";
    if (!isList && !(requests instanceof Batch)) {
      throw refusal("invalid_request", "requests", "must be a list of requests and tasks");
    }
    if (requests instanceof Batch && requests.#running?.then) {
      throw refusal("invalid_request", "requests", "is a batch that still runs: leave it first");
    }
    this.#client = client;
    this.#options = checked(options);
    this.#items = requests instanceof Batch ? requests.toJSON() : [...requests];
    this.#requests = this.#items.map((item) => (unknown(item) ? item.request : item));
    this.#waiting = new Set(this.#items.keys());
  }

  toJSON() {
    // A submit on its way may be accepted by the time this is read.
    return this.#items.map((item, number) => {
      const flight = this.#inFlight.get(number);
      return flight?.accepted === false ? onItsWay(item, flight.submit) : item;
    });
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  async next() {
    this.#running ??= this.#run();
    while (this.#settled.length === 0 && this.#running !== "done") await this.#change();
    if (this.#settled.length > 0) return { done: false, value: this.#settled.shift() };
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
    return { done: true, value: undefined };
  }

  /** Submits nothing more, and returns once the submits on their way have told which tasks they created. */
  async return() {
    this.#left = true;
    this.#settled.length = 0;
    this.#running ??= "done";
    this.#stop(new Error("the iteration was abandoned"));
    while (this.#running !== "done") await this.#change();
    return { done: true, value: undefined };
  }

  async #run() {
    const { signal } = this.#options;
    const stop = () => this.#stop(signal.reason);
    try {
      await this.#client.load();
      if (signal?.aborted) stop();
      signal?.addEventListener("abort", stop);
      await new Promise((finish, fail) => {
        this.#again = (first) => {
          try {
            first?.();
            if (this.#running !== "done" && this.#advance()) finish();
          } catch (error) {
            fail(error);
          }
        };
        this.#again();
      });
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#running = "done";
      clearTimeout(this.#timer);
      signal?.removeEventListener("abort", stop);
      // What a module left that was started anew is no memory of the new one.
      if (this.#instance === instance) ask("forget", "", this.#order);
      this.#told();
    }
  }

  /** Begins what may begin; says whether everything is done. */
  #advance() {
    clearTimeout(this.#timer);
    for (;;) {
      const order = this.#current();
      if (this.#stopped) ask("stop", "", order);
      const [step, value] = ask("next", "", order);
      if (step === BEGIN || step === REFUSE) this.#take(this.#numbers[value], step);
      else if (step === SLEEP) return void (this.#timer = setTimeout(this.#again, value));
      else return step === DRAINED && this.#inFlight.size === 0;
    }
  }

  /** The number of the module's order of the items; of those that have not begun, if the module was started anew since. */
  #current() {
    if (this.#instance !== instance) {
      this.#numbers = [...this.#waiting];
      // What is unknown has its place in the order, so that the module counts as the caller does; any id will do.
      const items = this.#numbers.map((number) => (unknown(this.#items[number]) ? "unknown" : this.#items[number]));
      const input = json({ client: this.#client.number(), items, options: this.#options.values });
      this.#order = make("order", input);
      this.#instance = instance;
    }
    return this.#order;
  }

  /** Takes an item out of the order: begins with it, or refuses it. */
  #take(number, step) {
    this.#waiting.delete(number);
    const item = this.#items[number];
    // An item whose submit had an unknown outcome stays what it is.
    if (unknown(item)) {
      if (step === BEGIN) ask("settled", "", this.#order);
      this.#settle(number, new MidjourneyError(item.error));
    } else if (step === BEGIN) this.#begin(number, item);
    else this.#settle(number, this.#refusal(item));
  }

  async #begin(number, item) {
    const order = this.#order;
    const isTask = taskIdOf(item) !== undefined;
    const controller = new AbortController();
    const flight = { controller, accepted: isTask };
    const onUpdate = (task) => {
      this.#items[number] = task;
      flight.accepted = true;
      // A submit on its way is let finish, as it may be paid for; its task is not waited for then.
      if (flight.left) controller.abort(flight.left.reason);
      if (task.state === "running") return this.#options.onUpdate?.(task, number);
    };
    this.#inFlight.set(number, flight);
    let outcome;
    try {
      const options = { timeout: this.#options.values?.timeout, signal: controller.signal, onUpdate };
      // It leaves at once: whoever saves the batch from now on saves that.
      const [operation, about] = isTask ? ["wait", { task: item }] : ["run", { request: item }];
      outcome = this.#items[number] = await this.#client.call(operation, about, options, flight);
    } catch (error) {
      outcome = error;
      // A task can be looked at again; a request that cost nothing can be sent again; nothing else can.
      if (!flight.accepted && error.billed !== "no") {
        this.#items[number] = { request: item, error: plain(error) };
      }
    }
    this.#inFlight.delete(number);
    const failed = outcome instanceof Error ? outcome.kind : "";
    this.#settle(number, outcome);
    this.#again(() => {
      // An order that came after a crash never knew of it.
      if (this.#instance === instance && this.#order === order) ask("settled", failed, order);
    });
  }

  #refusal(item) {
    const { message, ...fields } = ask("refusal", "", this.#order);
    const taskId = taskIdOf(item);
    const known = taskId === undefined ? {} : { taskId, billed: "yes" };
    return new MidjourneyError({ ...fields, ...known, message, cause: this.#stopped?.reason });
  }

  #stop(reason) {
    this.#stopped ??= { reason };
    for (const flight of this.#inFlight.values()) {
      flight.left = this.#stopped;
      if (flight.accepted) flight.controller.abort(reason);
      else flight.leave?.();
    }
    this.#again();
  }

  #settle(number, outcome) {
    const about = { index: number, request: this.#requests[number] };
    if (!this.#left) this.#settled.push(outcome instanceof Error ? { ...about, error: outcome } : { ...about, task: outcome });
    this.#told();
  }

  #change() {
    return new Promise((reader) => this.#readers.push(reader));
  }

  #told() {
    for (const reader of this.#readers.splice(0)) reader();
  }
}

/** The id of an item that is a task, or a task's id. */
const taskIdOf = (item) => (typeof item === "string" ? item : item.taskId);

/** Whether an item is what an earlier batch left of a submit whose outcome nobody knows. */
const unknown = (item) => typeof item?.error?.kind === "string";

/** What is kept of an item whose submit is on its way. */
function onItsWay(request, submit) {
  const message = "saved while the submit was on its way; the task may have been created and billed, so it was not sent again";
  return { request, error: { kind: "aborted", message, billed: "unknown", retryable: false, ...(submit && { submit }) } };
}
