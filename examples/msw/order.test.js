import { simulator } from "midapi/simulator";
import { parseCallback } from "midapi/webhooks";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { order } from "./order.js";

const vendor = simulator({ haste: 100 });
const callbacks = [];

const server = setupServer(
  // Every request to the vendor, whatever it is about.
  http.all("https://api.midapi.ai/*", ({ request }) => vendor(request)),
  // The app's own receiver.
  http.post("https://app.example/hook", async ({ request }) => {
    callbacks.push(await parseCallback(await request.text()));
    return new HttpResponse(null, { status: 200 });
  }),
);

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterAll(() => server.close());
beforeEach(() => {
  vendor.reset();
  callbacks.length = 0;
  vi.stubEnv("MIDAPI_API_KEY", "any-key-12");
});

test("an order is called back once, and its pictures can be fetched", async () => {
  const { taskId } = await order("a lighthouse");
  await vi.waitFor(() => expect(callbacks).toHaveLength(1));
  const [{ task }] = callbacks;
  expect(task).toMatchObject({ taskId, state: "succeeded" });
  const picture = await fetch(task.images[0].url);
  expect(picture.headers.get("content-type")).toBe("image/png");
  expect(vendor.submits).toHaveLength(1);
});

test("an order that fails is called back, too", async () => {
  await order("a storm [sim: fail, message=The prompt was flagged]");
  await vi.waitFor(() => expect(callbacks).toHaveLength(1));
  expect(callbacks[0].task).toMatchObject({ state: "failed", failure: { message: "The prompt was flagged" } });
});

test("an order that the vendor refuses costs nothing", async () => {
  await expect(order("a storm [sim: code=422, message=No]")).rejects.toMatchObject({ code: 422, billed: "no" });
  expect(vendor.submits).toMatchObject([{ code: 422 }]);
});
