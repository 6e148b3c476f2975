// @vitest-environment node
import { expect, test, vi } from "vitest";
import { answer } from "./answers.mjs";
import { paint } from "./app.js";

test("with a key, over a mocked fetch, in the environment of a server", async () => {
  const fetch = vi.fn(async (url, init) => answer(url, init));
  expect(await paint("a lighthouse", { apiKey: "a-key-of-mine", fetch })).toHaveLength(4);
  expect(fetch).toHaveBeenCalledTimes(2);
});
