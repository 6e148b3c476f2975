/** How long this browser's tasks took: for better estimates after a reload. */
import { store, stored } from "./stored.js";

const KEY = "midapi.history";

export const knownTimes = () => stored(localStorage, KEY);

export async function rememberTimes(midjourney) {
  // Without them estimates stay those of typical tasks.
  const times = await midjourney.history().catch(() => undefined);
  if (times) store(localStorage, KEY, times);
}
