import { Midjourney } from "midapi";

export default defineEventHandler(async (event) => {
  const { MIDAPI_ENDPOINT, MIDAPI_API_KEY } = event.context.cloudflare.env;
  const mj = new Midjourney({ endpoint: MIDAPI_ENDPOINT, apiKey: MIDAPI_API_KEY });
  const task = await mj.run({ taskType: "mj_txt2img", prompt: "a lighthouse" });
  return { images: task.images.length };
});
