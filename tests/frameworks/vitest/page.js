/** What holds in each environment that stands in for a page. */
import { expect, test, vi } from "vitest";
import { answer } from "./answers.mjs";
import { paint } from "./app.js";

test("through a gateway, over a mocked fetch, in the environment of a page", async () => {
  const fetch = vi.fn(async (url, init) => answer(url, init));
  expect(await paint("a lighthouse", { endpoint: "https://app.example/api/v1/mj", fetch })).toHaveLength(4);
  // Once a gateway is asked what it offers.
  expect(fetch.mock.calls.filter(([url]) => !url.endsWith("/health"))).toHaveLength(2);
});

test("a key is refused, as in a page", async () => {
  await expect(paint("a lighthouse", { apiKey: "a-key-of-mine" })).rejects.toMatchObject({ kind: "misconfigured", field: "apiKey" });
});
