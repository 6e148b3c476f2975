/** The latest tasks, below the form. */
import { Card } from "./card.js";
import { find } from "./dom.js";
import { COOL_DOWN_MS } from "./single-flight.js";

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
      if (!this.#cards.has(task.taskId)) this.#add(task);
      if (++shown === FIRST) break;
    }
    find("#older").hidden = shown < FIRST;
    this.#showIdeas();
  }

  /** A submit that is on its way, as a card. */
  sending(order, described) {
    const task = { ...described, taskId: order.key, state: "running", isSending: true };
    const card = this.#add(task);
    // Where the form fills the screen one wouldn't see that something has begun. Not at once: a second click would meet something else.
    if (matchMedia("(max-width: 44rem)").matches) setTimeout(() => card.element.scrollIntoView({ block: "nearest", behavior: "smooth" }), COOL_DOWN_MS);
    return {
      remove: () => this.#remove(order.key),
      unclear: (error) => card.update({ ...task, isSending: false, stopped: error, order }),
    };
  }

  #changed({ task, before }) {
    this.#cards.get((task ?? before).parent?.taskId)?.rename();
    if (!task) return this.#remove(before.taskId);
    const card = this.#cards.get(task.taskId);
    if (card) card.update(task);
    // Older ones are the library's.
    else if (!before && this.#isRecent(task)) this.#add(task);
  }

  #isRecent({ createdAt = 0 }) {
    return this.#cards.size < FIRST || createdAt > Number(this.#element.lastElementChild.dataset.at);
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
    const card = this.#cards.get(id);
    if (!card) return;
    // Whoever was there goes on from the next one.
    const hadFocus = card.element.contains(document.activeElement);
    const next = card.element.nextElementSibling ?? card.element.previousElementSibling ?? find("#prompt");
    card.remove();
    this.#cards.delete(id);
    if (hadFocus) next.focus();
    this.#showIdeas();
  }

  #showIdeas() {
    find("#ideas").hidden = this.#cards.size > 0;
  }
}
