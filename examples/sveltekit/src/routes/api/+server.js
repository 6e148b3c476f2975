import { Midjourney } from "midapi";

export async function GET() {
  const mj = new Midjourney({ endpoint: process.env.MIDAPI_ENDPOINT, apiKey: process.env.MIDAPI_API_KEY });
  const task = await mj.run({ taskType: "mj_txt2img", prompt: "a lighthouse" });
  return Response.json({ images: task.images.length });
}
