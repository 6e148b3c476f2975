/** The large view of a picture: what it is, what can be made of it, what it comes from. */
import { announce, toast } from "./announce.js";
import { stateOf } from "./card.js";
import { button, element, find } from "./dom.js";
import { explain } from "./explain.js";
import { day, facts } from "./format.js";
import { fileOf, filesOf, isKept, nameOf, picturesOf, relink, view } from "./picture.js";
import { singleFlight } from "./single-flight.js";

/** So far a finger has to move. */
const SWIPE_PX = 50;

export class Viewer {
  #tasks;
  #actions;
  #dialog = find("#viewer");
  /** The task's `id` that is shown, its `state`, and the `index` of the file. */
  #shown;

  /** `moved` is told of the picture that is to be shown, `closed` when there is none any more. */
  constructor(tasks, actions, { moved, closed }) {
    this.#tasks = tasks;
    this.#actions = actions;
    this.#dialog.addEventListener("close", () => {
      this.#shown = undefined;
      this.#find(".picture").replaceChildren();
      // Where it was opened may be gone.
      if (document.activeElement === document.body || this.#dialog.contains(document.activeElement)) find("#main").focus();
      closed();
    });
    this.#find(".close").addEventListener("click", () => this.close());
    const move = (by) => {
      const to = this.#neighbour(by);
      if (to) moved(to.task.taskId, to.file.index);
    };
    this.#find(".previous").addEventListener("click", () => move(-1));
    this.#find(".next").addEventListener("click", () => move(1));
    this.#dialog.addEventListener("keydown", (event) => {
      if (event.target.matches("input, textarea, video")) return;
      if (event.key === "ArrowLeft") move(-1);
      if (event.key === "ArrowRight") move(1);
    });
    let from;
    this.#find(".stage").addEventListener("pointerdown", ({ clientX, pointerType }) => (from = pointerType === "mouse" ? undefined : clientX));
    this.#find(".stage").addEventListener("pointerup", ({ clientX }) => {
      if (from !== undefined && Math.abs(clientX - from) > SWIPE_PX) move(clientX < from ? 1 : -1);
      from = undefined;
    });
    tasks.addEventListener("change", ({ detail: { task, before } }) => {
      if (!this.#shown) return;
      const { taskId, parent } = task ?? before;
      if (taskId === this.#shown.id) task ? this.show(taskId, this.#shown.index) : this.close();
      else if (parent?.taskId === this.#shown.id) this.show(this.#shown.id, this.#shown.index);
    });
  }

  get isOpen() {
    return this.#dialog.open;
  }

  /** Shows a picture of a known task, or the task without one. */
  show(id, index = 1) {
    const task = this.#tasks.get(id);
    const file = fileOf(task, index) ?? filesOf(task)[0];
    const before = this.#shown;
    this.#shown = { id, index: file?.index, state: stateOf(task) };
    const isSame = before?.id === id && before.index === this.#shown.index && before.state === this.#shown.state;
    if (isSame) this.#update(task, file);
    else this.#showPicture(task, file);
    this.#showLineage(task);
    if (!this.isOpen) this.#dialog.showModal();
  }

  close() {
    this.#dialog.close();
  }

  #showPicture(task, file) {
    const without = () => element("p", { className: "without", textContent: task.failure?.message ?? "There is no picture yet." });
    this.#find(".picture").replaceChildren(file ? view(task, file, { controls: true }) : without());
    this.#find("h2").textContent = task.prompt ?? "";
    this.#find(".error").textContent = "";
    this.#dialog.ariaLabel = file ? nameOf(task, file) : "Task";
    this.#find(".make").replaceChildren(...(file ? this.#actions.of(task, file) : []).map((action) => this.#makeButton(action)));
    const use = [
      file && element("a", { className: "button download", textContent: "Download" }),
      filesOf(task).length > 1 && button("Download all as zip", () => this.#actions.zip(picturesOf([this.#tasks.get(task.taskId)]))),
      file && button("Share link", () => this.#actions.share(this.#file())),
      file && button("Compare with …", () => this.#actions.compareWith(task, this.#file())),
      task.prompt && button("Copy prompt", () => this.#actions.copyPrompt(task)),
      task.prompt && button("Use again", () => this.#actions.reuse(task), { className: "reuse" }),
      button("Delete", () => this.#actions.remove([task]), { className: "bad" }),
    ];
    this.#find(".use").replaceChildren(...use.filter(Boolean));
    this.#update(task, file);
  }

  /** Shows what is another without making anything anew that one may be using. */
  #update(task, file) {
    const until = task.expiresAt ? ` · kept until ${day(task.expiresAt)}` : "";
    this.#find(".facts").textContent = facts(task) + until;
    // Not disabled: whoever is at the button stays there.
    for (const [selector, by] of [[".previous", -1], [".next", 1]]) this.#find(selector).ariaDisabled = String(!this.#neighbour(by));
    if (!file) return;
    relink(this.#find(".picture > *"), task, file);
    Object.assign(this.#find(".download"), downloadOf(file));
    for (const { name, className } of this.#actions.of(task, file)) this.#find(`.make .${className} span`).textContent = name;
  }

  #makeButton({ name, className, run, cost }) {
    const made = element("button", { type: "button", className }, element("span", { textContent: name }), cost && element("small", { textContent: cost }));
    const complain = (error) => {
      this.#find(".error").textContent = explain(error);
      announce(explain(error));
    };
    const make = async () => {
      if (await run(this.#file())) toast("It is on its way, and stands under “Made from this”.");
    };
    made.addEventListener("click", singleFlight(made, make, complain));
    return made;
  }

  /** The shown file, where it lies now. */
  #file() {
    return fileOf(this.#tasks.get(this.#shown.id), this.#shown.index);
  }

  /** What the picture comes from, and what was made of this task. */
  #showLineage(task) {
    const parent = task.parent && this.#row("Made from", [this.#link(task.parent)]);
    const children = this.#tasks.childrenOf(task.taskId).map((child) => this.#link({ taskId: child.taskId, index: 1 }));
    this.#find(".lineage").replaceChildren(...[parent, children.length > 0 && this.#row("Made from this", children)].filter(Boolean));
  }

  #row(title, links) {
    return element("section", {}, element("h3", { textContent: title }), element("div", { className: "row" }, ...links));
  }

  #link({ taskId, index }) {
    const task = this.#tasks.get(taskId);
    const file = task && fileOf(task, index);
    const isRunning = task?.state === "running";
    const name = task ? `${isRunning ? "Running: " : ""}${facts(task)}` : "a picture";
    const onclick = (event) => {
      event.preventDefault();
      this.#actions.open(taskId, index);
    };
    const link = element("a", { href: `#task/${taskId}/${index}`, ariaLabel: name, title: name, onclick });
    link.append(file && task.images.includes(file) ? element("img", { src: file.url, alt: "", referrerPolicy: "no-referrer" }) : name);
    return link;
  }

  /** The picture before or after the shown one, of all that are known. */
  #neighbour(by) {
    const all = picturesOf(this.#tasks.all());
    const at = all.findIndex(({ task, file }) => task.taskId === this.#shown.id && file.index === this.#shown.index);
    return at < 0 ? undefined : all[at + by];
  }

  #find(selector) {
    return find(selector, this.#dialog);
  }
}

/** A link that is downloaded where the gateway serves it, and opened beside the page where it doesn't. */
function downloadOf(file) {
  if (!isKept(file)) return { href: file.url, target: "_blank", rel: "noopener noreferrer", download: "" };
  return { href: `${file.url}${file.url.includes("?") ? "&" : "?"}download`, target: "", rel: "", download: "" };
}
