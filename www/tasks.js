const PREFIX = "midapi.task.";
/** How many ended tasks are kept. */
const MAX_ENDED = 200;

/**
 * The tasks of this browser, kept over reloads: a task that is paid for is not lost with its tab. Each has an item of its
 * own in the storage, so that two tabs never write over each other's.
 */
export class Tasks {
  #storage;

  constructor(storage) {
    this.#storage = storage;
  }

  /** All entries, the newest first, each followed by what was made from it. */
  all() {
    const names = Object.keys(this.#storage).filter((name) => name.startsWith(PREFIX));
    const entries = names.map((name) => parsed(this.#storage.getItem(name))).filter(Boolean);
    return entries.sort((a, b) => b.group - a.group || a.at - b.at);
  }

  /** Stores a new entry, and with it the entry it was made from if there is one. */
  add(entry, origin) {
    const at = Date.now();
    Object.assign(entry, { at, group: origin?.group ?? at, from: origin?.task.taskId });
    this.save(entry);
    // The oldest make room, but none that runs: it is paid for, and stored nowhere else.
    const ended = this.all().filter(({ task }) => task.state !== "running");
    for (const old of ended.slice(MAX_ENDED)) this.remove(old);
    return entry;
  }

  save(entry) {
    try {
      this.#storage.setItem(PREFIX + entry.task.taskId, JSON.stringify(entry));
    } catch {
      // Full or forbidden: the page works on, and forgets at the next load.
    }
  }

  remove(entry) {
    this.#storage.removeItem(PREFIX + entry.task.taskId);
  }
}

function parsed(text) {
  try {
    const entry = JSON.parse(text);
    return entry.task.taskId && typeof entry.request.prompt === "string" ? entry : undefined;
  } catch {
    return undefined;
  }
}
