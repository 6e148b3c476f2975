/** The library: every picture the caller has, newest first, as far as one has scrolled. */
import { stateOf } from "./card.js";
import { button, element, find, findAll } from "./dom.js";
import { explain } from "./explain.js";
import { kindOf } from "./format.js";
import { filesOf, nameOf, view } from "./picture.js";
import { Selection } from "./selection.js";

const PAGE = 40;
/** How many tasks are shown before the page may do something else: to show them all at once would hold it up. */
const AT_ONCE = 4;
/** So long nobody types, before the list is searched. */
const PAUSE_MS = 250;
/** So far before its end is seen the next page is asked for. */
const AHEAD_PX = 600;

export class Grid {
  #tasks;
  #actions;
  #selection;
  #element = find("#grid");
  /** The items of each task that is shown. */
  #items = new Map();
  #filter = {};
  #list;
  #isLoading = false;
  #searching;
  /** When the newest that is shown was made; 0 in an empty library, nothing before it was opened. */
  #newest;

  constructor(tasks, actions) {
    this.#tasks = tasks;
    this.#actions = actions;
    this.#selection = new Selection(tasks, actions);
    const [all] = findAll("#filter [name=taskType] option");
    const kinds = findAll("#composer [name=taskType] option").map((option) => option.cloneNode(true));
    find("#filter [name=taskType]").replaceChildren(all, ...kinds);
    find("#filter").addEventListener("submit", (event) => event.preventDefault());
    find("#filter").addEventListener("input", ({ target }) => {
      clearTimeout(this.#searching);
      this.#searching = setTimeout(() => this.start(), target.type === "search" ? PAUSE_MS : 0);
    });
    tasks.addEventListener("change", ({ detail }) => this.#changed(detail));
    const seen = (entries) => entries.at(-1).isIntersecting && this.#more();
    new IntersectionObserver(seen, { rootMargin: `${AHEAD_PX}px` }).observe(find("#more"));
  }

  /** Begins anew, with what is asked for. */
  async start() {
    const asked = new FormData(find("#filter"));
    this.#filter = Object.fromEntries([...asked].filter(([, value]) => value));
    this.#selection.clear();
    this.#items.clear();
    this.#newest = 0;
    this.#element.replaceChildren();
    this.#begin();
    await this.#more();
  }

  /** Has another picture chosen to compare this one with. */
  chooseSecond(picture) {
    this.#selection.chooseSecond(picture);
  }

  #begin() {
    this.#list?.return();
    this.#list = this.#tasks.list({ ...this.#filter, limit: PAGE });
    this.#isLoading = false;
  }

  async #more() {
    if (this.#isLoading || !this.#list || find("#library-view").hidden) return;
    this.#isLoading = true;
    const list = this.#list;
    // Another search may have begun meanwhile.
    const isOld = () => list !== this.#list;
    find("#more").textContent = "Loading …";
    try {
      const isEnd = await this.#showPage(list, isOld);
      if (isOld()) return;
      if (isEnd) this.#list = undefined;
      find("#more").textContent = isEnd ? this.#whatIsThere() : "";
      this.#isLoading = false;
    } catch (error) {
      if (!isOld()) this.#failed(error);
      return;
    }
    // A page that doesn't fill the screen is not the last.
    if (find("#more").getBoundingClientRect().top < innerHeight + AHEAD_PX) await this.#more();
  }

  /** Shows a page's tasks, and returns whether they were the last. */
  async #showPage(list, isOld) {
    for (let number = 1; number <= PAGE; number++) {
      const { value: task, done } = await list.next();
      if (done || isOld()) return true;
      this.#show(task);
      if (number % AT_ONCE === 0) await new Promise(requestAnimationFrame);
    }
    return false;
  }

  /** A list that has failed is over: what is shown already is skipped the next time. */
  #failed(error) {
    const again = button("Try again", () => {
      this.#begin();
      this.#more();
    });
    find("#more").replaceChildren(explain(error), " ", again);
    this.#list = undefined;
  }

  #whatIsThere() {
    if (this.#items.size > 0) return "";
    return Object.keys(this.#filter).length > 0 ? "Nothing like that." : "Nothing here yet.";
  }

  #changed({ task, before }) {
    const id = (task ?? before).taskId;
    const shown = this.#items.get(id);
    if (!task) {
      for (const item of shown ?? []) item.remove();
      this.#items.delete(id);
    } else if (shown && isOtherwise(before, task)) {
      const made = this.#itemsOf(task);
      shown[0].before(...made);
      for (const item of shown) item.remove();
      this.#items.set(id, made);
    } else if (!shown && !before && Object.keys(this.#filter).length === 0 && task.createdAt > this.#newest) {
      const made = this.#itemsOf(task);
      this.#newest = task.createdAt;
      this.#element.prepend(...made);
      this.#items.set(id, made);
      if (find("#more").childElementCount === 0) find("#more").textContent = "";
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
    if (files.length > 0) return files.map((file) => this.#item(task, file, view(task, file, { lazy: true })));
    const state = { running: "Running", failed: "Failed", unclear: "Unclear" }[stateOf(task)];
    const parts = [element("b", { textContent: state }), element("span", { dir: "auto", textContent: task.prompt ?? kindOf(task) })];
    return [this.#item(task, undefined, element("span", { className: "without" }, ...parts))];
  }

  #item(task, file, shown) {
    const open = element("button", { type: "button", className: "tile" }, shown);
    if (file) open.ariaLabel = `${nameOf(task, file)}: ${task.prompt ?? kindOf(task)}`;
    const item = element("li", { className: stateOf(task) }, open);
    this.#selection.offer(item, { task, file });
    open.addEventListener("click", () => this.#selection.take(item) || this.#actions.open(task.taskId, file?.index));
    return item;
  }
}

/** Whether a task is shown by other items than before. */
const isOtherwise = (before, task) =>
  stateOf(before) !== stateOf(task) || filesOf(task).some(({ url }, at) => filesOf(before)[at]?.url !== url);
