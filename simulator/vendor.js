import { DurableObject } from "cloudflare:workers";
import { Accounts } from "./accounts.js";
import { Callbacks } from "./callbacks.js";
import { numberOf, parseDirectives } from "./directives.js";
import { RateLimiter } from "./rate-limiter.js";
import { taskRecord } from "./record.js";
import { Slots } from "./slots.js";

const TASK_TYPES = ["mj_txt2img", "mj_img2img", "mj_style_reference", "mj_omni_reference", "mj_video", "mj_video_hd"];
const DURATIONS = { relaxed: 8, fast: 4, turbo: 2, video: 6, upscale: 3 };
const COSTS = { relaxed: 3, fast: 8, turbo: 16, video: 30, upscale: 3 };
const NEVER_SECONDS = 1e9;

/** The vendor: its operations, and the tasks. The state of a task follows from its times. */
export class Vendor extends DurableObject {
  #storage = this.ctx.storage;
  #accounts = new Accounts(this.#storage, this.env);
  #rateLimiter = new RateLimiter(this.#storage, this.env);
  #slots = new Slots(this.#storage, this.env);
  #callbacks = new Callbacks(this.#storage);

  async generate(key, request, origin) {
    const directives = parseDirectives(request.prompt);
    const refusal = refusalOf(request, directives);
    if (refusal) return refusal;
    const isVideo = isVideoRequest(request);
    const pace = isVideo ? "video" : (request.speed ?? "fast").toLowerCase().replace(/^relax$/, "relaxed");
    const resultCount = isVideo ? (request.videoBatchSize ?? 1) : 4;
    const stored = { enableTranslation: true, ...request };
    const response = await this.#submit(key, pace, { request: stored, resultCount, directives, isVideo, origin });
    return directives.http ? { proxyStatus: numberOf(directives.http, 500) } : response;
  }

  async upscale(key, body, origin) {
    return this.#change(key, "mj_upscale", body, (parent, request) => {
      const picture = { ...parent.picture, position: body.position };
      return this.#submit(key, "upscale", { request, resultCount: 1, origin, picture });
    });
  }

  async vary(key, body, origin) {
    return this.#change(key, "mj_vary", body, (parent, request) => {
      const varied = { ...request, prompt: `${parent.picture.prompt}, variation ${body.position + 1}` };
      return this.#submit(key, "upscale", { request: varied, resultCount: 4, origin });
    });
  }

  async extendVideo(key, body, origin) {
    if (body.taskType === "mj_video_extend_manual" && !body.prompt) return { code: 422, msg: "prompt cannot be empty" };
    return this.#change(key, body.taskType, body, (parent, request) => {
      if (!parent.isVideo) return { code: 422, msg: "The task is no video" };
      return this.#submit(key, "video", { request, resultCount: 1, isVideo: true, origin });
    });
  }

  async record(taskId, origin) {
    const task = await this.find(taskId);
    if (!task) return { code: 422, msg: "The record does not exist" };
    if (task.directives.late && !task.wasLookedAt) {
      await this.#storage.put(`task:${taskId}`, { ...task, wasLookedAt: true });
      return { code: numberOf(task.directives.late, 422), msg: "The record does not exist" };
    }
    const data = taskRecord({ ...task, origin }, Date.now());
    const secondsLeft = data.successFlag === 0 ? Math.min(Math.ceil((task.endsAt - Date.now()) / 1000), 30) : 0;
    return { data, retryAfter: secondsLeft > 0 ? secondsLeft : undefined };
  }

  credits(key) {
    return this.#accounts.credits(key);
  }

  find(taskId) {
    return this.#storage.get(`task:${taskId}`);
  }

  alarm() {
    return this.#callbacks.deliverDue((taskId) => this.find(taskId));
  }

  /** Submits what starts from one image or video of a finished task. */
  async #change(key, taskType, { taskId, position, callBackUrl }, submit) {
    const parent = await this.find(taskId);
    if (!parent) return { code: 422, msg: "The record does not exist" };
    if (![0, 1, 2, 3].includes(position)) return { code: 422, msg: "The index is out of range" };
    if (parent.endsAt > Date.now()) return { code: 422, msg: "The task is not finished" };
    return submit(parent, { ...parent.request, taskType, taskId, imageIndex: position, callBackUrl });
  }

  async #submit(key, pace, { request, resultCount, directives = {}, isVideo = false, origin, picture }) {
    if (!(await this.#rateLimiter.allow())) return { code: 429, msg: "Too many requests" };
    if (!(await this.#accounts.charge(key, COSTS[pace]))) return { code: 402, msg: "The credits are insufficient" };

    const now = Date.now();
    const startsAt = await this.#slots.freeAt(now);
    const durations = { ...DURATIONS, ...JSON.parse(this.env.DURATIONS ?? "{}") };
    const seconds = numberOf(directives.seconds, durations[pace] ?? durations.fast);
    const endsAt = startsAt + (directives.never ? NEVER_SECONDS : seconds) * 1000;
    const taskId = crypto.randomUUID().replaceAll("-", "");
    picture ??= { prompt: request.prompt, aspectRatio: request.aspectRatio ?? "1:1" };
    const task = { taskId, request, resultCount, directives, isVideo, origin, picture, createdAt: now, endsAt };
    await this.#storage.put(`task:${taskId}`, task);
    // A task that never ends would block its slot for good.
    if (!directives.never) await this.#slots.occupy(taskId, endsAt);
    if (request.callBackUrl) await this.#callbacks.schedule(taskId, endsAt);
    return { data: { taskId }, retryAfter: Math.max(1, Math.ceil((startsAt - now) / 1000 + seconds)) };
  }
}

/** Why a `generate` request isn't accepted, if it isn't. */
function refusalOf(request, { code, message, page }) {
  if (page) return { pageStatus: numberOf(page, 403) };
  if (code) return { code: numberOf(code, 500), msg: message ?? "The submit is refused" };
  if (typeof request.prompt !== "string" || request.prompt === "") return { code: 422, msg: "prompt cannot be empty" };
  if (!TASK_TYPES.includes(request.taskType)) return { code: 422, msg: "taskType is not supported" };
  const files = request.fileUrls ?? (request.fileUrl ? [request.fileUrl] : []);
  if ((isVideoRequest(request) || request.taskType === "mj_img2img") && files.length === 0) {
    return { code: 422, msg: "fileUrls cannot be empty" };
  }
}

const isVideoRequest = ({ taskType }) => taskType.startsWith("mj_video");
