// A page's program: shows how many images there are.
import { Midjourney } from "midapi";

const mj = new Midjourney({ endpoint: new URL("/api/v1/mj", location.href).href });
mj.run({ taskType: "mj_txt2img", prompt: "a lighthouse" }).then(
  (task) => (document.title = `${task.images.length} images`),
  (error) => (document.title = `${error.kind}: ${error.message}`),
);
