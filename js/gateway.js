/** The Worker: it decides nothing. The classes of its Durable Objects hand their storage to the module's functions. */
import { DurableObject } from "cloudflare:workers";
import * as midapi from "../build/gateway/midapi.js";
import module from "../build/gateway/midapi_bg.wasm";

midapi.initSync({ module });

/** Counts the module's instances, as a crash ends one; and whether the last one is over. */
let instance = 1;
let ended = false;
/** How soon a call notices that its instance is over. */
const WATCH_MS = 50;
/** Longer than any call takes: the vendor has a minute, and the accounts are waited for. */
const LONGEST_MS = 150_000;
midapi.on_crash(crashed);

export default {
  fetch(request, env, context) {
    const answer = guarded(() => midapi.handle(request, env)).catch(() => {
      // Whatever it was, its text may hold what must not leave: the answer is fixed.
      return Response.json(
        { code: 500, msg: "internal error", data: null, requestId: null },
        { status: 500, headers: { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", Vary: "Origin" } },
      );
    });
    // A caller who leaves takes the connection along, not the submit that is on its way.
    context.waitUntil(answer);
    return answer;
  },
};

export class Job extends DurableObject {
  /** Where the module finds this job, and remembers it. */
  #place;
  /** The order under way, and its outcome. */
  #order;
  #outcome;

  constructor(context, env) {
    super(context, env);
    this.#place = { storage: context.storage, job: undefined };
    // What an earlier life of this object was doing is over.
    context.blockConcurrencyWhile(() => guarded(() => midapi.job_broken_off(this.#place)));
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
      return await guarded(() => midapi.job_submit(this.#place, this.env, order));
    } catch (thrown) {
      await guarded(() => midapi.job_broken_off(this.#place));
      throw thrown;
    }
  }

  look(subject) {
    return guarded(() => midapi.job_look(this.#place, this.env, subject));
  }

  vendorId(subject) {
    return guarded(() => midapi.job_vendor_id(this.#place, subject));
  }

  calledBack(token, body) {
    return guarded(() => midapi.job_called_back(this.#place, token, body));
  }

  alarm() {
    return guarded(() => midapi.job_alarm(this.#place, this.env));
  }
}

export class Ledger extends DurableObject {
  reserve(order) {
    return guarded(() => this.ctx.storage.transactionSync(() => midapi.ledger_reserve(this.ctx.storage, order)));
  }

  settle(id, spent) {
    return guarded(() => this.ctx.storage.transactionSync(() => midapi.ledger_settle(this.ctx.storage, id, spent)));
  }

  spent(names) {
    return guarded(() => midapi.ledger_spent(this.ctx.storage, names));
  }
}

/**
 * A panic, or a trap such as the stack's end, ends the module's instance: whatever it was doing fails, as it would never
 * end by itself, and the next call gets a new instance. Each call finds out by itself: a promise that is rejected by
 * another request's code goes on in no request at all.
 */
async function guarded(work) {
  if (ended) {
    midapi.__wbg_reset_state();
    midapi.on_crash(crashed);
    ended = false;
  }
  const mine = instance;
  let watch;
  const died = new Promise((_, reject) => {
    let ticks = 0;
    const over = () => instance !== mine || ++ticks > LONGEST_MS / WATCH_MS;
    watch = setInterval(() => over() && reject(new Error("the module crashed, or hangs")), WATCH_MS);
  });
  try {
    return await Promise.race([work(), died]);
  } catch (thrown) {
    if (thrown instanceof WebAssembly.RuntimeError || thrown instanceof RangeError) crashed("a trap");
    throw thrown;
  } finally {
    clearInterval(watch);
  }
}

function crashed(place) {
  // Once for an instance: a trap follows the panic that it comes from.
  if (ended) return;
  ended = true;
  instance++;
  console.error(JSON.stringify({ crashed: place }));
}
