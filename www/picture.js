/** The pictures and videos of tasks, as the page shows them. */
import { element } from "./dom.js";
import { changeOf, isVideo } from "./format.js";

/** All files of a task that has succeeded. */
export const filesOf = ({ images = [], videos = [] }) => [...images, ...videos];

/** The file of a task with this number. */
export const fileOf = (task, number) => filesOf(task).find(({ index }) => index === number);

/** All files of tasks, each with its task. */
export const picturesOf = (tasks) => tasks.flatMap((task) => filesOf(task).map((file) => ({ task, file })));

/** How many files a task is likely to have: for the places that are kept for them. */
export function expectedFiles(task) {
  if (changeOf(task) === "upscale") return 1;
  return isVideo(task) ? (task.request?.videoBatchSize ?? 1) : 4;
}

/** What a file is called on the page: an upscale has the number of what it was made from. */
export function nameOf(task, file) {
  const number = changeOf(task) === "upscale" && task.parent ? task.parent.index : file.index;
  return `${task.videos.includes(file) ? "Video" : "Picture"} ${number}`;
}

/** What is seen of a file. */
export function view(task, file, { controls = false, lazy = false } = {}) {
  const alt = `${task.prompt ?? "A picture"}, ${nameOf(task, file).toLowerCase()}`;
  const gone = () => {
    const reason = navigator.onLine ? "This file can't be shown: it may have been deleted." : "This file can't be loaded without a network.";
    const stead = element("span", { className: "gone", textContent: reason });
    shown.replaceWith(stead);
    addEventListener("online", () => stead.isConnected && stead.replaceWith(view(task, file, { controls, lazy })), { once: true });
  };
  const shown = task.videos.includes(file)
    ? element("video", { src: file.url, ariaLabel: alt, controls, loop: true, muted: true, autoplay: controls, playsInline: true, preload: "metadata" })
    : element("img", { referrerPolicy: "no-referrer", decoding: "async", loading: lazy ? "lazy" : "eager", alt, src: file.url });
  shown.addEventListener("error", gone);
  return shown;
}

/** The file of a task lies elsewhere now. What is shown stays until the other is there; what couldn't be shown is tried again. */
export function relink(shown, task, file) {
  if (shown.matches(".gone")) return shown.replaceWith(view(task, file));
  if (!(shown instanceof HTMLImageElement) || shown.src === file.url) return;
  const next = new Image();
  next.referrerPolicy = "no-referrer";
  next.src = file.url;
  next.decode().then(
    () => (shown.src = file.url),
    () => {},
  );
}

/** Whether a file lies at the gateway, so that the page may read it. */
export const isKept = ({ url }) => new URL(url, location.href).origin === location.origin;
