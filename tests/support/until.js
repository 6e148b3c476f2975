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

/** The windows in which Miniflare's rate limiter counts: it forgets all at every tenth second of the clock. */
const WINDOW_MS = 10_000;

/**
 * Runs a count of what the rate limiter lets through. If a window ended meanwhile, what was counted says nothing: it runs
 * again, from the beginning of the next window.
 */
export async function inOneWindow(body) {
  const window = () => Math.floor(Date.now() / WINDOW_MS);
  for (let attempt = 1; attempt <= 5; attempt++) {
    const began = window();
    const counted = await body();
    if (window() === began) return counted;
    await pause((window() + 1) * WINDOW_MS - Date.now());
  }
  throw new Error(`${body} takes more than one window of ${WINDOW_MS} ms`);
}
