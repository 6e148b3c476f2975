/** Numbers, times and settings, as people read them. */
import { findAll } from "./dom.js";

export const count = (number) => number.toLocaleString("en");

export const credits = (number) => `${count(number)} ${number === 1 ? "credit" : "credits"}`;

/** What an estimate says: "8 credits", or "15–60 credits". */
export function price({ min, max }) {
  return min === max ? credits(max) : `${count(min)}–${credits(max)}`;
}

export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 90 ? `${minutes} min ${seconds % 60} s` : `${Math.round(minutes / 60)} h`;
}

/** A range of times: "20–60 s". */
export function range({ min, max }) {
  const [unit, name] = max <= 120_000 ? [1000, "s"] : [60_000, "min"];
  const [from, to] = [min, max].map((ms) => Math.round(ms / unit));
  return from === to ? `${to} ${name}` : `${from}–${to} ${name}`;
}

export const day = (ms) => new Date(ms).toLocaleDateString("en", { year: "numeric", month: "short", day: "numeric" });

/** What is made of a result, by the call that makes it. */
const CHANGES = { upscale: "Upscale", vary: "Variation", extendVideo: "Longer video" };

/** The call that made a task of another's result: it is known here, or the vendor's word for the task tells. */
export function changeOf({ call, taskType = "" }) {
  if (call in CHANGES) return call;
  if (/upscale/.test(taskType)) return "upscale";
  if (/extend/.test(taskType)) return "extendVideo";
  return /vary|variation/.test(taskType) ? "vary" : undefined;
}

/** What a task is: a change, or what the form calls its type. */
export function kindOf(task) {
  const option = findAll("#composer [name=taskType] option").find(({ value }) => value === task.taskType);
  return CHANGES[changeOf(task)] ?? option?.textContent ?? (task.parent ? "Made from a picture" : "Task");
}

export const isVideo = (task) => changeOf(task) === "extendVideo" || /video/.test(task.taskType ?? "");

/** What a task was asked for, in short. */
export function facts(task) {
  const { aspectRatio, version, stylization, variety, weirdness } = task.request ?? {};
  const speed = task.request?.speed ?? task.speed;
  const parts = [
    kindOf(task),
    task.parent && `from ${isVideo(task) ? "video" : "picture"} ${task.parent.index}`,
    aspectRatio,
    version && `version ${version}`,
    speed,
    stylization !== undefined && `stylization ${stylization}`,
    variety !== undefined && `variety ${variety}`,
    weirdness !== undefined && `weirdness ${weirdness}`,
    task.createdAt && day(task.createdAt),
  ];
  return parts.filter((part) => typeof part === "string" && part).join(" · ");
}

/** The shape of a task's pictures, such as "16:9": as it was asked for, or of the picture it was made from. */
export const aspectRatioOf = (task) => task?.request?.aspectRatio ?? task?.aspectRatio;

/** Width by height, as far as it is known. */
export function ratioOf(task, unknown = 1) {
  const [across, down] = String(aspectRatioOf(task) ?? "").split(":").map(Number);
  return across > 0 && down > 0 ? across / down : unknown;
}
