import { Midjourney } from "midapi";

/** What an app does: it makes four pictures of a prompt. */
export async function paint(prompt, options) {
  const mj = new Midjourney(options);
  const { images } = await mj.run({ taskType: "mj_txt2img", prompt });
  return images.map(({ url }) => url);
}
