/**
 * Submits that survive a reload and are never paid twice: each is written down with its key before it leaves, and crossed out once
 * its answer is clear. Under the same key a gateway makes no second task for the same caller, so whatever is left can be sent again.
 */
const PREFIX = "midapi.order.";
/** A gateway remembers keys for longer. What is older is in its list, if it came about. */
const LONGEST_MS = 24 * 60 * 60 * 1000;
/** What a gateway refuses only after it has looked for the key: then nothing came of the order before either. */
const CLEAR = ["insufficient_credits", "invalid_request"];

export class Orders {
  #midjourney;
  #session;
  #storage;

  constructor(midjourney, session, storage) {
    this.#midjourney = midjourney;
    this.#session = session;
    this.#storage = storage;
  }

  /** An order: a `call` of midapi's, with its `request`, or with the picture it is `of`. */
  create(order) {
    return { ...order, key: crypto.randomUUID(), at: Date.now(), callerId: this.#session.usage.callerId };
  }

  /**
   * Sends an order. Resolves to its task; or to nothing while another tab is sending it. What it throws says in `billed` whether it
   * is over: "no" is, and with "unknown" the order is kept.
   */
  async send(order) {
    return navigator.locks.request(PREFIX + order.key, { ifAvailable: true }, async (lock) => {
      if (!lock) return undefined;
      try {
        this.#check(order);
        this.#keep(order);
        const task = await this.#submit(order);
        this.drop(order);
        return { ...described(order), ...task };
      } catch (error) {
        if (error.billed === "no" && (!order.isUnclear || CLEAR.includes(error.kind))) {
          this.drop(order);
          throw error;
        }
        // Refused before the key was looked for, an order of before may have come about all the same.
        this.#keep(Object.assign(order, { isUnclear: true }));
        if (error.billed !== "no") throw error;
        throw { kind: error.kind, message: error.message, retryAfter: error.retryAfter, billed: "unknown" };
      }
    });
  }

  /** What this caller's earlier pages sent, and got no clear answer to. */
  left() {
    const orders = [];
    for (const name of Object.keys(this.#storage).filter((name) => name.startsWith(PREFIX))) {
      const order = parsed(this.#storage.getItem(name));
      if (!order || Date.now() - order.at > LONGEST_MS) this.#storage.removeItem(name);
      else if (order.callerId === this.#session.usage.callerId) orders.push({ ...order, isUnclear: true });
    }
    return orders.sort((a, b) => a.at - b.at);
  }

  drop({ key }) {
    this.#storage.removeItem(PREFIX + key);
  }

  #check({ callerId }) {
    const refusal = (message) => Object.assign(new Error(message), { billed: "no", kind: "refused_here" });
    if (!navigator.onLine) throw refusal("You are offline. Nothing was sent.");
    // As somebody else it would be another order, and paid once more.
    if (callerId !== this.#session.usage.callerId) throw refusal("This was ordered by somebody else, before you signed in or out.");
  }

  #submit({ call, request, of, key }) {
    const withKey = { idempotencyKey: key };
    return call === "generate" ? this.#midjourney.generate(request, withKey) : this.#midjourney[call](of.taskId, of.index, withKey);
  }

  #keep(order) {
    try {
      this.#storage.setItem(PREFIX + order.key, JSON.stringify(order));
    } catch {
      // Full or forbidden: it is sent all the same, and a reload meanwhile forgets it. The gateway's list doesn't.
    }
  }
}

/** What an order says of its task before the gateway does. */
export function described({ call, request, of, prompt, at }) {
  return {
    call,
    request,
    prompt: request?.prompt ?? prompt,
    taskType: request?.taskType,
    parent: of && { taskId: of.taskId, index: of.index },
    createdAt: at,
  };
}

function parsed(text) {
  try {
    const order = JSON.parse(text);
    const isOrder = ["generate", "upscale", "vary", "extendVideo"].includes(order.call) && typeof order.key === "string";
    return isOrder && (order.request || order.of) ? order : undefined;
  } catch {
    return undefined;
  }
}
