/** How long this browser's tasks took: for better estimates after a reload. */
const KEY = "midapi.history";

export function knownTimes() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? undefined;
  } catch {
    return undefined;
  }
}

export async function rememberTimes(midjourney) {
  try {
    localStorage.setItem(KEY, JSON.stringify(await midjourney.history()));
  } catch {
    // Estimates stay those of typical tasks.
  }
}
