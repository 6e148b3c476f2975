// A server's program: runs a task and prints how many images there are.
import { Midjourney } from "midapi";
import { parseCallback } from "midapi/webhooks";

const mj = new Midjourney({ endpoint: process.env.MIDAPI_ENDPOINT, apiKey: process.env.MIDAPI_API_KEY });
mj.run({ taskType: "mj_txt2img", prompt: "a lighthouse" }).then(async (task) => {
  const { type } = await parseCallback({ code: 200, msg: "success", data: { taskId: task.taskId, resultUrls: [task.images[0].url] } });
  console.log(`${task.images.length} images, ${type}`);
});
