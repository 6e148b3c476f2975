import { resultUrls } from "./record.js";

const RETRY_MINUTES = [1, 5, 15];

/** The callbacks that are still to be delivered. The object's alarm is set for the first of them. */
export class Callbacks {
  #storage;

  constructor(storage) {
    this.#storage = storage;
  }

  async schedule(taskId, due) {
    await this.#storage.put(`callback:${taskId}`, { taskId, due, tries: 0 });
    const alarm = await this.#storage.getAlarm();
    if (alarm === null || alarm > due) await this.#storage.setAlarm(due);
  }

  async deliverDue(findTask) {
    const now = Date.now();
    let next = Infinity;
    for (const [name, callback] of await this.#storage.list({ prefix: "callback:" })) {
      if (callback.due > now) {
        next = Math.min(next, callback.due);
        continue;
      }
      const delivered = await post(await findTask(callback.taskId));
      const minutes = delivered ? undefined : RETRY_MINUTES[callback.tries];
      if (minutes === undefined) {
        await this.#storage.delete(name);
      } else {
        const due = now + minutes * 60_000;
        await this.#storage.put(name, { ...callback, due, tries: callback.tries + 1 });
        next = Math.min(next, due);
      }
    }
    if (next < Infinity) await this.#storage.setAlarm(next);
  }
}

/** Posts the callback and returns whether it was received. */
async function post(task) {
  try {
    const response = await fetch(task.request.callBackUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(callbackBody(task)),
      signal: AbortSignal.timeout(15_000),
    });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** The body that the vendor documents, which differs from the record. */
function callbackBody(task) {
  const { taskId, request, directives } = task;
  const data = { taskId, promptJson: JSON.stringify(request), resultUrls: [] };
  if (directives.fail) return { code: 500, msg: directives.message ?? "Image generation failed", data };
  return { code: 200, msg: "success", data: { ...data, resultUrls: resultUrls(task) } };
}
