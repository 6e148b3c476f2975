/** What this browser keeps as JSON. The storage may be full, and what is there of an older page: then it is as if there were nothing. */

export function stored(storage, name) {
  try {
    return JSON.parse(storage.getItem(name)) ?? undefined;
  } catch {
    return undefined;
  }
}

export function store(storage, name, value) {
  try {
    storage.setItem(name, JSON.stringify(value));
  } catch {
    // The page works on, and forgets it at the next load.
  }
}

/** Values of one kind, each under a name of its own: so two tabs never write over each other's. */
export class Drawer {
  #storage;
  #prefix;

  constructor(storage, prefix) {
    this.#storage = storage;
    this.#prefix = prefix;
  }

  /** All that are there, by their ids; what `isRight` refuses is thrown away. */
  all(isRight) {
    const ids = Object.keys(this.#storage).filter((name) => name.startsWith(this.#prefix)).map((name) => name.slice(this.#prefix.length));
    return ids.flatMap((id) => {
      const value = stored(this.#storage, this.#prefix + id);
      if (isRight(value)) return [[id, value]];
      this.remove(id);
      return [];
    });
  }

  set(id, value) {
    store(this.#storage, this.#prefix + id, value);
  }

  remove(id) {
    this.#storage.removeItem(this.#prefix + id);
  }
}
