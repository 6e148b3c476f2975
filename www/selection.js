/** What is selected in the library, and what can be done with it. */
import { find, findAll } from "./dom.js";

export class Selection {
  #tasks;
  #actions;
  /** The picture that another is to be compared with. */
  #first;
  /** What is selected, by `keyOf`. */
  #selected = new Map();
  /** What each item of the library stands for. */
  #offers = new WeakMap();

  constructor(tasks, actions) {
    this.#tasks = tasks;
    this.#actions = actions;
    find("#select").addEventListener("click", () => this.#switch(!this.#isOn));
    find("#compare-selected").addEventListener("click", () => actions.compare(this.#pictures()));
    find("#zip-selected").addEventListener("click", () => actions.zip(this.#pictures()));
    find("#csv-selected").addEventListener("click", () => actions.csv(this.#all()));
    find("#remove-selected").addEventListener("click", async () => {
      if (!(await actions.remove(this.#all()))) return;
      this.#switch(false);
      find("#select").focus();
    });
    tasks.addEventListener("change", ({ detail: { task, before } }) => {
      if (task) return;
      for (const [key, chosen] of this.#selected) if (chosen.task.taskId === before.taskId) this.#selected.delete(key);
      this.#show();
    });
  }

  get #isOn() {
    return find("#select").ariaPressed === "true";
  }

  /** An item of the library that can be selected: a task, and one of its files if it has any. */
  offer(item, chosen) {
    this.#offers.set(item, chosen);
    // The same, as it is now.
    if (this.#selected.has(keyOf(chosen))) this.#selected.set(keyOf(chosen), chosen);
    this.#mark(item);
  }

  /** A click on an item; returns whether that selects, or does what it does otherwise. */
  take(item) {
    if (!this.#isOn) return false;
    const chosen = this.#offers.get(item);
    if (this.#first && chosen.file) {
      const first = this.#first;
      this.#switch(false);
      this.#actions.compare([first, chosen]);
      return true;
    }
    const key = keyOf(chosen);
    if (!this.#selected.delete(key)) this.#selected.set(key, chosen);
    this.#mark(item);
    this.#show();
    return true;
  }

  /** Has another picture chosen to compare this one with. */
  chooseSecond(picture) {
    this.#switch(true);
    this.#first = picture;
    find("#selected").value = "Choose the picture to compare with";
  }

  /** Forgets what is selected, as something else is shown. */
  clear() {
    this.#selected.clear();
    if (!this.#first) this.#show();
  }

  #switch(isOn) {
    find("#select").ariaPressed = String(isOn);
    find("#select").textContent = isOn ? "Done" : "Select";
    find("#selection").hidden = !isOn;
    find("#grid").classList.toggle("selecting", isOn);
    this.#selected.clear();
    this.#first = undefined;
    for (const item of findAll("#grid li")) this.#mark(item);
    this.#show();
  }

  #mark(item) {
    const isSelected = this.#selected.has(keyOf(this.#offers.get(item)));
    item.classList.toggle("selected", isSelected);
    const open = find("button", item);
    if (this.#isOn) open.ariaPressed = String(isSelected);
    else open.removeAttribute("aria-pressed");
  }

  #show() {
    const pictures = this.#pictures().length;
    find("#selected").value = `${this.#selected.size} selected`;
    find("#compare-selected").disabled = pictures !== 2 || this.#selected.size !== 2;
    find("#zip-selected").disabled = pictures === 0;
    for (const name of ["csv", "remove"]) find(`#${name}-selected`).disabled = this.#selected.size === 0;
  }

  #pictures() {
    return [...this.#selected.values()].filter(({ file }) => file);
  }

  /** The tasks of all that is selected, each once. */
  #all() {
    const ids = new Set([...this.#selected.values()].map(({ task }) => task.taskId));
    return [...ids].map((id) => this.#tasks.get(id)).filter(Boolean);
  }
}

const keyOf = ({ task, file }) => `${task.taskId}/${file?.index}`;
