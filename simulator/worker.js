import { Vendor } from "./vendor.js";
import { drawFile } from "./files.js";

export { Vendor };

/** The vendor's envelope. Its application errors come as HTTP 200 with the code inside. */
const envelope = (code, msg, data, init) => Response.json({ code, msg, data }, init);

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const vendor = env.VENDOR.get(env.VENDOR.idFromName("vendor"));
    const file = /^\/m\/([0-9a-f]{32})_0_([0-3])\.(png|mp4)$/.exec(url.pathname);
    if (file && request.method === "GET") return drawFile(await vendor.find(file[1]), Number(file[2]), file[3]);

    const key = /^Bearer (\S+)$/.exec(request.headers.get("Authorization") ?? "")?.[1] ?? "";
    if (key === "" || key.startsWith("invalid")) return envelope(401, "You do not have access permissions");

    switch (`${request.method} ${url.pathname}`) {
      case "GET /api/v1/mj/record-info":
        return answer(await vendor.record(url.searchParams.get("taskId") ?? "", url.origin));
      case "GET /api/v1/common/credit":
        return answer({ data: await vendor.credits(key) });
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

    async function submit(call) {
      const body = await request.json().catch(() => undefined);
      if (body === null || typeof body !== "object") return envelope(400, "The request body is not JSON", null);
      return answer(await call(body));
    }
  },
};

/** What the vendor object answers: data, or a refusal, sometimes with a header or a broken HTTP status. */
function answer({ code = 200, msg = "success", data = null, retryAfter, http }) {
  if (http) return new Response("upstream connect error", { status: Math.min(Math.max(http, 400), 599) });
  const headers = retryAfter ? { "Retry-After": String(retryAfter) } : {};
  return envelope(code, msg, data, { headers });
}
