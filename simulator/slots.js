/** The slots in which tasks run. A task without a free slot waits for one. */
export class Slots {
  #storage;
  #count;

  constructor(storage, { parallelTasks }) {
    this.#storage = storage;
    this.#count = parallelTasks;
  }

  /** When a slot is free for one more task. */
  freeAt(now) {
    const ends = [];
    for (const [name, endsAt] of [...this.#storage.list({ prefix: "slot:" })]) {
      if (endsAt > now) ends.push(endsAt);
      else this.#storage.delete(name);
    }
    ends.sort((a, b) => a - b);
    const tasksBefore = ends.length - this.#count;
    return tasksBefore < 0 ? now : ends[tasksBefore];
  }

  occupy(taskId, endsAt) {
    this.#storage.put(`slot:${taskId}`, endsAt);
  }
}
