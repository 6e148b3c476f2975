/** The large view of a picture: what it is, what can be made of it, what it comes from. */
import { button, element, find } from "./dom.js";
import { explain } from "./explain.js";
import { day, facts } from "./format.js";
import { filesOf, isKept, nameOf, view } from "./picture.js";
import { singleFlight } from "./single-flight.js";

/** So far a finger has to move. */
const SWIPE_PX = 50;

export class Viewer {
  #tasks;
  #actions;
  #dialog = find("#viewer");
  #shown;

  /** `moved` is told of the picture that is shown, `closed` when there is none any more. */
  constructor(tasks, actions, { moved, closed }) {
    this.#tasks = tasks;
    this.#actions = actions;
    this.#dialog.addEventListener("close", () => {
      this.#shown = undefined;
      this.#find(".picture").replaceChildren();
      closed();
    });
    this.#find(".close").addEventListener("click", () => this.#dialog.close());
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
      const id = (task ?? before).taskId;
      if (id === this.#shown?.id) task ? this.show(id, this.#shown.index) : this.close();
      else if (this.#shown && (task ?? before).parent?.taskId === this.#shown.id) this.#showLineage();
    });
  }

  /** Shows a picture of a task, or the task without one; false if it isn't known. */
  show(id, index = 1) {
    const task = this.#tasks.get(id);
    if (!task) return false;
    const file = filesOf(task).find((file) => file.index === index) ?? filesOf(task)[0];
    const isSame = this.#shown?.id === id && this.#shown.url === file?.url && this.#shown.index === index;
    this.#shown = { id, index, url: file?.url };
    if (!isSame) this.#showPicture(task, file);
    this.#showLineage();
    if (!this.#dialog.open) this.#dialog.showModal();
    return true;
  }

  close() {
    this.#dialog.close();
  }

  #showPicture(task, file) {
    const shown = file ? view(task, file, { controls: true }) : element("p", { className: "without", textContent: task.failure?.message ?? "There is no picture yet." });
    this.#find(".picture").replaceChildren(shown);
    this.#find("h2").textContent = task.prompt ?? "";
    const until = task.expiresAt ? ` · kept until ${day(task.expiresAt)}` : "";
    this.#find(".facts").textContent = facts(task) + until;
    this.#find(".error").textContent = "";
    this.#dialog.ariaLabel = file ? nameOf(task, file) : "Task";
    const complain = (error) => (this.#find(".error").textContent = explain(error));
    const make = file ? this.#actions.of(task, file) : [];
    this.#find(".make").replaceChildren(
      ...make.map(({ name, className, run, cost }) => {
        const made = button(name, undefined, { className });
        if (cost) made.append(" ", element("small", { textContent: cost }));
        made.addEventListener("click", singleFlight(made, () => run(file), complain));
        return made;
      }),
    );
    const use = [
      file && element("a", { className: "button", href: downloadOf(file), download: "", textContent: "Download", ...(isKept(file) ? {} : { target: "_blank", rel: "noopener noreferrer" }) }),
      filesOf(task).length > 1 && button("Download all as zip", () => this.#actions.zip(filesOf(task).map((file) => ({ task, file })))),
      file && button("Share link", () => this.#actions.share(file)),
      file && button("Compare with …", () => this.#actions.compareWith(task, file)),
      task.prompt && button("Copy prompt", () => this.#actions.copyPrompt(task)),
      task.prompt && button("Use again", () => this.#actions.reuse(task), { className: "reuse" }),
      button("Delete", () => this.#actions.remove([task]), { className: "bad" }),
    ];
    this.#find(".use").replaceChildren(...use.filter(Boolean));
    for (const [selector, by] of [[".previous", -1], [".next", 1]]) this.#find(selector).disabled = !this.#neighbour(by);
  }

  /** What the picture comes from, and what was made of this task. */
  #showLineage() {
    const task = this.#tasks.get(this.#shown.id);
    const parent = task.parent && this.#row("Made from", [this.#link(task.parent)]);
    const children = this.#tasks.childrenOf(task.taskId).flatMap((child) => this.#link({ taskId: child.taskId, index: 1 }));
    this.#find(".lineage").replaceChildren(...[parent, children.length > 0 && this.#row("Made from this", children)].filter(Boolean));
  }

  #row(title, links) {
    return element("section", {}, element("h3", { textContent: title }), element("div", { className: "row" }, ...links));
  }

  #link({ taskId, index }) {
    const task = this.#tasks.get(taskId);
    const file = task && filesOf(task).find((file) => file.index === index);
    const name = task ? facts(task) : "a picture";
    const link = element("a", { href: `#task/${taskId}/${index}`, ariaLabel: name, title: name });
    link.append(file && task.images.includes(file) ? element("img", { src: file.url, alt: "", referrerPolicy: "no-referrer" }) : name);
    return link;
  }

  /** The picture before or after the shown one, of all that are known. */
  #neighbour(by) {
    const all = this.#tasks.all().flatMap((task) => filesOf(task).map((file) => ({ task, file })));
    const at = all.findIndex(({ task, file }) => task.taskId === this.#shown.id && file.index === this.#shown.index);
    return at < 0 ? undefined : all[at + by];
  }

  #find(selector) {
    return find(selector, this.#dialog);
  }
}

/** A link that is downloaded, where the gateway serves it. */
function downloadOf(file) {
  if (!isKept(file)) return file.url;
  return `${file.url}${file.url.includes("?") ? "&" : "?"}download`;
}
