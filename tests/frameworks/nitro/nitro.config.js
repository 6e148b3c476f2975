export default defineNitroConfig({
  compatibilityDate: "2026-04-26",
  preset: "cloudflare_module",
  // Without it the module is left behind. In Nuxt it is `nitro: { experimental: { wasm: true } }`.
  experimental: { wasm: true },
});
