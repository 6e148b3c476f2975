export default { ssr: { noExternal: true }, build: { ssr: "server.js", outDir: "dist/vite-server", rollupOptions: { output: { entryFileNames: "server.mjs" } } } };
