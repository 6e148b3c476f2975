/** Several prompts that were sent at once: how far they are, and what came of them. */
import { button, element, find } from "./dom.js";
import { picturesOf } from "./picture.js";
import { Drawer } from "./stored.js";

const PREFIX = "midapi.batch.";

export class Batches {
  #app;
  #kept;
  #shown = new Map();

  constructor(app, storage) {
    this.#app = app;
    this.#kept = new Drawer(storage, PREFIX);
    app.tasks.addEventListener("change", ({ detail: { task, before } }) => {
      const id = (task ?? before).taskId;
      for (const [batchId, { batch }] of this.#shown) if (batch.taskIds.includes(id)) this.#update(batchId);
    });
  }

  /** Shows what this caller's earlier pages began. */
  start() {
    for (const [id, batch] of this.#kept.all(isBatch)) {
      if (batch.callerId === this.#app.session.usage.callerId) this.#show(id, batch);
    }
  }

  /** Asks for those of their tasks that the list hasn't told of. */
  async loadOlder() {
    const { tasks } = this.#app;
    const ids = [...this.#shown.values()].flatMap(({ batch }) => batch.taskIds);
    for (const id of ids) if (!tasks.get(id)) await tasks.load(id).catch(() => {});
  }

  /** A batch of so many orders; returns its id, for them to name it by. */
  begin(size) {
    const id = crypto.randomUUID();
    this.#show(id, { size, taskIds: [], refused: 0, callerId: this.#app.session.usage.callerId });
    this.#keep(id);
    return id;
  }

  /** An order of a batch has become a task. */
  accepted({ batch: id }, { taskId }) {
    this.#change(id, (batch) => batch.taskIds.includes(taskId) || batch.taskIds.push(taskId));
  }

  /** An order of a batch became none. */
  refused({ batch: id }) {
    this.#change(id, (batch) => batch.refused++);
  }

  #change(id, change) {
    const shown = this.#shown.get(id);
    if (!shown) return;
    change(shown.batch);
    this.#keep(id);
    this.#update(id);
  }

  #keep(id) {
    this.#kept.set(id, this.#shown.get(id).batch);
  }

  #show(id, batch) {
    const { actions } = this.#app;
    const tasks = () => this.#tasksOf(batch);
    const parts = {
      text: element("p"),
      progress: element("progress", { max: batch.size }),
      csv: button("List as CSV", () => actions.csv(tasks())),
      zip: button("Download as zip", () => actions.zip(picturesOf(tasks()))),
    };
    const dismiss = button("Dismiss", () => {
      this.#kept.remove(id);
      this.#shown.delete(id);
      section.remove();
      find("#prompt").focus();
    });
    const section = element("section", { className: "batch", ariaLabel: "Several prompts" }, ...Object.values(parts), dismiss);
    this.#shown.set(id, { batch, parts });
    find("#batches").prepend(section);
    this.#update(id);
  }

  #update(id) {
    const { batch, parts } = this.#shown.get(id);
    const tasks = this.#tasksOf(batch);
    const done = tasks.filter(({ state }) => state === "succeeded").length;
    const failed = tasks.filter(({ state }) => state === "failed").length + batch.refused;
    parts.text.textContent = `${done} of ${batch.size} prompts done${failed > 0 ? ` · ${failed} failed` : ""}`;
    parts.progress.value = done + failed;
    parts.progress.ariaLabel = parts.text.textContent;
    parts.csv.disabled = tasks.length === 0;
    parts.zip.disabled = done === 0;
  }

  #tasksOf({ taskIds }) {
    return taskIds.map((id) => this.#app.tasks.get(id)).filter(Boolean);
  }
}

const isBatch = (batch) => batch?.size > 0 && Array.isArray(batch.taskIds) && batch.refused >= 0;
