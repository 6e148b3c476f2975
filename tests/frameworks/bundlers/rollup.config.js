import { nodeResolve } from "@rollup/plugin-node-resolve";
import { importMetaAssets } from "@web/rollup-plugin-import-meta-assets";

export default [
  {
    input: "server.js",
    output: { file: "dist/rollup-server/server.mjs", format: "esm" },
    external: [/^node:/],
    plugins: [nodeResolve({ exportConditions: ["node"] })],
  },
  // Without the second plugin Rollup leaves the module behind.
  { input: "page.js", output: { dir: "dist/rollup-page", format: "esm" }, plugins: [nodeResolve({ browser: true }), importMetaAssets()] },
];
