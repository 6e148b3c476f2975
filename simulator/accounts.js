/** The credits of the accounts. */
export class Accounts {
  #storage;
  #startingCredits;

  constructor(storage, { credits }) {
    this.#storage = storage;
    this.#startingCredits = credits;
  }

  credits({ name, isBroke }) {
    return this.#storage.get(name) ?? (isBroke ? 0 : this.#startingCredits);
  }

  /** Takes the credits from the account. Returns false, and takes nothing, if it has too few. */
  charge(account, cost) {
    const credits = this.credits(account);
    if (credits < cost) return false;
    this.#storage.put(account.name, credits - cost);
    return true;
  }
}

/** The account of a key. It is named by the hash of its key, so that no key is stored. */
export async function accountOf(key) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
  return { name: `credits:${hex(hash.slice(0, 8))}`, isBroke: key.startsWith("broke") };
}

/** Bytes as hexadecimal digits. */
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
