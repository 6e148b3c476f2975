import { Accounts, hex } from "./accounts.js";
import { Callbacks } from "./callbacks.js";
import { clockOf } from "./clock.js";
import { DIRECTIVES, numberOf, parseDirectives } from "./directives.js";
import { RateLimiter } from "./rate-limiter.js";
import { taskRecord } from "./record.js";
import { resultFile } from "./result-files.js";
import { Slots } from "./slots.js";

const TASK_TYPES = ["mj_txt2img", "mj_img2img", "mj_style_reference", "mj_omni_reference", "mj_video", "mj_video_hd"];
const SPEEDS = ["relaxed", "fast", "turbo"];
const COSTS = { relaxed: 3, fast: 8, turbo: 16, video: 30, upscale: 3 };
const NEVER_SECONDS = 1e9;
const LONGEST_PACE_SECONDS = 30;

/**
 * The vendor: its operations, and the tasks. The state of a task follows from its times.
 *
 * An operation runs to its end at once, so that none sees another half done, whatever keeps the tasks.
 */
export class Vendor {
  #storage;
  #facts;
  #clock;
  #accounts;
  #rateLimiter;
  #slots;
  #callbacks;

  /**
   * @param facts what is set about it: `facts.js`
   * @param storage keeps values by name: a `Memory`, or the `storage.kv` of a Durable Object
   * @param post a `fetch` for the callbacks
   */
  constructor(facts, storage, post) {
    this.#facts = facts;
    this.#storage = storage;
    this.#clock = clockOf(facts);
    this.#accounts = new Accounts(storage, facts);
    this.#rateLimiter = new RateLimiter(storage, this.#clock, facts);
    this.#slots = new Slots(storage, facts);
    this.#callbacks = new Callbacks(storage, this.#clock, post);
  }

  /** Where the result files lie for whoever asks at this origin. */
  originFor(origin) {
    return this.#facts.origin ?? origin;
  }

