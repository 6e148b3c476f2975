/** The page's session with its gateway: a cookie that no script can read, and what may be spent under it today. */
const API = "/api/v1";

export class Session extends EventTarget {
  /** What the gateway says of the caller: `caller`, `dailyCredits`, `spent`, `left`, `resetsAt`, `prices`; nothing before it did. */
  usage = {};
  /** Settles once the gateway has answered the last try to open it. */
  opening = Promise.resolve();
  /** What the gateway offers: `uploads`, `archive`, `turnstileSiteKey`. */
  offers = {};

  /** Opens the session, or renews it; with a token it becomes that token's. Throws what keeps this page out. */
  open(token) {
    const opening = this.#open(token);
    this.opening = opening.catch(() => {});
    return opening;
  }

  async #open(token) {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const opening = call("session", { method: "POST", headers });
    // Whatever becomes of it, it says what the gateway offers.
    const [offers] = await Promise.all([call("health").catch(() => ({})), opening.catch(() => {})]);
    this.offers = offers;
    this.#tell(await opening);
  }

  /** Asks what is left after something was spent. */
  async refresh() {
    try {
      this.#tell(await call("usage", { cache: "no-store" }));
    } catch {
      // What is shown is old, and the gateway decides anyway.
    }
  }

  async close() {
    await call("session/end", { method: "POST" });
  }

  #tell(usage) {
    this.usage = usage;
    this.dispatchEvent(new Event("change"));
  }
}

/** A call of the gateway's own routes: what it answers in `data`, or what it refuses. */
export async function call(route, init) {
  const response = await fetch(`${API}/${route}`, init).catch(() => {
    throw new Error("The gateway can't be reached");
  });
  const { code, msg, data } = await response.json();
  if (code !== 200) throw Object.assign(new Error(msg), { code });
  return data;
}
