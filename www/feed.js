/** The latest tasks, below the form. */
import { Card } from "./card.js";
import { find } from "./dom.js";

/** How many are there at first. */
const FIRST = 20;

export class Feed {
  #tasks;
  #actions;
  #cards = new Map();
  #element = find("#feed");

  constructor(tasks, actions) {
    this.#tasks = tasks;
    this.#actions = actions;
    tasks.addEventListener("change", ({ detail }) => this.#changed(detail));
  }

  /** Fills itself from the gateway's list. */
  async start() {
    let shown = 0;
    for await (const task of this.#tasks.list({ limit: FIRST })) {
      if (!this.#cards.has(task.taskId)) this.#show(task);
      if (++shown === FIRST) break;
    }
    this.#showIdeas();
  }

  /** A submit that is on its way, as a card; what it returns takes the card away, or shows why there is no answer. */
  sending(order, described) {
    const task = { ...described, taskId: order.key, state: "running", isSending: true };
    const card = this.#add(task);
    return {
      accepted: () => this.#remove(order.key),
      unclear: (error) => card.update({ ...task, isSending: false, stopped: error, order }),
    };
  }

  focus(id) {
    this.#cards.get(id)?.element.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  #changed({ task, before }) {
    if (!task) return this.#remove(before.taskId);
    this.#cards.get(task.parent?.taskId)?.rename();
    const card = this.#cards.get(task.taskId);
    if (card) card.update(task);
    // Older ones are the library's.
    else if (!before && this.#isRecent(task)) this.#show(task);
  }

  #isRecent(task) {
    return this.#cards.size < FIRST || this.#tasks.all().indexOf(task) < FIRST;
  }

  #show(task) {
    this.#add(task);
  }

  #add(task) {
    const card = new Card(task, this.#actions);
    this.#cards.set(task.taskId, card);
    card.element.dataset.at = task.createdAt ?? Date.now();
    const older = [...this.#element.children].find(({ dataset }) => Number(dataset.at) < Number(card.element.dataset.at));
    this.#element.insertBefore(card.element, older ?? null);
    this.#showIdeas();
    return card;
  }

  #remove(id) {
    this.#cards.get(id)?.remove();
    this.#cards.delete(id);
    this.#showIdeas();
  }

  #showIdeas() {
    find("#ideas").hidden = this.#cards.size > 0;
  }
}
