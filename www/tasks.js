const KEY = "midapi.tasks";
const MOST = 100;

/** The tasks of this browser, newest first, kept over reloads: a task that is paid for is not lost with its tab. */
export class Tasks {
  #storage;
  #entries;

  constructor(storage) {
    this.#storage = storage;
    this.#entries = read(storage);
  }

  all() {
    return this.#entries;
  }

  /** Adds an entry in front, or behind the one it came from. */
  add(entry, origin) {
    this.#entries.splice(this.#entries.indexOf(origin) + 1, 0, entry);
    this.#entries.length = Math.min(this.#entries.length, MOST);
    this.save();
    return entry;
  }

  remove(entry) {
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.save();
  }

  save() {
    try {
      this.#storage.setItem(KEY, JSON.stringify(this.#entries));
    } catch {
      // Full or forbidden: the page works on, and forgets at the next load.
    }
  }
}

function read(storage) {
  try {
    const entries = JSON.parse(storage.getItem(KEY));
    return Array.isArray(entries) ? entries.filter(({ task, request }) => task.taskId && request.prompt) : [];
  } catch {
    return [];
  }
}
