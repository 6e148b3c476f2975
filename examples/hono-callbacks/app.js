import { Hono } from "hono";
import { isMidjourneyError, Midjourney } from "midapi";
import { verifyCallback } from "midapi/webhooks";

/** A receiver of callbacks, for Workers, Deno, Bun, and Node by @hono/node-server. `onTask` gets a task that has ended. */
export function receiver({ apiKey, endpoint, secret, onTask }) {
  const mj = new Midjourney({ apiKey, endpoint });
  const app = new Hono();
  app.post("/callbacks", async (c) => {
    try {
      const { taskId } = await verifyCallback(c.req.raw, { secret });
      // A callback is a hint: its signature doesn't cover the results. The record has them.
      const task = await mj.status(taskId);
      if (task.state !== "running") await onTask(task);
      return c.body(null, 204);
    } catch (error) {
      if (!isMidjourneyError(error)) throw error;
      // What isn't the sender's fault is answered so that it calls again.
      return c.text(error.kind, ["unverified", "bad_response"].includes(error.kind) ? 400 : 503);
    }
  });
  return app;
}
