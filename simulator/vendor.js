import { DurableObject } from "cloudflare:workers";
import { directives } from "./directives.js";

const TASK_TYPES = ["mj_txt2img", "mj_img2img", "mj_style_reference", "mj_omni_reference", "mj_video", "mj_video_hd"];
const DURATIONS = { relaxed: 8, fast: 4, turbo: 2, video: 6, upscale: 3 };
const COSTS = { relaxed: 3, fast: 8, turbo: 16, video: 30, upscale: 3 };
const CALLBACK_RETRY_MINUTES = [1, 5, 15];

/** The vendor's accounts and tasks. What a task is doing follows from its times alone. */
export class Vendor extends DurableObject {
  #storage = this.ctx.storage;

  async generate(key, request, origin) {
    const wish = directives(request.prompt);
    if (wish.code) return { code: Number(wish.code), msg: wish.message ?? `Refused with ${wish.code}, as asked` };
    if (typeof request.prompt !== "string" || request.prompt === "") return { code: 422, msg: "prompt cannot be empty" };
    if (!TASK_TYPES.includes(request.taskType)) return { code: 422, msg: "taskType is not supported" };
    const isVideo = request.taskType.startsWith("mj_video");
    const files = request.fileUrls ?? (request.fileUrl ? [request.fileUrl] : []);
    if ((isVideo || request.taskType === "mj_img2img") && files.length === 0) {
      return { code: 422, msg: "fileUrls cannot be empty" };
    }
    const pace = isVideo ? "video" : (request.speed ?? "fast").toLowerCase().replace(/^relax$/, "relaxed");
    const results = isVideo ? (request.videoBatchSize ?? 1) : 4;
    const stored = { enableTranslation: true, ...request };
    const accepted = await this.#accept(key, pace, { request: stored, results, wish, isVideo, origin });
    return wish.http ? { http: Number(wish.http) || 500 } : accepted;
  }

