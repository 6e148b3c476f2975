/** Several prompts that were sent at once: how far they are, and what came of them. */
import { button, element, find } from "./dom.js";
import { filesOf } from "./picture.js";

const KEY = "midapi.batches";

export class Batches {
  #tasks;
  #actions;
  #storage;
  #batches;

  constructor(tasks, actions, storage) {
    this.#tasks = tasks;
    this.#actions = actions;
    this.#storage = storage;
    this.#batches = stored(storage);
    tasks.addEventListener("change", () => this.#render());
    this.#render();
  }

  /** A batch of so many; `accepted` and `refused` tell what became of each. */
  begin(size) {
    const batch = { size, taskIds: [], refused: 0 };
    this.#batches.unshift(batch);
    this.#changed();
    return {
      accepted: ({ taskId }) => {
        batch.taskIds.push(taskId);
        this.#changed();
      },
      refused: () => {
        batch.refused++;
        this.#changed();
      },
    };
  }

  #changed() {
    try {
      this.#storage.setItem(KEY, JSON.stringify(this.#batches));
    } catch {
      // The tasks are in the gateway's list all the same.
    }
    this.#render();
  }

  #render() {
    find("#batches").replaceChildren(...this.#batches.map((batch) => this.#card(batch)));
  }

  #card(batch) {
    const tasks = batch.taskIds.map((id) => this.#tasks.get(id)).filter(Boolean);
    const done = tasks.filter(({ state }) => state === "succeeded");
    const failed = tasks.filter(({ state }) => state === "failed").length + batch.refused;
    const text = `${done.length} of ${batch.size} prompts done${failed > 0 ? ` · ${failed} failed` : ""}`;
    const pictures = done.flatMap((task) => filesOf(task).map((file) => ({ task, file })));
    return element(
      "section",
      { className: "batch", ariaLabel: "Several prompts" },
      element("p", { textContent: text }),
      element("progress", { max: batch.size, value: done.length + failed, ariaLabel: text }),
      button("List as CSV", () => this.#actions.csv(tasks), { disabled: tasks.length === 0 }),
      button("Download as zip", () => this.#actions.zip(pictures), { disabled: pictures.length === 0 }),
      button("Dismiss", () => {
        this.#batches = this.#batches.filter((other) => other !== batch);
        this.#changed();
      }),
    );
  }
}

function stored(storage) {
  try {
    const batches = JSON.parse(storage.getItem(KEY)) ?? [];
    return batches.filter(({ size, taskIds, refused }) => size > 0 && Array.isArray(taskIds) && refused >= 0);
  } catch {
    return [];
  }
}
