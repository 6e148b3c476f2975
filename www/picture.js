/** The pictures and videos of tasks, as the page shows them. */
import { element } from "./dom.js";
import { isVideo } from "./format.js";

/** All files of a task that has succeeded. */
export const filesOf = ({ images = [], videos = [] }) => [...images, ...videos];

/** How many files a task is likely to have: for the places that are kept for them. */
export function expectedFiles(task) {
  if (task.call === "upscale" || /upscale/.test(task.taskType ?? "")) return 1;
  return isVideo(task) ? (task.request?.videoBatchSize ?? 1) : 4;
}

/** What a file is called on the page. */
export function nameOf(task, file) {
  const of = task.call === "upscale" && task.parent ? task.parent.index : file.index;
  return `${task.videos.includes(file) ? "Video" : "Picture"} ${of}`;
}

/** What is seen of a file. */
export function view(task, file, { controls = false, lazy = false } = {}) {
  const alt = `${task.prompt ?? "A picture"}, ${nameOf(task, file).toLowerCase()}`;
  const gone = () => shown.replaceWith(element("span", { className: "gone", textContent: "This file can't be shown: it may have been deleted." }));
  const shown = task.videos.includes(file)
    ? element("video", { src: file.url, ariaLabel: alt, controls, loop: true, muted: true, autoplay: controls, playsInline: true, preload: "metadata" })
    : element("img", { referrerPolicy: "no-referrer", decoding: "async", loading: lazy ? "lazy" : "eager", alt, src: file.url });
  shown.addEventListener("error", gone);
  return shown;
}

/** Puts another link in the place of a shown file's. What is shown stays until the other is there. */
export function relink(shown, url) {
  if (!(shown instanceof HTMLImageElement) || shown.src === url) return;
  const next = new Image();
  next.referrerPolicy = "no-referrer";
  next.src = url;
  next.decode().then(
    () => (shown.src = url),
    () => {},
  );
}

/** Whether a file lies at the gateway, so that the page may read it. */
export const isKept = ({ url }) => new URL(url, location.href).origin === location.origin;
