/** Numbers, times and settings, as people read them. */

export const count = (number) => number.toLocaleString("en");

export const credits = (number) => `${count(number)} ${number === 1 ? "credit" : "credits"}`;

/** What an estimate says: "8 credits", or "15–60 credits". */
export function price({ min, max }, times = 1) {
  return min === max ? credits(max * times) : `${count(min * times)}–${credits(max * times)}`;
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

const KINDS = {
  mj_txt2img: "Images",
  mj_img2img: "Images from an image",
  mj_style_reference: "Images in an image's style",
  mj_omni_reference: "Images of an image's subject",
  mj_video: "Video",
  mj_video_hd: "Video, HD",
  mj_upscale: "Upscale",
  mj_vary: "Variation",
  mj_video_extend: "Longer video",
};

/** What a task is: by what it was made as, else by the vendor's word for it. */
export function kindOf({ call, taskType = "", parent }) {
  const kind = CALLS[call] ?? KINDS[taskType] ?? (/upscale/.test(taskType) ? "Upscale" : /vary/.test(taskType) ? "Variation" : undefined);
  if (kind) return kind;
  if (/extend/.test(taskType)) return KINDS.mj_video_extend;
  return parent ? "Made from a picture" : "Task";
}

const CALLS = { upscale: "Upscale", vary: "Variation", extendVideo: "Longer video" };

export const isVideo = ({ call, taskType = "" }) => call === "extendVideo" || /video/.test(taskType);

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

/** Width by height, as far as it is known. */
export function ratioOf(task, unknown = 1) {
  const [across, down] = String(task.request?.aspectRatio ?? task.aspectRatio ?? "").split(":").map(Number);
  return across > 0 && down > 0 ? across / down : unknown;
}
