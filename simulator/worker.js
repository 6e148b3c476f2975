/** The simulator as a Worker that keeps nothing: each of its instances is a vendor of its own, in memory. */
import { timeUntil } from "./clock.js";
import { factsOfVariables } from "./facts.js";
import { Memory } from "./memory.js";
import { answer } from "./routes.js";
import { Vendor } from "./vendor.js";

let vendor;

export default {
  async fetch(request, env, context) {
    vendor ??= new Vendor(factsOfVariables(env ?? {}), new Memory(), (url, init) => fetch(url, init));
    const { response } = await answer(vendor, request);
    // A timer ends with the request that set it, unless the runtime is asked to wait.
    const delivered = deliverCallbacks();
    context?.waitUntil?.(delivered);
    return response;
  },
};

async function deliverCallbacks() {
  for (let next; (next = vendor.nextCallback()) !== undefined; ) {
    await new Promise((resolve) => setTimeout(resolve, timeUntil(next.due)));
    await vendor.deliverCallbacks();
  }
}
