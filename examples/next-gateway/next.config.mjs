/** The gateway is reached below the app's own address, so that its session is a cookie of this site. Add that address to MIDAPI_SESSION_ORIGINS. */
export default {
  rewrites: async () => [{ source: "/api/v1/:path*", destination: `${process.env.GATEWAY}/api/v1/:path*` }],
};
