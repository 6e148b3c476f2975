import { isMidjourneyError, Midjourney } from "midapi";

export default {
  async fetch(request, env) {
    const mj = new Midjourney({
      // The host is no matter: the binding decides where it goes.
      endpoint: "https://gateway/api/v1/mj",
      apiKey: env.MIDAPI_TOKEN,
      fetch: (url, init) => env.GATEWAY.fetch(url, init),
    });
    const { searchParams } = new URL(request.url);
    try {
      const taskId = searchParams.get("taskId");
      if (taskId) return Response.json(await mj.status(taskId));
      return Response.json(await mj.generate({ taskType: "mj_txt2img", prompt: searchParams.get("prompt") ?? "" }));
    } catch (error) {
      if (!isMidjourneyError(error)) throw error;
      return Response.json(error, { status: 502 });
    }
  },
};
