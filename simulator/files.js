import { movie } from "./movie.js";
import { paint } from "./picture.js";
import { png } from "./png.js";

/** Pixels on the longer side. */
const GRID_IMAGE = 640;
const UPSCALED_IMAGE = 1280;
const MOVIE = 224;
const MOVIE_FRAMES = 24;
const RETENTION_MS = 15 * 24 * 60 * 60 * 1000;

/** A result file of a finished task, drawn when it is asked for. */
export async function drawFile(task, position, extension) {
  const now = Date.now();
  const there = task && !task.wish.fail && now >= task.endsAt && now < task.endsAt + RETENTION_MS;
  if (!there || position >= task.results || (extension === "mp4") !== task.isVideo) {
    return new Response("Not Found", { status: 404 });
  }
  const { prompt, aspectRatio, position: upscaledPosition } = task.picture;
  const variant = upscaledPosition ?? position;
  if (task.isVideo) {
    const { width, height } = sized(aspectRatio, MOVIE, 16);
    const frames = Array.from({ length: MOVIE_FRAMES }, (_, i) =>
      paint(prompt, variant, width, height, Math.sin((i / MOVIE_FRAMES) * 2 * Math.PI)),
    );
    return new Response(movie(frames, width, height), { headers: { "Content-Type": "video/mp4" } });
  }
  const { width, height } = sized(aspectRatio, upscaledPosition === undefined ? GRID_IMAGE : UPSCALED_IMAGE, 2);
  const body = await png(paint(prompt, variant, width, height, 0), width, height);
  return new Response(body, { headers: { "Content-Type": "image/png" } });
}

function sized(aspectRatio, longer, multiple) {
  const [across, down] = aspectRatio.split(":").map(Number);
  const scale = longer / Math.max(across, down);
  const fit = (side) => Math.max(1, Math.round((side * scale) / multiple)) * multiple;
  return { width: fit(across), height: fit(down) };
}
