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

/** The account of a key, under this name. */
export const accountOf = (key, name) => ({ name: `credits:${name}`, isBroke: key.startsWith("broke") });

/** Bytes as hexadecimal digits. */
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
