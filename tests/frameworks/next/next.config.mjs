/** The pages' calls go to the gateway by the app's own server, as those of one site. */
export default {
  reactStrictMode: true,
  rewrites: async () => [{ source: "/api/v1/:path*", destination: `${process.env.GATEWAY}/api/v1/:path*` }],
};
