/** The floor: the package in dist/ with a module that costs nothing, as its host alone is. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const at = (path) => new URL(path, import.meta.url);
const built = (file) => at(`../build/floor/${file}`);

rmSync(built("."), { recursive: true, force: true });
cpSync(at("../dist/"), built("."), { recursive: true });
const real = readFileSync(at("../dist/midapi.js"), "utf8");
writeFileSync(built("real.js"), real.replace("./host.js", "./recorded.js"));
cpSync(at("floor/"), built("."), { recursive: true });

export const { Midjourney } = await import(built("node.js"));
