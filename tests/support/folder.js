import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of a test's own; it goes with the test. */
export function folderOf(t) {
  const folder = mkdtempSync(join(tmpdir(), "midapi-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
