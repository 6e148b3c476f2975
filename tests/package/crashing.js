import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package built with a module that panics when told to. */
export const CRASHING = fileURLToPath(new URL("../../build/crash/package", import.meta.url));

/** Its classes, and the module's own class of clients. */
export async function crashing() {
  const [{ Midjourney, isMidjourneyError }, { Client }] = await Promise.all(
    ["node.js", "midapi.js"].map((file) => import(join(CRASHING, file))),
  );
  return { Midjourney, isMidjourneyError, Client };
}
