import { Accounts, hex } from "./accounts.js";
import { Callbacks, isCalledBackFirst } from "./callbacks.js";
import { clockOf } from "./clock.js";
import { mistakeIn, numberOf, parseDirectives } from "./directives.js";
import { RateLimiter } from "./rate-limiter.js";
import { taskRecord } from "./record.js";
import { resultFile } from "./result-files.js";
import { Slots } from "./slots.js";

const TASK_TYPES = ["mj_txt2img", "mj_img2img", "mj_style_reference", "mj_omni_reference", "mj_video", "mj_video_hd"];
const SPEEDS = ["relaxed", "fast", "turbo"];
const COSTS = { relaxed: 3, fast: 8, turbo: 16, video: 30, upscale: 3 };
const NEVER_SECONDS = 1e9;
const OVERDUE_SECONDS = 2 * 60 * 60;
const NO_RECORD = { code: 422, msg: "The record does not exist" };
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
    return directives.http ? { ...response, proxyStatus: numberOf(directives.http, 500) } : response;
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
    const task = this.#known(taskId);
    if (!task) return NO_RECORD;
    const { late, vanish, flip } = task.directives;
    const { looks = 0, wasSeenEnded = false } = task;
    const now = this.#clock.now();
    const hasEnded = now >= task.endsAt;
    const isHidden = late && looks === 0;
    if (late || vanish || flip) {
      const isSeenEnded = wasSeenEnded || (hasEnded && !isHidden);
      this.#storage.put(`task:${taskId}`, { ...task, looks: looks + 1, wasSeenEnded: isSeenEnded });
    }
    if (isHidden) return { ...NO_RECORD, code: numberOf(late, NO_RECORD.code) };
    const shown = flip && wasSeenEnded ? flipped(task) : task;
    const data = taskRecord({ ...shown, origin }, now);
    if (hasEnded) return { data };
    return { data, retryAfter: Math.min(Math.ceil((task.endsAt - now) / 1000), LONGEST_PACE_SECONDS) };
  }

  credits(account) {
    return { data: this.#accounts.credits(account) };
  }

  /** What an account was charged, by its tasks: to compare with its credits, and with another's ledger. The vendor has none. */
  bill(account) {
    const stored = [...this.#storage.list({ prefix: "task:" })].map(([, task]) => task);
    const tasks = stored.filter(({ payer }) => payer === account.name).map(({ taskId, cost }) => ({ taskId, cost }));
    const charged = tasks.reduce((sum, { cost }) => sum + cost, 0);
    return { data: { charged, credits: this.#accounts.credits(account), tasks } };
  }

  /** The response with a result file of a task. */
  file(taskId, position, extension) {
    const task = this.#known(taskId);
    const name = `asked:${taskId}_${position}`;
    const wasAsked = this.#storage.get(name) ?? false;
    if (task?.directives.file && task.endsAt <= this.#clock.now()) this.#storage.put(name, true);
    return resultFile(task, position, extension, this.#clock, wasAsked);
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

  /** The task, unless it has vanished since. */
  #known(taskId) {
    const task = this.#find(taskId);
    const vanish = task?.directives.vanish;
    return vanish && (task.looks ?? 0) >= numberOf(vanish, 1) ? undefined : task;
  }

  /** Submits what starts from one image or video of a finished task. */
  #change(taskType, { taskId, position, callBackUrl }, submit) {
    const parent = this.#known(taskId);
    if (!parent) return NO_RECORD;
    if (![0, 1, 2, 3].includes(position)) return { code: 422, msg: "The index is out of range" };
    if (parent.endsAt > this.#clock.now()) return { code: 422, msg: "The task is not finished" };
    return submit(parent, { ...parent.request, taskType, taskId, imageIndex: position, callBackUrl });
  }

  #submit(account, pace, { request, resultCount, directives = {}, isVideo = false, origin, picture }) {
    if (!this.#rateLimiter.allow()) return { code: 429, msg: "Too many requests" };
    const cost = COSTS[pace];
    if (!this.#accounts.charge(account, cost)) return { code: 402, msg: "The credits are insufficient" };

    const now = this.#clock.now();
    const startsAt = this.#slots.freeAt(now);
    const usual = this.#clock.span(numberOf(directives.seconds, this.#facts.durations[pace]) * 1000);
    const endsAt = endOf(directives, { now, startsAt, usual, clock: this.#clock });
    const taskId = hex(crypto.getRandomValues(new Uint8Array(16)));
    picture ??= { prompt: request.prompt, aspectRatio: request.aspectRatio };
    const made = { taskId, request, resultCount, directives, isVideo, origin, picture, createdAt: now, endsAt };
    const task = { ...made, payer: account.name, cost };
    this.#storage.put(`task:${taskId}`, task);
    // A task that doesn't end in its time would block its slot for as long.
    if (endsAt === startsAt + usual) this.#slots.occupy(taskId, endsAt);
    if (request.callBackUrl) {
      const end = directives.never ? undefined : endsAt;
      this.#callbacks.schedule(task, { submit: now, middle: startsAt + Math.floor(usual / 2), end });
    }
    const retryAfter = Math.ceil((startsAt + usual - now) / 1000);
    return { data: { taskId }, taskId, retryAfter, isCalledBackFirst: isCalledBackFirst(task) };
  }
}

/** When a task ends that starts then and takes the usual time, unless a directive says otherwise. */
function endOf({ never, overdue }, { now, startsAt, usual, clock }) {
  if (never) return now + NEVER_SECONDS * 1000;
  return overdue ? now + clock.span(numberOf(overdue, OVERDUE_SECONDS) * 1000) : startsAt + usual;
}

/** An ended task as it shows after that was seen. */
function flipped(task) {
  const { directives } = task;
  if (directives.flip === "fail") return { ...task, directives: { ...directives, fail: true } };
  return { ...task, endsAt: Infinity };
}

/** Why a `generate` request isn't accepted, if it isn't. */
function refusalOf(request, directives) {
  const mistake = mistakeIn(directives);
  if (mistake !== undefined) return { code: 422, msg: mistake };
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
