/** The slots in which tasks run. A task without a free slot waits for one. */
export class Slots {
  #storage;
  #count;

  constructor(storage, { PARALLEL_TASKS = 4 }) {
    this.#storage = storage;
    this.#count = Number(PARALLEL_TASKS);
  }

  /** When a slot is free for one more task. */
  async freeAt(now) {
    const ends = [];
    for (const [name, endsAt] of await this.#storage.list({ prefix: "slot:" })) {
      if (endsAt > now) ends.push(endsAt);
      else await this.#storage.delete(name);
    }
    ends.sort((a, b) => a - b);
    const tasksBefore = ends.length - this.#count;
    return tasksBefore < 0 ? now : ends[tasksBefore];
  }

  async occupy(taskId, endsAt) {
    await this.#storage.put(`slot:${taskId}`, endsAt);
  }
}
