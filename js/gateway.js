/** The Worker: it decides nothing. The classes of its Durable Objects hand their storage to the module's functions. */
import { DurableObject } from "cloudflare:workers";
import * as midapi from "../build/gateway/midapi.js";
import module from "../build/gateway/midapi_bg.wasm";

midapi.initSync({ module });

/** How to fail what is under way, should the module's instance end. */
const underWay = new Set();
let ended = false;
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
  constructor(context, env) {
    super(context, env);
    // What an earlier life of this object was doing is over.
    context.blockConcurrencyWhile(() => guarded(() => midapi.job_broken_off(context.storage)));
  }

  async submit(order) {
    try {
      return await guarded(() => midapi.job_submit(this.ctx.storage, this.env, order));
    } catch (thrown) {
      await guarded(() => midapi.job_broken_off(this.ctx.storage));
      throw thrown;
    }
  }

  look(subject) {
    return guarded(() => midapi.job_look(this.ctx.storage, this.env, subject));
  }

  vendorId(subject) {
    return guarded(() => midapi.job_vendor_id(this.ctx.storage, subject));
  }

  calledBack(token, body) {
    return guarded(() => midapi.job_called_back(this.ctx.storage, token, body));
  }

  alarm() {
    return guarded(() => midapi.job_alarm(this.ctx.storage, this.env));
  }
}

export class Ledger extends DurableObject {
  reserve(order) {
    return guarded(() => midapi.ledger_reserve(this.ctx.storage, order));
  }

  settle(id, spent) {
    return guarded(() => midapi.ledger_settle(this.ctx.storage, id, spent));
  }

  spent(names) {
    return guarded(() => midapi.ledger_spent(this.ctx.storage, names));
  }
}

/**
 * A panic, or a trap such as the stack's end, ends the module's instance: whatever it was doing fails, as it would never
 * end by itself, and the next call gets a new instance.
 */
function guarded(work) {
  if (ended) {
    midapi.__wbg_reset_state();
    midapi.on_crash(crashed);
    ended = false;
  }
  return new Promise((resolve, reject) => {
    underWay.add(reject);
    const settled = (settle) => (outcome) => {
      underWay.delete(reject);
      settle(outcome);
    };
    try {
      Promise.resolve(work()).then(settled(resolve), settled(reject));
    } catch (thrown) {
      if (thrown instanceof WebAssembly.RuntimeError || thrown instanceof RangeError) crashed("a trap");
      settled(reject)(thrown);
    }
  });
}

function crashed(place) {
  ended = true;
  console.error(JSON.stringify({ crashed: place }));
  for (const fail of underWay) fail(new Error("the module crashed"));
  underWay.clear();
}
