/**
 * Submits that survive a reload and are never paid twice: each is written down with its key before it leaves, and crossed out once
 * its answer is clear. Under the same key a gateway makes no second task, so whatever is left can be sent again.
 */
const PREFIX = "midapi.order.";
/** A gateway remembers keys for longer. What is older is in its list, if it came about. */
const LONGEST_MS = 24 * 60 * 60 * 1000;

export class Orders {
  #midjourney;
  #storage;

  constructor(midjourney, storage) {
    this.#midjourney = midjourney;
    this.#storage = storage;
  }

  /** An order: a `call` of midapi's, with its `request`, or with the picture it is `of` and its `options`. */
  create(order) {
    return { ...order, key: crypto.randomUUID(), at: Date.now() };
  }

  /** Sends an order. Resolves to its task; or to nothing while another tab is sending it. */
  async send(order) {
    if (!navigator.onLine) throw Object.assign(new Error("You are offline. Nothing was sent."), { billed: "no" });
    this.#keep(order);
    return navigator.locks.request(PREFIX + order.key, { ifAvailable: true }, async (lock) => {
      if (!lock) return undefined;
      try {
        const task = await this.#submit(order);
        this.drop(order);
        return { ...described(order), ...task };
      } catch (error) {
        if (error.billed === "no") this.drop(order);
        throw error;
      }
    });
  }

  /** What an earlier page sent, and got no clear answer to. */
  left() {
    const names = Object.keys(this.#storage).filter((name) => name.startsWith(PREFIX));
    const orders = names.map((name) => parsed(this.#storage.getItem(name))).filter(Boolean);
    const [young, old] = [true, false].map((young) => orders.filter(({ at }) => Date.now() - at < LONGEST_MS === young));
    old.forEach((order) => this.drop(order));
    return young.sort((a, b) => a.at - b.at);
  }

  drop({ key }) {
    this.#storage.removeItem(PREFIX + key);
  }

  #submit({ call, request, of, options, key }) {
    const withKey = { ...options, idempotencyKey: key };
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
