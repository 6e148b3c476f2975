export default {
  mode: "production",
  target: "node20",
  entry: "./server.js",
  output: { path: new URL("dist/webpack-server", import.meta.url).pathname, filename: "server.cjs" },
};
