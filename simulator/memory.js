/** What a vendor keeps, in memory: the part of a Durable Object's `storage.kv` that it uses. */
export class Memory {
  /** By the part of their names before the colon: a list of one kind doesn't go through all others. */
  #kinds = new Map();

  get(name) {
    return this.#kindOf(name).get(name);
  }

  put(name, value) {
    this.#kindOf(name).set(name, value);
  }

  delete(name) {
    this.#kindOf(name).delete(name);
  }

  list({ prefix }) {
    return this.#kindOf(prefix);
  }

  #kindOf(name) {
    const [kind] = name.split(":");
    if (!this.#kinds.has(kind)) this.#kinds.set(kind, new Map());
    return this.#kinds.get(kind);
  }
}
