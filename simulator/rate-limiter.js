const WINDOW_MS = 10_000;

/** Limits the submits of any 10 seconds. `SUBMITS_BY_OTHERS` of them are always taken by another user of the account. */
export class RateLimiter {
  #storage;
  #limit;

  constructor(storage, { SUBMITS_PER_10_SECONDS = 20, SUBMITS_BY_OTHERS = 0 }) {
    this.#storage = storage;
    this.#limit = Number(SUBMITS_PER_10_SECONDS) - Number(SUBMITS_BY_OTHERS);
  }

  async allow() {
    const now = Date.now();
    const recent = ((await this.#storage.get("submits")) ?? []).filter((at) => at > now - WINDOW_MS);
    if (recent.length >= this.#limit) return false;
    await this.#storage.put("submits", [...recent, now]);
    return true;
  }
}
