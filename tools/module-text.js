/** Writes a WebAssembly module as a JavaScript one: the bytes after brotli, as base64. For hosts that can't find files of a package. */
import { readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";

const [module, output] = process.argv.slice(2);
writeFileSync(output, `export default "${brotliCompressSync(readFileSync(module)).toString("base64")}";\n`);
