import { resultUrls } from "./record.js";

const RETRY_MINUTES = [1, 5, 15];
/** How long a receiver has; not the vendor's time but the receiver's, so it is never shortened. */
const LONGEST_ANSWER_MS = 15_000;
const LATE_MS = 60_000;

const USUAL = [{ at: "end" }];

/**
 * The callbacks that each word of the directive `callback` has posted: at which time of the task, and what they say if it
 * isn't its outcome. A forger tries once, and so does what comes before the submit's answer.
 */
export const CALLBACKS = {
  never: [],
  late: [{ at: "late" }],
  early: [{ at: "middle" }],
  first: [{ at: "submit", isTriedOnce: true }],
  twice: [{ at: "end" }, { at: "end" }],
  ack: [{ at: "middle", says: "ack" }, ...USUAL],
  forged: [{ at: "middle", says: "success", isTriedOnce: true }, ...USUAL],
  "forged-failure": [{ at: "middle", says: "failure", isTriedOnce: true }, ...USUAL],
  "forged-id": [{ at: "middle", says: "id", isTriedOnce: true }, ...USUAL],
};

/** Whether the task's callback is posted before its submit is answered. */
export const isCalledBackFirst = ({ request, directives }) => Boolean(request.callBackUrl) && directives.callback === "first";

/** The callbacks that are still to be delivered. Whoever has a clock of its own delivers them when the next is due. */
export class Callbacks {
  #storage;
  #clock;
  #post;
  /** The names of those that are on their way: they aren't sent twice. */
  #posting = new Set();

  /** @param post a `fetch` */
  constructor(storage, clock, post) {
    this.#storage = storage;
    this.#clock = clock;
    this.#post = post;
  }

  /** @param times when the task is submitted, is half done and ends, if it ever does: `submit`, `middle`, `end` */
  schedule({ taskId, directives }, { submit, middle, end }) {
    const times = { submit, middle, ...(end !== undefined && { end, late: end + this.#clock.span(LATE_MS) }) };
    const planned = directives.callback ? CALLBACKS[directives.callback] : USUAL;
    planned.forEach(({ at, says, isTriedOnce = false }, i) => {
      if (times[at] === undefined) return;
      this.#storage.put(`callback:${taskId}:${i}`, { taskId, due: times[at], tries: 0, says, isTriedOnce });
    });
  }

  /** The callback that is due next: when, and how often it was tried. */
  next() {
    const waiting = this.#waiting().map(([, callback]) => callback);
    return waiting.reduce((next, callback) => (next && next.due <= callback.due ? next : callback), undefined);
  }

  async deliverDue(findTask) {
    const now = this.#clock.now();
    const due = this.#waiting().filter(([, callback]) => callback.due <= now);
    await Promise.all(due.map(([name, callback]) => this.#deliver(name, callback, findTask(callback.taskId))));
  }

  #waiting() {
    return [...this.#storage.list({ prefix: "callback:" })].filter(([name]) => !this.#posting.has(name));
  }

  async #deliver(name, callback, task) {
    this.#posting.add(name);
    const isReceived = await this.#isReceived(task, callback.says);
    this.#posting.delete(name);
    const minutes = isReceived || callback.isTriedOnce ? undefined : RETRY_MINUTES[callback.tries];
    if (minutes === undefined) return this.#storage.delete(name);
    const due = this.#clock.now() + this.#clock.span(minutes * 60_000);
    this.#storage.put(name, { ...callback, due, tries: callback.tries + 1 });
  }

  async #isReceived(task, says) {
    try {
      const response = await this.#post(task.request.callBackUrl, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(callbackBody(task, says)),
        signal: AbortSignal.timeout(LONGEST_ANSWER_MS),
      });
      await response.body?.cancel();
      return response.status === 200;
    } catch {
      return false;
    }
  }
}

/** The body that the vendor documents, which differs from the record; or what somebody else makes up. */
function callbackBody(task, says) {
  const { taskId, request, directives } = task;
  const promptJson = JSON.stringify(request);
  const success = (taskId, resultUrls) => ({ code: 200, msg: "success", data: { taskId, promptJson, resultUrls } });
  const failure = (msg) => ({ code: 500, msg, data: { taskId, promptJson, resultUrls: [] } });
  switch (says) {
    case "ack":
      return { code: 200, msg: "success", data: { taskId } };
    case "success":
      return success(taskId, [`https://forged.example/m/${taskId}_0_0.png`]);
    case "failure":
      return failure("Forged");
    case "id":
      return success("f".repeat(32), [`https://forged.example/m/${"f".repeat(32)}_0_0.png`]);
  }
  return directives.fail ? failure(directives.message ?? "Image generation failed") : success(taskId, resultUrls(task));
}
