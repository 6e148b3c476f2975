/** Several prompts that were sent at once: how far they are, and what came of them. */
import { button, element, find } from "./dom.js";
import { filesOf } from "./picture.js";

/** Each is an item of its own in the storage, so that two tabs never write over each other's. */
const PREFIX = "midapi.batch.";

export class Batches {
  #app;
  #storage;
  #shown = new Map();

  constructor(app, storage) {
    this.#app = app;
    this.#storage = storage;
    app.tasks.addEventListener("change", ({ detail: { task, before } }) => {
      const id = (task ?? before).taskId;
      for (const [batchId, { batch }] of this.#shown) if (batch.taskIds.includes(id)) this.#update(batchId);
    });
  }

  /** Shows what this caller's earlier pages began. */
  async start() {
    const { session, tasks } = this.#app;
    for (const name of Object.keys(this.#storage).filter((name) => name.startsWith(PREFIX))) {
      const batch = parsed(this.#storage.getItem(name));
      if (!batch) this.#storage.removeItem(name);
      else if (batch.callerId === session.usage.callerId) this.#show(name.slice(PREFIX.length), batch);
    }
    for (const [, { batch }] of this.#shown) {
      for (const id of batch.taskIds.filter((id) => !tasks.get(id))) await tasks.load(id).catch(() => {});
    }
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
    try {
      this.#storage.setItem(PREFIX + id, JSON.stringify(this.#shown.get(id).batch));
    } catch {
      // The tasks are in the gateway's list all the same.
    }
  }

  #show(id, batch) {
    const { actions } = this.#app;
    const tasks = () => this.#tasksOf(batch);
    const pictures = () => tasks().flatMap((task) => filesOf(task).map((file) => ({ task, file })));
    const parts = {
      text: element("p"),
      progress: element("progress", { max: batch.size }),
      csv: button("List as CSV", () => actions.csv(tasks())),
      zip: button("Download as zip", () => actions.zip(pictures())),
    };
    const dismiss = button("Dismiss", () => {
      this.#storage.removeItem(PREFIX + id);
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

function parsed(text) {
  try {
    const batch = JSON.parse(text);
    return batch.size > 0 && Array.isArray(batch.taskIds) && batch.refused >= 0 ? batch : undefined;
  } catch {
    return undefined;
  }
}
