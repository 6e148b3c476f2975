import { cloudflareTest } from "@cloudflare/vitest-pool-workers";

/** The rule is one that a wrangler.toml brings along: `cloudflareTest({ wrangler: { configPath } })` needs no other. */
const modulesRules = [{ type: "CompiledWasm", include: ["**/*.wasm"] }];

export default {
  plugins: [cloudflareTest({ miniflare: { compatibilityDate: "2026-04-01", modulesRules } })],
};
