const WINDOW_MS = 10_000;

/** Limits the submits of any 10 seconds. `submitsByOthers` of them are always taken by another user of the account. */
export class RateLimiter {
  #storage;
  #clock;
  #limit;

  constructor(storage, clock, { submitsPer10Seconds, submitsByOthers }) {
    this.#storage = storage;
    this.#clock = clock;
    this.#limit = submitsPer10Seconds - submitsByOthers;
  }

  allow() {
    const now = this.#clock.now();
    const start = now - this.#clock.span(WINDOW_MS);
    const recent = (this.#storage.get("submits") ?? []).filter((at) => at > start);
    if (recent.length >= this.#limit) return false;
    this.#storage.put("submits", [...recent, now]);
    return true;
  }
}
