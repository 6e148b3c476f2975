/** The package as its users get it: packed, and installed from the tarball into an app of its own. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { program } from "../support/quickstart.js";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

let packing;

/** Packs the package, once; returns the tarball's path. */
export function tarball() {
  packing ??= pack(at("../../build/packed"));
  return packing;
}

async function pack(folder) {
  mkdirSync(folder, { recursive: true });
  const options = ["--pack-destination", folder, "--json"];
  const packed = await program("npm", ["pack", at("../../dist"), ...options], { cwd: folder });
  return join(folder, /"filename":\s*"([^"]+\.tgz)"/.exec(packed)[1]);
}

/** An app with the package installed and these files, or what these folders hold, beside it; returns its folder. */
export async function appWith(files) {
  const folder = mkdtempSync(join(tmpdir(), "midapi-app-"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
  await program("npm", ["install", "--no-audit", "--no-fund", "--offline", await tarball()], { cwd: folder });
  for (const file of files.map(at)) {
    cpSync(file, statSync(file).isDirectory() ? folder : join(folder, basename(file)), { recursive: true });
  }
  return folder;
}

/** The manifest as it was installed. */
export const installed = (folder) => JSON.parse(readFileSync(join(folder, "node_modules/midapi/package.json"), "utf8"));
