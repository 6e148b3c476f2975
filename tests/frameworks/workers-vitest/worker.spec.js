import { Midjourney } from "midapi";
import { expect, test, vi } from "vitest";
import { answer } from "./answers.mjs";

test("in workerd, over a mocked fetch", async () => {
  const fetch = vi.fn(async (url, init) => answer(url, init));
  const mj = new Midjourney({ apiKey: "a-key-of-mine", fetch });
  expect((await mj.run({ taskType: "mj_txt2img", prompt: "a lighthouse" })).images).toHaveLength(4);
  expect(fetch).toHaveBeenCalledTimes(2);
});
