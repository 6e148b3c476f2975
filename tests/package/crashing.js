import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package built with a module that panics when told to. */
export const CRASHING = fileURLToPath(new URL("../../build/crash/package", import.meta.url));

/** Its classes, and the host's side of the module. */
export async function crashing() {
  const [{ Midjourney, isMidjourneyError }, host] = await Promise.all(
    ["node.js", "host.js"].map((file) => import(join(CRASHING, file))),
  );
  return { Midjourney, isMidjourneyError, host };
}
