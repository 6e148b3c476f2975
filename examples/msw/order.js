import { Midjourney } from "midapi";

/** What an app does: orders pictures, and has the vendor call back when they are there. */
export async function order(prompt) {
  const mj = new Midjourney({ apiKey: process.env.MIDAPI_API_KEY });
  return mj.generate({ taskType: "mj_txt2img", prompt, callBackUrl: "https://app.example/hook" });
}
