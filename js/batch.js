import { MidjourneyError, refusal } from "./errors.js";
import { ask, crash, instance } from "./host.js";
import { json } from "./json.js";
import { Order } from "./midapi.js";

/** The steps of an `Order`: see `src/js/batch.rs`. */
const [BEGIN, REFUSE, SLEEP, , DRAINED] = [0, 1, 2, 3, 4];

/**
 * Many tasks at once, as an async iterator of what became of each, in the order they end. `JSON.stringify` of it is
 * what is left to do: `batch` takes that again, here or in another process, and submits nothing a second time.
 */
export class Batch {
  #midjourney;
  #load;
  #options;
  #requests;
  /** For each item what a later batch would need: the request, the task, or an error that forbids to submit it again. */
  #items;
  #order;
  #instance;
  #again;
  #running;
  #inFlight = new Set();
  #settled = [];
  #failure;
  #stopped;
  #timer;
  /** Who waits for something to change: `next` may be called again before its last promise is settled. */
  #takers = [];

  constructor(midjourney, load, requests, options) {
    // A text is a list, too: of tasks whose ids are its letters.
    if (typeof requests === "string" || (typeof requests?.[Symbol.iterator] !== "function" && !(requests instanceof Batch))) {
      throw refusal("invalid_request", "requests", "must be a list of requests and tasks");
    }
    this.#midjourney = midjourney;
    this.#load = load;
    this.#options = options ?? {};
    this.#items = requests instanceof Batch ? requests.toJSON() : [...requests];
    this.#requests = [...this.#items];
  }

  toJSON() {
    return [...this.#items];
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  async next() {
    this.#running ??= this.#run();
    while (this.#settled.length === 0 && this.#running !== "done") {
      await this.#change();
    }
    if (this.#settled.length > 0) return { done: false, value: this.#settled.shift() };
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
    return { done: true, value: undefined };
  }

  /** Submits nothing more, and returns once the submits on their way have told which tasks they created. */
  async return() {
    this.#stop(new Error("the iteration was abandoned"));
    while (this.#running && this.#running !== "done") await this.#change();
    this.#settled.length = 0;
    return { done: true, value: undefined };
  }

  async #run() {
    const { signal } = this.#options;
    const stop = () => this.#stop(signal.reason);
    try {
      await this.#load();
      // An item whose submit had an unknown outcome stays what it is.
      const numbers = [...this.#items.keys()].filter((number) => !this.#items[number]?.error);
      for (const number of this.#items.keys()) {
        if (!numbers.includes(number)) this.#settle(number, new MidjourneyError(this.#items[number].error));
      }
      const { signal: _, onUpdate: __, ...options } = this.#options;
      const input = json({ items: numbers.map((number) => this.#items[number]), options });
      this.#order = ask(() => new Order(input));
      this.#instance = instance;
      if (signal?.aborted) stop();
      // It may have been stopped while the module was loaded.
      if (this.#stopped) this.#order.stop();
      signal?.addEventListener("abort", stop);
      await new Promise((finish, fail) => {
        this.#again = (settled) => {
          try {
            // The module's crash takes the order along; what is left to do is in `toJSON`.
            if (this.#instance !== instance) throw crash();
            if (typeof settled === "string") this.#order.settled(settled);
            this.#advance(numbers, finish);
          } catch (error) {
            fail(error);
          }
        };
        this.#again();
      });
    } catch (error) {
      this.#failure = error;
    } finally {
      signal?.removeEventListener("abort", stop);
      clearTimeout(this.#timer);
      if (this.#instance === instance) this.#order?.free();
      this.#order = undefined;
      this.#running = "done";
      this.#changed();
    }
  }

  /** Begins what may begin; is called again whenever something has changed. */
  #advance(numbers, finish) {
    clearTimeout(this.#timer);
    const order = this.#order;
    for (;;) {
      const step = ask(() => order.next(Date.now()));
      const value = order.value();
      if (step === BEGIN) this.#begin(numbers[value]);
      else if (step === REFUSE) this.#settle(numbers[value], this.#refusal(numbers[value]));
      else if (step === SLEEP) return (this.#timer = setTimeout(this.#again, value));
      else return step === DRAINED && this.#inFlight.size === 0 && finish();
    }
  }

  async #begin(number) {
    const { timeout } = this.#options;
    const item = this.#items[number];
    const isTask = typeof item === "string" || item.taskId !== undefined;
    const controller = new AbortController();
    const flight = { controller, accepted: isTask };
    const onUpdate = (task) => {
      this.#items[number] = task;
      flight.accepted = true;
      // A submit on its way is let finish, as it may be paid for; its task is not waited for then.
      if (this.#stopped) controller.abort(this.#stopped.reason);
      if (task.state === "running") this.#options.onUpdate?.(task, number);
    };
    this.#inFlight.add(flight);
    if (this.#stopped && isTask) controller.abort(this.#stopped.reason);
    let outcome;
    try {
      const options = { timeout, signal: controller.signal, onUpdate };
      outcome = this.#items[number] = await (isTask ? this.#midjourney.wait(item, options) : this.#midjourney.run(item, options));
    } catch (error) {
      outcome = error;
      // A task can be looked at again; a request that cost nothing can be sent again; nothing else can.
      if (!flight.accepted && error.billed !== "no") this.#items[number] = { error: { ...error, message: error.message } };
    }
    this.#inFlight.delete(flight);
    this.#settle(number, outcome);
    this.#again(outcome instanceof Error ? outcome.kind : "");
  }

  #refusal(number) {
    const { message, ...fields } = JSON.parse(ask(() => this.#order.refusal()));
    const taskId = this.#items[number]?.taskId;
    const known = taskId === undefined ? {} : { taskId, billed: "yes" };
    return new MidjourneyError({ ...fields, ...known, message, cause: this.#stopped?.reason });
  }

  #stop(reason) {
    this.#stopped ??= { reason };
    if (!this.#order || this.#instance !== instance) return;
    this.#order.stop();
    for (const { controller, accepted } of this.#inFlight) if (accepted) controller.abort(reason);
    this.#again?.();
  }

  #change() {
    return new Promise((taker) => this.#takers.push(taker));
  }

  #changed() {
    for (const taker of this.#takers.splice(0)) taker();
  }

  #settle(number, outcome) {
    const about = { index: number, request: this.#requests[number] };
    this.#settled.push(outcome instanceof Error ? { ...about, error: outcome } : { ...about, task: outcome });
    this.#changed();
  }
}
