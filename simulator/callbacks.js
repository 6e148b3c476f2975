import { resultUrls } from "./record.js";

const RETRY_MINUTES = [1, 5, 15];
/** How long a receiver has; not the vendor's time but the receiver's, so it is never shortened. */
const LONGEST_ANSWER_MS = 15_000;

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

  schedule(taskId, due) {
    this.#storage.put(`callback:${taskId}`, { taskId, due, tries: 0 });
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
    const isReceived = await this.#isReceived(task);
    this.#posting.delete(name);
    const minutes = isReceived ? undefined : RETRY_MINUTES[callback.tries];
    if (minutes === undefined) return this.#storage.delete(name);
    const due = this.#clock.now() + this.#clock.span(minutes * 60_000);
    this.#storage.put(name, { ...callback, due, tries: callback.tries + 1 });
  }

  async #isReceived(task) {
    try {
      const response = await this.#post(task.request.callBackUrl, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(callbackBody(task)),
        signal: AbortSignal.timeout(LONGEST_ANSWER_MS),
      });
      await response.body?.cancel();
      return response.status === 200;
    } catch {
      return false;
    }
  }
}

/** The body that the vendor documents, which differs from the record. */
function callbackBody(task) {
  const { taskId, request, directives } = task;
  const data = { taskId, promptJson: JSON.stringify(request), resultUrls: [] };
  if (directives.fail) return { code: 500, msg: directives.message ?? "Image generation failed", data };
  return { code: 200, msg: "success", data: { ...data, resultUrls: resultUrls(task) } };
}
