/** The library: every picture the caller has, newest first, as far as one has scrolled. */
import { element, find, findAll } from "./dom.js";
import { explain } from "./explain.js";
import { kindOf } from "./format.js";
import { stateOf } from "./card.js";
import { filesOf, nameOf, view } from "./picture.js";

const PAGE = 40;
/** How many tasks are shown before the page may do something else: to show them all at once would hold it up. */
const AT_ONCE = 4;
/** So long nobody types, before the list is searched. */
const PAUSE_MS = 250;

export class Grid {
  #tasks;
  #actions;
  #element = find("#grid");
  #items = new Map();
  #list;
  #isLoading = false;
  #searching;
  #selected = new Map();

  constructor(tasks, actions) {
    this.#tasks = tasks;
    this.#actions = actions;
    const filter = find("#filter");
    filter.addEventListener("submit", (event) => event.preventDefault());
    filter.addEventListener("input", ({ target }) => {
      clearTimeout(this.#searching);
      this.#searching = setTimeout(() => this.start(), target.type === "search" ? PAUSE_MS : 0);
    });
    tasks.addEventListener("change", ({ detail }) => this.#changed(detail));
    // Before its end is seen, the next page is asked for.
    new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.#more(), { rootMargin: "600px" }).observe(find("#more"));
    find("#select").addEventListener("click", () => this.#selecting(find("#select").ariaPressed !== "true"));
    find("#compare-selected").addEventListener("click", () => actions.compare([...this.#selected.values()]));
    find("#zip-selected").addEventListener("click", () => actions.zip([...this.#selected.values()]));
    find("#csv-selected").addEventListener("click", () => actions.csv(this.#selectedTasks()));
    find("#remove-selected").addEventListener("click", async () => {
      if (await actions.remove(this.#selectedTasks())) this.#selecting(false);
    });
  }

  /** Begins anew, with what is asked for. */
  async start() {
    const asked = new FormData(find("#filter"));
    const filter = Object.fromEntries([...asked].filter(([, value]) => value));
    this.#list?.return();
    this.#list = this.#tasks.list({ ...filter, limit: PAGE });
    this.#isFiltered = Object.keys(filter).length > 0;
    this.#items.clear();
    this.#newest = 0;
    this.#element.replaceChildren();
    this.#isLoading = false;
    await this.#more();
  }
  #isFiltered = false;
  /** When the newest that is shown was made. */
  #newest = 0;

  /** Has another picture chosen to compare this one with. */
  chooseSecond(picture) {
    this.#selecting(true);
    this.#first = picture;
    find("#selected").value = "Choose the picture to compare with";
  }
  #first;

  async #more() {
    if (this.#isLoading || !this.#list || find("#library").hidden) return;
    this.#isLoading = true;
    find("#more").textContent = "Loading …";
    const list = this.#list;
    try {
      for (let number = 0; number < PAGE; number++) {
        const { value: task, done } = await list.next();
        // Another search has begun.
        if (list !== this.#list) return;
        if (done) {
          this.#list = undefined;
          find("#more").textContent = this.#items.size > 0 ? "" : this.#isFiltered ? "Nothing like that." : "Nothing here yet.";
          return;
        }
        this.#show(task);
        if (number % AT_ONCE === AT_ONCE - 1) await new Promise(requestAnimationFrame);
      }
      find("#more").textContent = "";
    } catch (error) {
      find("#more").textContent = explain(error);
    }
    this.#isLoading = false;
    // A page that doesn't fill the screen is not the last.
    if (find("#more").getBoundingClientRect().top < innerHeight + 600) await this.#more();
  }

  #changed({ task, before }) {
    const id = (task ?? before).taskId;
    if (!task) {
      for (const item of this.#items.get(id) ?? []) item.remove();
      this.#items.delete(id);
      return;
    }
    const shown = this.#items.get(id);
    if (shown && (stateOf(before) !== stateOf(task) || filesOf(task).some(({ url }, at) => filesOf(before)[at]?.url !== url))) {
      const made = this.#itemsOf(task);
      shown[0].before(...made);
      for (const item of shown) item.remove();
      this.#items.set(id, made);
    } else if (!shown && !before && !this.#isFiltered && this.#newest > 0 && task.createdAt > this.#newest) {
      const made = this.#itemsOf(task);
      this.#newest = task.createdAt;
      this.#element.prepend(...made);
      this.#items.set(id, made);
    }
  }

  #show(task) {
    if (this.#items.has(task.taskId)) return;
    const made = this.#itemsOf(task);
    this.#items.set(task.taskId, made);
    this.#newest = Math.max(this.#newest, task.createdAt ?? 0);
    this.#element.append(...made);
  }

  /** One for each picture; for a task without any, one that says why. */
  #itemsOf(task) {
    const files = filesOf(task);
    if (files.length > 0) return files.map((file) => this.#item(task, file));
    const state = { running: "Running", failed: "Failed", unclear: "Unclear" }[stateOf(task)];
    const text = element("span", { className: "without" }, element("b", { textContent: state }), element("span", { textContent: task.prompt ?? kindOf(task) }));
    return [this.#item(task, undefined, text)];
  }

  #item(task, file, shown = view(task, file, { lazy: true })) {
    const open = element("button", { type: "button", className: "tile" }, shown);
    const chosen = { task, file };
    const key = `${task.taskId}/${file?.index}`;
    const item = element("li", { className: stateOf(task) }, open);
    if (file) open.ariaLabel = `${nameOf(task, file)}: ${task.prompt ?? kindOf(task)}`;
    const select = (isSelected) => {
      if (this.#first && file) {
        const first = this.#first;
        this.#selecting(false);
        return this.#actions.compare([first, chosen]);
      }
      if (isSelected) this.#selected.set(key, chosen);
      else this.#selected.delete(key);
      item.classList.toggle("selected", isSelected);
      open.ariaPressed = String(isSelected);
      this.#showSelection();
    };
    item.unselect = () => {
      item.classList.remove("selected");
      open.removeAttribute("aria-pressed");
    };
    open.addEventListener("click", () => {
      if (find("#select").ariaPressed === "true") select(!this.#selected.has(key));
      else this.#actions.open(task.taskId, file?.index);
    });
    return item;
  }

  #selecting(on) {
    find("#select").ariaPressed = String(on);
    find("#select").textContent = on ? "Done" : "Select";
    find("#selection").hidden = !on;
    this.#element.classList.toggle("selecting", on);
    this.#selected.clear();
    this.#first = undefined;
    for (const item of findAll("li", this.#element)) item.unselect();
    this.#showSelection();
  }

  #showSelection() {
    const pictures = [...this.#selected.values()].filter(({ file }) => file).length;
    find("#selected").value = `${this.#selected.size} selected`;
    find("#compare-selected").disabled = pictures !== 2 || this.#selected.size !== 2;
    find("#zip-selected").disabled = pictures === 0;
    for (const name of ["csv", "remove"]) find(`#${name}-selected`).disabled = this.#selected.size === 0;
  }

  #selectedTasks() {
    return [...new Set([...this.#selected.values()].map(({ task }) => task.taskId))].map((id) => this.#tasks.get(id)).filter(Boolean);
  }
}
