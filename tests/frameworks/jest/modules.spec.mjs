import { expect, jest, test } from "@jest/globals";
import { Midjourney } from "midapi";
import { answer } from "./answers.mjs";

test("with modules, in the environment of a server", async () => {
  const fetch = jest.fn(async (url, init) => answer(url, init));
  const mj = new Midjourney({ apiKey: "a-key-of-mine", fetch });
  expect((await mj.run({ taskType: "mj_txt2img", prompt: "a lighthouse" })).images).toHaveLength(4);
  expect(fetch).toHaveBeenCalledTimes(2);
});
