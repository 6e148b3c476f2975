import { envelope, responseTo } from "./responses.js";
import { resultFile } from "./result-files.js";
import { Vendor } from "./vendor.js";

export { Vendor };

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const vendor = env.VENDOR.get(env.VENDOR.idFromName("vendor"));
    const file = /^\/m\/([0-9a-f]{32})_0_([0-3])\.(png|mp4)$/.exec(url.pathname);
    if (file && request.method === "GET") return resultFile(await vendor.find(file[1]), Number(file[2]), file[3]);

    const key = /^Bearer (\S+)$/.exec(request.headers.get("Authorization") ?? "")?.[1] ?? "";
    if (key === "" || key.startsWith("invalid")) return envelope(401, "You do not have access permissions");

    switch (`${request.method} ${url.pathname}`) {
      case "GET /api/v1/mj/record-info":
        return responseTo(await vendor.record(url.searchParams.get("taskId") ?? "", url.origin));
      case "GET /api/v1/common/credit":
        return responseTo({ data: await vendor.credits(key) });
      case "POST /api/v1/mj/generate":
        return submit((body) => vendor.generate(key, body, url.origin));
      case "POST /api/v1/mj/upscale":
        if (env.UPSCALE_ROUTE === "generateUpscale") break;
        return submit((body) => vendor.upscale(key, { ...body, position: body.index - 1 }, url.origin));
      case "POST /api/v1/mj/generateUpscale":
        if (env.UPSCALE_ROUTE === "upscale") break;
        return submit((body) => vendor.upscale(key, { ...body, position: body.imageIndex }, url.origin));
      case "POST /api/v1/mj/generateVary":
        return submit((body) => vendor.vary(key, { ...body, position: body.imageIndex }, url.origin));
      case "POST /api/v1/mj/generateVideoExtend":
        return submit((body) => vendor.extendVideo(key, { ...body, position: body.index }, url.origin));
    }
    return envelope(404, "Not Found", null, { status: 404 });

    async function submit(operation) {
      const body = await request.json().catch(() => undefined);
      if (body === null || typeof body !== "object") return envelope(400, "The request body is not JSON");
      return responseTo(await operation(body));
    }
  },
};
