/**
 * Submits that survive a reload and are never paid twice: each is written down with its key before it leaves, and crossed out once
 * its answer is clear. Under the same key a gateway makes no second task for the same caller, so whatever is left can be sent again.
 */
import { restated } from "./explain.js";
import { Drawer } from "./stored.js";

const PREFIX = "midapi.order.";
/** A gateway remembers keys for longer. What is older is in its list, if it came about. */
const LONGEST_MS = 24 * 60 * 60 * 1000;
const CALLS = ["generate", "upscale", "vary", "extendVideo"];

export class Orders {
  #midjourney;
  #session;
  #kept;

  constructor(midjourney, session, storage) {
    this.#midjourney = midjourney;
    this.#session = session;
    this.#kept = new Drawer(storage, PREFIX);
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
        this.#kept.set(order.key, order);
        const task = await this.#submit(order);
        this.drop(order);
        return { ...described(order), ...task };
      } catch (error) {
        if (error.billed === "no" && (!order.isUnclear || isAboutThisOrder(error))) {
          this.drop(order);
          throw error;
        }
        // Refused before the key was looked for, an order of before may have come about all the same.
        order.isUnclear = true;
        this.#kept.set(order.key, order);
        throw error.billed === "no" ? restated(error, { billed: "unknown" }) : error;
      }
    });
  }

  /** What this caller's earlier pages sent, and got no clear answer to. */
  left() {
    const orders = this.#kept.all(isOrder).map(([, order]) => ({ ...order, isUnclear: true }));
    return orders.filter(({ callerId }) => callerId === this.#session.usage.callerId).sort((a, b) => a.at - b.at);
  }

  drop({ key }) {
    this.#kept.remove(key);
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
}

/** Whether a gateway refuses so only after it has looked for the key: then nothing came of the order before either. */
const isAboutThisOrder = ({ kind, field }) => kind === "insufficient_credits" || (kind === "invalid_request" && field === "idempotencyKey");

/** Whether an order that was kept can be sent again. */
const isOrder = (order) =>
  CALLS.includes(order?.call) && typeof order.key === "string" && Boolean(order.request || order.of) && Date.now() - order.at <= LONGEST_MS;

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
