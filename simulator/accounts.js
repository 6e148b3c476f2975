/** The credits of the accounts. An account is known by the hash of its key, so that no key is stored. */
export class Accounts {
  #storage;
  #startingCredits;

  constructor(storage, { CREDITS = 10_000 }) {
    this.#storage = storage;
    this.#startingCredits = Number(CREDITS);
  }

  async credits(key) {
    const startingCredits = key.startsWith("broke") ? 0 : this.#startingCredits;
    return (await this.#storage.get(await accountName(key))) ?? startingCredits;
  }

  /** Takes the credits from the account. Returns false, and takes nothing, if it has too few. */
  async charge(key, cost) {
    const credits = await this.credits(key);
    if (credits < cost) return false;
    await this.#storage.put(await accountName(key), credits - cost);
    return true;
  }
}

async function accountName(key) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
  return `credits:${Array.from(hash.slice(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
