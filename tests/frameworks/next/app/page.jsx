import { Midjourney } from "midapi";

export const dynamic = "force-dynamic";

/** A server component. */
export default async function Page() {
  const mj = new Midjourney({ endpoint: process.env.MIDAPI_ENDPOINT, apiKey: process.env.MIDAPI_API_KEY });
  const task = await mj.run({ taskType: "mj_txt2img", prompt: "a lighthouse" });
  return <p id="images">{`${task.images.length} images`}</p>;
}
