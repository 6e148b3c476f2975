/** A gateway that keeps results, with the vendor and its file hosts in the test's hands. */
import { encode } from "fast-png";
import { Response } from "miniflare";
import { freePort } from "../../tools/platform.js";
import { Upstream, envelope, exactly, gatewayOn } from "./servers.js";
import { until } from "./until.js";

export const IMAGE = { taskType: "mj_txt2img", prompt: "a lighthouse" };
export const FILE_HOST = "files.example";

/** A picture of one colour, as a PNG file. */
export const png = (level = 128, side = 16) =>
  Buffer.from(encode({ width: side, height: side, channels: 3, data: new Uint8Array(3 * side * side).fill(level) }));

/** A file as a host serves it. */
export const file = (bytes, type = "image/png", headers = {}) =>
  new Response(bytes, { headers: { "Content-Type": type, "Content-Length": String(bytes.length), ...headers } });

/** The variables of a gateway that keeps results, at this port. */
export const keeping = (port, vars = {}) => ({
  MIDAPI_PUBLIC_URL: `http://127.0.0.1:${port}`,
  MIDAPI_FILE_HOSTS: `${FILE_HOST} cdn.example`,
  ...vars,
});

/**
 * The vendor of such a gateway. `links` are the results of the tasks that are submitted next, `files` what the hosts have by
 * path, `record` what more their records say.
 */
export function vendorWithFiles() {
  const vendor = { links: [`https://${FILE_HOST}/1.png`], files: { "/1.png": () => file(png()) }, record: {}, tasks: {}, elsewhere: undefined };
  vendor.upstream = new Upstream(async (request) => {
    const { host, pathname, searchParams } = new URL(request.url);
    if (host !== "vendor.example") {
      const answer = vendor.files[pathname] ?? vendor.elsewhere;
      return answer ? answer(request) : new Response("Not Found", { status: 404 });
    }
    if (pathname.endsWith("/common/credit")) return envelope(5916);
    if (request.method === "POST") {
      const taskId = String(Object.keys(vendor.tasks).length + 1).padStart(32, "0");
      const resultInfoJson = { resultUrls: vendor.links.map((resultUrl) => ({ resultUrl })) };
      vendor.tasks[taskId] = { taskId, successFlag: 1, paramJson: request.body, resultInfoJson, ...vendor.record };
      return envelope({ taskId });
    }
    return envelope(vendor.tasks[searchParams.get("taskId")]);
  });
  /** What was asked for besides the vendor's own routes. */
  vendor.fetched = () => vendor.upstream.requests.map(({ url }) => url).filter((url) => !url.startsWith("https://vendor.example/"));
  return vendor;
}

/** A gateway that keeps results, on such a vendor; `start` may be another way to start it. */
export async function archiving({ vendor = vendorWithFiles(), vars, port, start = gatewayOn, ...options } = {}) {
  port ??= await freePort();
  const gateway = await start(vendor.upstream, { vars: keeping(port, vars), port, ...options });
  const bucket = () => gateway.worker.getR2Bucket("FILES");
  /** The keys of all that is kept, in order. */
  const kept = async () => (await (await bucket()).list()).objects.map(({ key }) => key);
  const record = async (taskId, headers) => (await gateway.get(`record-info?taskId=${taskId}`, headers)).json.data;
  /** Calls back about the newest task, as the vendor does at its end. */
  const callBack = async () => {
    const { callBackUrl } = JSON.parse(vendor.upstream.submits.findLast(({ url }) => url.startsWith("https://vendor.example/")).body);
    await exactly(gateway.url + new URL(callBackUrl).pathname, { headers: { "Content-Type": "application/json" }, parts: ["{}"] });
  };
  /** Submits a task and has it end. */
  const run = async (request = IMAGE, headers) => {
    const { json } = await gateway.post("generate", request, headers);
    if (json.data === null) throw new Error(json.msg);
    await callBack();
    return json.data.taskId;
  };
  /** The same, and its record once there is nothing more to copy. */
  const runAndKeep = async (request, headers) => {
    const taskId = await run(request, headers);
    return until(async () => {
      const found = await record(taskId, headers);
      return found.archive && found.archive.state !== "pending" && found;
    });
  };
  return { ...gateway, vendor, bucket, kept, record, callBack, run, runAndKeep };
}

/** The links of a record. */
export const linksOf = (record) => record.resultInfoJson.resultUrls.map(({ resultUrl }) => resultUrl);
