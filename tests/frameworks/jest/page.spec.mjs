import { expect, jest, test } from "@jest/globals";
import { Midjourney } from "midapi";
import { answer } from "./answers.mjs";

test("with modules, in the environment of a page", async () => {
  const fetch = jest.fn(async (url, init) => answer(url, init));
  globalThis.fetch = () => Promise.reject(new Error("the mocked fetch was asked for the module"));
  const mj = new Midjourney({ endpoint: "https://app.example/api/v1/mj", fetch });
  expect((await mj.run({ taskType: "mj_txt2img", prompt: "a lighthouse" })).images).toHaveLength(4);
  // Once a gateway is asked what it offers.
  expect(fetch.mock.calls.filter(([url]) => !url.endsWith("/health"))).toHaveLength(2);
});
