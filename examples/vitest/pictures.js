import { Midjourney, isMidjourneyError } from "midapi";

/** What an app does: the links to four pictures, or what it tells people instead. */
export async function pictures(prompt, { apiKey = process.env.MIDAPI_API_KEY, fetch } = {}) {
  const mj = new Midjourney({ apiKey, fetch });
  try {
    const task = await mj.run({ taskType: "mj_txt2img", prompt });
    return { links: task.images.map(({ url }) => url) };
  } catch (error) {
    if (!isMidjourneyError(error)) throw error;
    if (error.kind === "insufficient_credits") return { problem: "There are no credits left." };
    if (error.kind === "task_failed") return { problem: `Nothing was drawn: ${error.message}` };
    return { problem: "Something went wrong.", mayBePaid: error.billed !== "no" };
  }
}