  async upscale(key, body, origin) {
    return this.#change(key, "mj_upscale", body, (parent, request) => {
      const upscaled = { ...parent.picture, position: body.position };
      return this.#accept(key, "upscale", { request, results: 1, wish: {}, origin, upscaled });
    });
  }

  async vary(key, body, origin) {
    return this.#change(key, "mj_vary", body, (parent, request) => {
      const varied = { ...request, prompt: `${parent.picture.prompt}, variation ${body.position + 1}` };
      return this.#accept(key, "upscale", { request: varied, results: 4, wish: {}, origin });
    });
  }

  async extendVideo(key, body, origin) {
    if (body.taskType === "mj_video_extend_manual" && !body.prompt) return { code: 422, msg: "prompt cannot be empty" };
    return this.#change(key, body.taskType, body, (parent, request) => {
      if (!parent.isVideo) return { code: 422, msg: "The task is no video" };
      return this.#accept(key, "video", { request, results: 1, wish: {}, isVideo: true, origin });
    });
  }

  /** What starts from one image or video of a finished task. */
  async #change(key, taskType, { taskId, position, callBackUrl }, accept) {
    const parent = await this.find(taskId);
    if (!parent) return { code: 422, msg: "The record does not exist" };
    if (![0, 1, 2, 3].includes(position)) return { code: 422, msg: "The index is out of range" };
    if (parent.endsAt > Date.now()) return { code: 422, msg: "The task is not finished" };
    return accept(parent, { ...parent.request, taskType, taskId, imageIndex: position, callBackUrl });
  }

  async record(taskId, origin) {
    const task = await this.find(taskId);
    if (!task) return { code: 422, msg: "The record does not exist" };
    const record = recordOf({ ...task, origin }, Date.now());
    const left = record.successFlag === 0 ? Math.min(Math.ceil((task.endsAt - Date.now()) / 1000), 30) : 0;
    return { data: record, retryAfter: left > 0 ? left : undefined };
  }

  async credits(key) {
    const starting = key.startsWith("broke") ? 0 : Number(this.env.CREDITS ?? 10_000);
    return (await this.#storage.get(`credits:${await digest(key)}`)) ?? starting;
  }

  find(taskId) {
    return this.#storage.get(`task:${taskId}`);
  }

  /** Delivers the callbacks that are due; the alarm is set again for the next one. */
  async alarm() {
    const now = Date.now();
    const waiting = await this.#storage.list({ prefix: "callback:" });
    let next = Infinity;
    for (const [name, callback] of waiting) {
      if (callback.due > now) {
        next = Math.min(next, callback.due);
        continue;
      }
      const minutes = (await delivered(await this.find(callback.taskId))) ? undefined : CALLBACK_RETRY_MINUTES[callback.tries];
      if (minutes === undefined) {
        await this.#storage.delete(name);
      } else {
        const due = now + minutes * 60_000;
        await this.#storage.put(name, { ...callback, due, tries: callback.tries + 1 });
        next = Math.min(next, due);
      }
    }
    if (next < Infinity) await this.#storage.setAlarm(next);
  }

  async #accept(key, pace, { request, results, wish, isVideo = false, origin, upscaled }) {
    if (!(await this.#underRateLimit())) return { code: 429, msg: "Too many requests" };
    const credits = await this.credits(key);
    if (credits < COSTS[pace]) return { code: 402, msg: "The credits are insufficient" };
    await this.#storage.put(`credits:${await digest(key)}`, credits - COSTS[pace]);

    const now = Date.now();
    const startsAt = await this.#queue(now);
    const durations = { ...DURATIONS, ...JSON.parse(this.env.DURATIONS ?? "{}") };
    const usual = Number(wish.seconds) || (durations[pace] ?? durations.fast);
    const endsAt = startsAt + (wish.never ? 1e9 : usual * 1000);
    const taskId = crypto.randomUUID().replaceAll("-", "");
    const picture = upscaled ?? { prompt: request.prompt, aspectRatio: request.aspectRatio ?? "1:1" };
    const task = { taskId, request, results, wish, isVideo, origin, picture, createdAt: now, startsAt, endsAt };
    await this.#storage.put(`task:${taskId}`, task);
    await this.#storage.put(`slot:${taskId}`, endsAt);
    if (request.callBackUrl) {
      await this.#storage.put(`callback:${taskId}`, { taskId, due: endsAt, tries: 0 });
      const alarm = await this.#storage.getAlarm();
      if (alarm === null || alarm > endsAt) await this.#storage.setAlarm(endsAt);
    }
    return { data: { taskId }, retryAfter: Math.max(1, Math.ceil((startsAt - now) / 1000 + usual)) };
  }

  async #underRateLimit() {
    const now = Date.now();
    const recent = ((await this.#storage.get("submits")) ?? []).filter((at) => at > now - 10_000);
    if (recent.length >= Number(this.env.SUBMITS_PER_10_SECONDS ?? 20)) return false;
    await this.#storage.put("submits", [...recent, now]);
    return true;
  }

  /** When a slot is free for one more task. */
  async #queue(now) {
    const running = [];
    for (const [name, endsAt] of await this.#storage.list({ prefix: "slot:" })) {
      if (endsAt > now && endsAt < now + 1e8) running.push(endsAt);
      else if (endsAt <= now) await this.#storage.delete(name);
    }
    running.sort((a, b) => a - b);
    const ahead = running.length - Number(this.env.PARALLEL_TASKS ?? 4);
    return ahead < 0 ? now : running[ahead];
  }
}

/** The task record as the vendor answers it. */
function recordOf(task, now) {
  const { taskId, request, wish, createdAt, endsAt } = task;
  const time = (ms) => (wish.times === "iso" ? new Date(ms).toISOString() : ms);
  const record = {
    taskId,
    taskType: request.taskType,
    paramJson: JSON.stringify(request),
    completeTime: null,
    resultInfoJson: null,
    successFlag: 0,
    createTime: time(createdAt),
    errorCode: null,
    errorMessage: null,
  };
  if (now < endsAt) return record;
  record.completeTime = time(endsAt);
  if (wish.fail) {
    record.successFlag = Number(wish.fail) === 2 ? 2 : 3;
    record.errorCode = 500;
    record.errorMessage = wish.message ?? "No response from MidJourney";
    return record;
  }
  const results = { resultUrls: wish.result === "none" ? [] : fileUrls(task).map((resultUrl) => ({ resultUrl })) };
  record.successFlag = 1;
  record.resultInfoJson = wish.result === "string" ? JSON.stringify(results) : results;
  return record;
}

function fileUrls({ taskId, results, isVideo, origin }) {
  return Array.from({ length: results }, (_, i) => `${origin}/m/${taskId}_0_${i}.${isVideo ? "mp4" : "png"}`);
}

/** Posts the callback, in the shape the vendor documents, which is not the record's. */
async function delivered(task) {
  const data = { taskId: task.taskId, promptJson: JSON.stringify(task.request), resultUrls: [] };
  if (!task.wish.fail) data.resultUrls = fileUrls(task);
  const body = task.wish.fail
    ? { code: 500, msg: task.wish.message ?? "Image generation failed", data }
    : { code: 200, msg: "success", data };
  try {
    const response = await fetch(task.request.callBackUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** Accounts are told apart by their keys, and no key is stored. */
async function digest(key) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
  return Array.from(bytes.slice(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
