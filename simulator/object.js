/** The simulator as a Worker that keeps its tasks: in a Durable Object. `cargo xtask dev` and the tests run it. */
import { DurableObject } from "cloudflare:workers";
import { hex } from "./accounts.js";
import { factsOfVariables } from "./facts.js";
import { answer } from "./routes.js";
import { Vendor } from "./vendor.js";

class VendorObject extends DurableObject {
  #vendor = new Vendor(factsOfVariables(this.env), this.ctx.storage.kv, (url, init) => fetch(url, init));

  async fetch(request) {
    const { response } = await answer(this.#vendor, request, hashOf);
    await this.#setAlarm();
    return response;
  }

  async alarm() {
    await this.#vendor.deliverCallbacks();
    await this.#setAlarm();
  }

  /** For the next callback. */
  async #setAlarm() {
    const next = this.#vendor.nextCallback();
    if (next === undefined) return;
    const alarm = await this.ctx.storage.getAlarm();
    if (alarm === null || alarm > next.due) await this.ctx.storage.setAlarm(next.due);
  }
}

/** What is stored names an account by this, and so holds no key. */
async function hashOf(key) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
  return hex(hash.slice(0, 8));
}

export { VendorObject as Vendor };

export default {
  fetch: (request, env) => env.VENDOR.get(env.VENDOR.idFromName("vendor")).fetch(request),
};
