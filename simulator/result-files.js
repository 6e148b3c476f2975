import { encode } from "fast-png";
import { fileResponse, hostileResponse } from "./hostile-files.js";
import { paint } from "./picture/paint.js";
import video from "./video.mp4";

/** The longer side, in pixels. */
const GRID_IMAGE = 640;
const UPSCALED_IMAGE = 1280;
const RETENTION_MS = 15 * 24 * 60 * 60 * 1000;

/**
 * The response with a result file of a finished task. A picture is drawn on request; all videos are the same file.
 *
 * @param wasAsked whether the file was asked for before
 */
export async function resultFile(task, position, extension, clock, wasAsked) {
  const now = clock.now();
  const exists = task && !task.directives.fail && now >= task.endsAt && now < task.endsAt + clock.span(RETENTION_MS);
  if (!exists || position >= task.resultCount || (extension === "mp4") !== task.isVideo) {
    return new Response("Not Found", { status: 404 });
  }
  const [bytes, type] = task.isVideo ? [video, "video/mp4"] : [drawn(task.picture, position), "image/png"];
  if (!task.directives.file) return fileResponse(bytes, type);
  const name = `${task.taskId}_0_${position}.${extension}`;
  return hostileResponse(task.directives.file, { bytes, type, name }, wasAsked);
}

/** How many pictures are remembered: to draw one takes a third of a second, and each is asked for several times. */
const MOST_REMEMBERED = 32;
const remembered = new Map();

/** A picture as a PNG file. An upscaled picture shows the position that it was made from. */
function drawn({ prompt, aspectRatio, position: upscaledPosition }, position) {
  const { width, height } = size(aspectRatio, upscaledPosition === undefined ? GRID_IMAGE : UPSCALED_IMAGE);
  const shown = upscaledPosition ?? position;
  const name = `${width}x${height}/${shown}/${prompt}`;
  const known = remembered.get(name);
  if (known) return known;
  const picture = encode({ width, height, channels: 3, data: paint(prompt, shown, width, height) });
  if (remembered.size === MOST_REMEMBERED) remembered.delete(remembered.keys().next().value);
  remembered.set(name, picture);
  return picture;
}

/** A ratio that is none is the default one: the vendor's own answer to it is unknown. */
function size(aspectRatio, longerSide) {
  const [across, down] = /^[1-9]\d?:[1-9]\d?$/.test(aspectRatio) ? aspectRatio.split(":").map(Number) : [1, 1];
  const scale = longerSide / Math.max(across, down);
  const even = (side) => Math.max(1, Math.round((side * scale) / 2)) * 2;
  return { width: even(across), height: even(down) };
}
