/** The best-known proxy that holds a key, in its adapter for Hono, on its own terms: anyone may call. */
import { createRouteHandler } from "@fal-ai/server-proxy/hono";
import { Hono } from "hono";

const app = new Hono();
const handler = createRouteHandler({ resolveApiKey: async () => "a-key", allowUnauthorizedRequests: true, allowedEndpoints: ["**"] });
app.all("/api/fal/proxy", (context) => handler(context));
export default app;