  /** Whether there is this upscale route of the two. */
  hasUpscaleRoute(route) {
    return ["both", route].includes(this.#facts.upscaleRoute);
  }

  generate(account, request, origin) {
    const directives = parseDirectives(request.prompt);
    const refusal = refusalOf(request, directives);
    if (refusal) return refusal;
    const isVideo = isVideoRequest(request);
    const pace = isVideo ? "video" : speedOf(request);
    const resultCount = isVideo ? (request.videoBatchSize ?? 1) : 4;
    const stored = { enableTranslation: true, ...request };
    const response = this.#submit(account, pace, { request: stored, resultCount, directives, isVideo, origin });
    return directives.http ? { proxyStatus: numberOf(directives.http, 500), taskId: response.taskId } : response;
  }

  upscale(account, body, origin) {
    return this.#change("mj_upscale", body, (parent, request) => {
      const picture = { ...parent.picture, position: body.position };
      return this.#submit(account, "upscale", { request, resultCount: 1, origin, picture });
    });
  }

  vary(account, body, origin) {
    return this.#change("mj_vary", body, (parent, request) => {
      const varied = { ...request, prompt: `${parent.picture.prompt}, variation ${body.position + 1}` };
      return this.#submit(account, "upscale", { request: varied, resultCount: 4, origin });
    });
  }

  extendVideo(account, body, origin) {
    if (body.taskType === "mj_video_extend_manual" && !body.prompt) return { code: 422, msg: "prompt cannot be empty" };
    return this.#change(body.taskType, body, (parent, request) => {
      if (!parent.isVideo) return { code: 422, msg: "The task is no video" };
      return this.#submit(account, "video", { request, resultCount: 1, isVideo: true, origin });
    });
  }

  record(taskId, origin) {
    const task = this.#find(taskId);
    if (!task) return { code: 422, msg: "The record does not exist" };
    if (task.directives.late && !task.wasLookedAt) {
      this.#storage.put(`task:${taskId}`, { ...task, wasLookedAt: true });
      return { code: numberOf(task.directives.late, 422), msg: "The record does not exist" };
    }
    const now = this.#clock.now();
    const data = taskRecord({ ...task, origin }, now);
    if (data.successFlag !== 0) return { data };
    return { data, retryAfter: Math.min(Math.ceil((task.endsAt - now) / 1000), LONGEST_PACE_SECONDS) };
  }

  credits(account) {
    return { data: this.#accounts.credits(account) };
  }

  /** The response with a result file of a task. */
  file(taskId, position, extension) {
    return resultFile(this.#find(taskId), position, extension, this.#clock);
  }

  /** The callback that is to be delivered next, if any: when it is `due`, and how many `tries` it has had. */
  nextCallback() {
    return this.#callbacks.next();
  }

  /** Posts the callbacks that are due, and notes which are to be tried again. */
  deliverCallbacks() {
    return this.#callbacks.deliverDue((taskId) => this.#find(taskId));
  }

  #find(taskId) {
    return this.#storage.get(`task:${taskId}`);
  }

  /** Submits what starts from one image or video of a finished task. */
  #change(taskType, { taskId, position, callBackUrl }, submit) {
    const parent = this.#find(taskId);
    if (!parent) return { code: 422, msg: "The record does not exist" };
    if (![0, 1, 2, 3].includes(position)) return { code: 422, msg: "The index is out of range" };
    if (parent.endsAt > this.#clock.now()) return { code: 422, msg: "The task is not finished" };
    return submit(parent, { ...parent.request, taskType, taskId, imageIndex: position, callBackUrl });
  }

  #submit(account, pace, { request, resultCount, directives = {}, isVideo = false, origin, picture }) {
    if (!this.#rateLimiter.allow()) return { code: 429, msg: "Too many requests" };
    if (!this.#accounts.charge(account, COSTS[pace])) return { code: 402, msg: "The credits are insufficient" };

    const now = this.#clock.now();
    const startsAt = this.#slots.freeAt(now);
    const usual = this.#clock.span(numberOf(directives.seconds, this.#facts.durations[pace]) * 1000);
    const endsAt = directives.never ? now + NEVER_SECONDS * 1000 : startsAt + usual;
    const taskId = hex(crypto.getRandomValues(new Uint8Array(16)));
    picture ??= { prompt: request.prompt, aspectRatio: request.aspectRatio };
    const task = { taskId, request, resultCount, directives, isVideo, origin, picture, createdAt: now, endsAt };
    this.#storage.put(`task:${taskId}`, task);
    // A task that never ends would block its slot for good, and there is nothing to call back about.
    if (!directives.never) {
      this.#slots.occupy(taskId, endsAt);
      if (request.callBackUrl) this.#callbacks.schedule(taskId, endsAt);
    }
    return { data: { taskId }, taskId, retryAfter: Math.ceil((startsAt + usual - now) / 1000) };
  }
}

/** Why a `generate` request isn't accepted, if it isn't. */
function refusalOf(request, directives) {
  // A test of a failure would pass for want of the failure.
  const unknown = Object.keys(directives).find((name) => !DIRECTIVES.includes(name));
  if (unknown !== undefined) return { code: 422, msg: `there is no directive "${unknown}"; known are ${DIRECTIVES.join(", ")}` };
  const { code, message, page } = directives;
  if (page) return { pageStatus: numberOf(page, 403) };
  if (code) return { code: numberOf(code, 500), msg: message ?? "The submit is refused" };
  if (typeof request.prompt !== "string" || request.prompt === "") return { code: 422, msg: "prompt cannot be empty" };
  if (!TASK_TYPES.includes(request.taskType)) return { code: 422, msg: "taskType is not supported" };
  if (!SPEEDS.includes(speedOf(request))) return { code: 422, msg: "speed is not supported" };
  if (![1, 2, 4].includes(request.videoBatchSize ?? 1)) return { code: 422, msg: "videoBatchSize is not supported" };
  const files = request.fileUrls ?? (request.fileUrl ? [request.fileUrl] : []);
  if ((isVideoRequest(request) || request.taskType === "mj_img2img") && files.length === 0) {
    return { code: 422, msg: "fileUrls cannot be empty" };
  }
}

const isVideoRequest = ({ taskType }) => taskType.startsWith("mj_video");

const speedOf = ({ speed }) => String(speed ?? "fast").toLowerCase().replace(/^relax$/, "relaxed");
