const { Midjourney } = require("midapi");

test("with require, the package transformed by Babel", async () => {
  const { answer } = require("./answers.mjs");
  const fetch = jest.fn(async (url, init) => answer(url, init));
  const mj = new Midjourney({ apiKey: "a-key-of-mine", fetch });
  expect((await mj.run({ taskType: "mj_txt2img", prompt: "a lighthouse" })).images).toHaveLength(4);
  expect(fetch).toHaveBeenCalledTimes(2);
});
