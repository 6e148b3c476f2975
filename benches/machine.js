/** What the benches were run on, and what with. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";

const versions = ["replicate", "@fal-ai/client", "openai"].map((name) => {
  const manifest = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return `${name} ${JSON.parse(readFileSync(manifest, "utf8")).version}`;
});

console.log(`# Results of the benches

By \`cargo xtask bench\`, on ${new Date().toISOString().slice(0, 10)}: ${cpus()[0]?.model.trim() || "a CPU without a name"}, \
${availableParallelism()} cores, Node ${process.versions.node}; midapi of this commit, ${versions.join(", ")}. Other machines \
have other figures: compare the rows, not the tables.`);
