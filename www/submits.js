/** Orders on their way: a card is there at once, and its task's as soon as there is one. */
import { described } from "./orders.js";

export class Submits {
  #app;
  /** The cards of what has no task yet, by their keys. */
  #cards = new Map();
  #onTheirWay = 0;

  constructor(app) {
    this.#app = app;
  }

  /** Whether an answer is being waited for. */
  get isBusy() {
    return this.#onTheirWay > 0;
  }

  /** Makes an order and sends it: see `Orders.create`. */
  async make(order) {
    // Before that nobody knows whose order it is.
    await this.#app.session.opening;
    return this.send(this.#app.orders.create(order));
  }

  /** Sends an order, for the first time or to ask what became of it. */
  async send(order) {
    const { batches, feed, orders, session, tasks } = this.#app;
    this.#over(order);
    const card = feed.sending(order, described(order));
    this.#cards.set(order.key, card);
    this.#onTheirWay++;
    try {
      const task = await orders.send(order);
      this.#over(order);
      if (task) {
        tasks.add(task);
        batches.accepted(order, task);
      }
      return task;
    } catch (error) {
      if (error.billed === "no") {
        this.#over(order);
        batches.refused(order);
      } else card.unclear(error);
      throw error;
    } finally {
      this.#onTheirWay--;
      if (!this.isBusy) session.refresh();
    }
  }

  /** Asks what became of what earlier pages left without an answer. */
  resume() {
    for (const order of this.#app.orders.left()) this.send(order).catch(() => {});
  }

  /** Forgets an order without an answer. */
  dismiss(order) {
    this.#app.orders.drop(order);
    this.#app.batches.refused(order);
    this.#over(order);
  }

  #over({ key }) {
    this.#cards.get(key)?.remove();
    this.#cards.delete(key);
  }
}
