/** Waits for what tests can't be told of. */
import { setTimeout as pause } from "node:timers/promises";

/** Tries until this is true, for so long, and returns what it found. */
export async function until(holds, seconds = 20) {
  const stopAt = Date.now() + seconds * 1000;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (Date.now() > stopAt) throw new Error(`still not so after ${seconds} s: ${holds}`);
    await pause(10);
  }
}
