/** What things cost at this gateway and how long they usually take, said before they are done. */
import { Midjourney } from "./midapi/midapi.js";
import { knownTimes } from "./history.js";

export class Pricing {
  #client;
  #prices;

  constructor(session, endpoint) {
    const create = () => {
      const prices = JSON.stringify(session.usage.prices ?? {});
      if (prices === this.#prices) return;
      this.#prices = prices;
      this.#client = new Midjourney({ endpoint, prices: JSON.parse(prices), history: knownTimes() });
    };
    session.addEventListener("change", create);
    create();
  }

  /** The estimate for a request, or for a change of a result by its name; nothing for what is wrong, as the form says what. */
  async estimate(request) {
    return this.#client.estimate(request).catch(() => undefined);
  }
}
