/** The Worker: it decides nothing. The classes of its Durable Objects hand their storage to the module's functions. */
import { DurableObject } from "cloudflare:workers";
import * as midapi from "../build/gateway/midapi.js";
import module from "../build/gateway/midapi_bg.wasm";

midapi.initSync({ module });

/** Counts the module's instances, as a crash ends one; and whether the last one is over. */
let instance = 1;
let hasCrashed = false;
midapi.on_crash(crashed);

export default {
  fetch(request, env, context) {
    const id = crypto.randomUUID().replaceAll("-", "").slice(-16);
    const startedAt = Date.now();
    const response = guarded(() => midapi.handle(request, env, id)).catch(() => internalError(id, startedAt));
    // A caller who leaves takes the connection along, not the submit that is on its way.
    context.waitUntil(response);
    return response;
  },

  scheduled(event, env) {
    return guarded(() => midapi.sweep(env));
  },
};

/** The answer, and the log's line, in place of a module that crashed. Its text is fixed: an error's may hold what must not leave. */
function internalError(id, startedAt) {
  console.log(JSON.stringify({ id, route: "-", subject: "-", outcome: 500, ms: Date.now() - startedAt }));
  const headers = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", Vary: "Origin", "X-Request-Id": id };
  return Response.json({ code: 500, msg: "internal error", data: null, requestId: id }, { status: 500, headers });
}

export class Job extends DurableObject {
  /** Where the module finds this job, and remembers it. */
  #storage;
  /** The order under way, and its outcome. */
  #order;
  #outcome;

  constructor(context, env) {
    super(context, env);
    this.#storage = { storage: context.storage, job: undefined, looking: undefined, alarm: undefined };
    // What an earlier life of this object was doing is over.
    context.blockConcurrencyWhile(() => guarded(() => midapi.job_abandoned(this.#storage)));
  }

  /** One after the other. Of the same order twice at once, as by a double click, the second gets what the first gets. */
  submit(order) {
    if (this.#order !== order) {
      const outcome = this.#submit(order, this.#outcome).finally(() => {
        if (this.#outcome === outcome) this.#order = this.#outcome = undefined;
      });
      [this.#order, this.#outcome] = [order, outcome];
    }
    return this.#outcome;
  }

  async #submit(order, before) {
    await before?.catch(() => {});
    try {
      return await guarded(() => midapi.job_submit(this.#storage, this.env, order));
    } catch (thrown) {
      await guarded(() => midapi.job_abandoned(this.#storage));
      throw thrown;
    }
  }

  look(caller) {
    return guarded(() => midapi.job_look(this.#storage, this.env, caller));
  }

  parent(caller) {
    return guarded(() => midapi.job_parent(this.#storage, caller));
  }

  calledBack(token, body) {
    return guarded(() => midapi.job_called_back(this.#storage, token, body));
  }

  remove(caller) {
    return guarded(() => midapi.job_remove(this.#storage, this.env, caller));
  }

  async alarm() {
    try {
      await guarded(() => midapi.job_alarm(this.#storage, this.env));
    } catch {
      await guarded(() => midapi.job_alarm_failed(this.#storage));
    }
  }
}

export class TaskList extends DurableObject {
  /** Where the module finds the list, and those who watch it. */
  #state = { storage: this.ctx.storage, watchers: [] };

  update(update) {
    return guarded(() => this.ctx.storage.transactionSync(() => midapi.task_list_update(this.#state, update)));
  }

  remove(id) {
    return guarded(() => midapi.task_list_remove(this.#state, id));
  }

  page(query) {
    return guarded(() => midapi.task_list_page(this.#state, query));
  }

  watch(request) {
    return guarded(() => midapi.task_list_watch(this.#state, request));
  }
}

export class Ledger extends DurableObject {
  reserve(request) {
    return guarded(() => this.ctx.storage.transactionSync(() => midapi.ledger_reserve(this.ctx.storage, request)));
  }

  settle(id, spent) {
    return guarded(() => this.ctx.storage.transactionSync(() => midapi.ledger_settle(this.ctx.storage, id, spent)));
  }

  knows(job) {
    return guarded(() => midapi.ledger_knows(this.ctx.storage, job));
  }

  note(reservation, state, bytes) {
    return guarded(() => midapi.ledger_note(this.ctx.storage, reservation, state, bytes));
  }

  report() {
    return guarded(() => midapi.ledger_report(this.ctx.storage));
  }

  spent(names) {
    return guarded(() => midapi.ledger_spent(this.ctx.storage, names));
  }
}

/** So many turns of the microtask queue a call gets before it is given a timer: one that waits for nothing needs fewer. */
const TURNS = 10;
/** How soon a call first looks whether its instance is over, and how rarely it does later. */
const FIRST_WATCH_MS = 50;
const LONGEST_WATCH_MS = 1_000;
/** Longer than any call takes: the vendor has a minute, and the accounts are waited for. */
const LONGEST_CALL_MS = 150_000;

/**
 * Calls the module. A panic, or a trap such as the stack's end, ends the module's instance: whatever it was doing fails, as it
 * would never end by itself, and the next call gets a new instance.
 *
 * Each call looks for itself whether its instance is over. The crash can't tell it: a promise that is rejected by another
 * request's code goes on in no request at all. Nor can one timer look for all: a timer belongs to the request that set it, and
 * ends with it. So each call that waits has a timer, which it sets anew ever more rarely: most calls are over before the first time,
 * and one that waits a minute for the vendor looks some 70 times, not 1200. A call that waits for nothing, as a job's that is known,
 * has none: to set one and take it back is a good part of its work.
 */
async function guarded(call) {
  if (hasCrashed) {
    midapi.__wbg_reset_state();
    midapi.on_crash(crashed);
    hasCrashed = false;
  }
  const mine = instance;
  try {
    let isOver = false;
    const working = Promise.resolve(call()).finally(() => (isOver = true));
    for (let turn = 0; turn < TURNS && !isOver; turn++) await undefined;
    return await (isOver ? working : watched(working, mine));
  } catch (thrown) {
    if (thrown instanceof WebAssembly.RuntimeError || thrown instanceof RangeError) crashed("a trap");
    throw thrown;
  }
}

/** The same promise, rejected once the instance is over that it comes from. */
async function watched(working, itsInstance) {
  const deadline = Date.now() + LONGEST_CALL_MS;
  let timer;
  const over = new Promise((_, reject) => {
    const watch = (ms) => {
      timer = setTimeout(() => {
        if (instance !== itsInstance || Date.now() > deadline) reject(new Error("the module crashed, or hangs"));
        else watch(Math.min(ms * 1.5, LONGEST_WATCH_MS));
      }, ms);
    };
    watch(FIRST_WATCH_MS);
  });
  try {
    return await Promise.race([working, over]);
  } finally {
    clearTimeout(timer);
  }
}

function crashed(place) {
  // Once for an instance: a trap follows the panic that it comes from.
  if (hasCrashed) return;
  hasCrashed = true;
  instance++;
  console.error(JSON.stringify({ crashed: place }));
}
