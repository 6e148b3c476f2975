/** What a visitor downloads: every client bundled for the browser by esbuild, minified, brotli 11. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";
import { say, table } from "./stub.js";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const CLIENTS = {
  midapi: `export * from ${JSON.stringify(at("../dist/browser.js"))}`,
  replicate: `export { default } from "replicate"`,
  "@fal-ai/client": `export * from "@fal-ai/client"`,
  openai: `export { default } from "openai"`,
};

function brotli(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotliCompressSync(bytes, { params }).length;
}

const wasm = brotli(readFileSync(at("../dist/midapi_bg.wasm")));
const rows = [];
for (const [name, contents] of Object.entries(CLIENTS)) {
  say(`sizes: ${name}`);
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: at(".") },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "error",
  });
  const js = brotli(outputFiles[0].contents);
  const module = name === "midapi" ? wasm : 0;
  rows.push([name, kb(js + module), kb(js), module === 0 ? "–" : kb(module)]);
}

console.log("## Sizes: for the browser, bundled and minified by esbuild, brotli 11\n");
table(["client", "KB", "JavaScript", "WebAssembly"], rows);

function kb(bytes) {
  return (bytes / 1000).toFixed(1);
}
