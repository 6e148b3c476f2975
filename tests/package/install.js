/** The package as its users get it: packed, and installed from the tarball into an app of its own. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { program } from "../support/quickstart.js";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** An app with the package installed and these files beside it; returns its folder. */
export async function appWith(files) {
  const folder = mkdtempSync(join(tmpdir(), "midapi-app-"));
  const packed = await program("npm", ["pack", at("../../dist"), "--pack-destination", folder, "--json"], { cwd: folder });
  const tarball = /"filename":\s*"([^"]+\.tgz)"/.exec(packed)[1];
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
  await program("npm", ["install", "--no-audit", "--no-fund", "--offline", join(folder, tarball)], { cwd: folder });
  for (const file of files) {
    cpSync(at(file), join(folder, file.split("/").at(-1)));
  }
  return folder;
}

/** The manifest as it was installed. */
export const installed = (folder) => JSON.parse(readFileSync(join(folder, "node_modules/midapi/package.json"), "utf8"));
