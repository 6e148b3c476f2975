import { explain } from "./explain.js";
import { singleFlight } from "./single-flight.js";

/** One task on the page: placeholders while it runs, then its pictures, or what went wrong. */
export class Card {
  #entry;
  #actions;
  #ticking;

  constructor(entry, actions) {
    this.#entry = entry;
    this.#actions = actions;
    this.element = document.querySelector("#card").content.firstElementChild.cloneNode(true);
    const { request, upscaled } = entry;
    this.#find("h2").textContent = request.prompt;
    this.#find(".facts").textContent = facts(entry);
    this.#find(".results").style.setProperty("--ratio", ratio(request.aspectRatio));
    this.#find(".results").classList.toggle("single", upscaled !== undefined || isVideo(request));
    for (const name of ["again", "reuse", "forget"]) {
      this.#find(`.${name}`).addEventListener("click", () => actions[name]());
    }
    if (entry.task.state === "succeeded") this.finished();
    if (entry.task.state === "failed") this.stopped(entry.task.failure.message, false);
  }

  running() {
    const { task, upscaled, request } = this.#entry;
    this.element.className = "card running";
    this.#find(".again").hidden = true;
    this.complain("");
    const count = upscaled !== undefined || isVideo(request) ? 1 : 4;
    this.#find(".results").replaceChildren(...Array.from({ length: count }, () => figure(document.createElement("div"))));
    clearInterval(this.#ticking);
    const tick = () => {
      const elapsed = Math.max(0, Date.now() - task.createdAt);
      const expected = Math.max(1000, task.expectedAt - task.createdAt);
      this.#find(".status").textContent = `Generating · ${duration(elapsed)} · about ${duration(expected)} expected`;
      // Towards the end without reaching it: nobody knows how far the vendor is.
      this.#find(".bar").style.setProperty("--progress", 1 - Math.exp((-1.6 * elapsed) / expected));
    };
    tick();
    this.#ticking = setInterval(tick, 500);
  }

  finished() {
    this.#end("succeeded");
    const { task, upscaled, request } = this.#entry;
    const canUpscale = upscaled === undefined && !isVideo(request);
    const shown = [
      ...task.images.map((file) => this.#image(file, canUpscale)),
      ...task.videos.map((file) => numbered(file, figure(video(file), caption(file, "Video")))),
    ];
    this.#find(".results").replaceChildren(...shown);
    this.#find(".results").classList.toggle("single", shown.length === 1);
  }

  /** The files lie elsewhere now. What is shown stays; a picture is exchanged once the other is there. */
  relink() {
    const { images, videos } = this.#entry.task;
    for (const { index, url } of [...images, ...videos]) {
      const tile = this.#find(`figure[data-index="${index}"]`);
      if (!tile) continue;
      tile.querySelector("figcaption a").href = url;
      const image = tile.querySelector("img");
      if (!image || image.src === url) continue;
      const next = new Image();
      next.referrerPolicy = "no-referrer";
      next.src = url;
      next.decode().then(
        () => (image.src = url),
        () => {},
      );
    }
  }

  /** The wait ended without a result. */
  stopped(message, canWaitAgain) {
    this.#end("failed");
    this.#find(".results").replaceChildren();
    this.#find(".again").hidden = !canWaitAgain;
    this.complain(message);
  }

  complain(message) {
    this.#find(".error").textContent = message;
  }

  remove() {
    clearInterval(this.#ticking);
    this.element.remove();
  }

  #end(state) {
    clearInterval(this.#ticking);
    this.element.className = `card ${state}`;
    this.#find(".status").textContent = "";
  }

  #image(file, canUpscale) {
    const { request, upscaled } = this.#entry;
    const image = document.createElement("img");
    image.referrerPolicy = "no-referrer";
    image.alt = `${request.prompt}, picture ${upscaled ?? file.index}`;
    image.src = file.url;
    const open = document.createElement("button");
    open.type = "button";
    open.ariaLabel = `View picture ${upscaled ?? file.index}`;
    open.append(image);
    open.addEventListener("click", () => view(image));
    image.addEventListener("error", () => open.replaceChildren(gone()));
    const below = caption(file, `Picture ${upscaled ?? file.index}`);
    if (canUpscale) below.append(this.#upscaleButton(file.index));
    return numbered(file, figure(open, below));
  }

  #upscaleButton(index) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "upscale";
    button.ariaLabel = `Upscale picture ${index}`;
    const name = () => (button.textContent = this.#actions.isUpscaled(index) ? "Upscale again" : "Upscale");
    name();
    const upscale = singleFlight(
      button,
      async () => {
        this.complain("");
        await this.#actions.upscale(index);
        name();
      },
      (error) => this.complain(explain(error)),
    );
    button.addEventListener("click", upscale);
    return button;
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }
}

function figure(tile, below) {
  tile.classList.add("tile");
  const element = document.createElement("figure");
  element.append(tile, ...(below ? [below] : []));
  return element;
}

function numbered(file, element) {
  element.dataset.index = file.index;
  return element;
}

function caption(file, name) {
  const link = document.createElement("a");
  link.href = file.url;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.textContent = name;
  const element = document.createElement("figcaption");
  element.append(link);
  return element;
}

function video(file) {
  const element = document.createElement("video");
  Object.assign(element, { src: file.url, controls: true, loop: true, muted: true, autoplay: true, playsInline: true });
  const tile = document.createElement("div");
  tile.append(element);
  element.addEventListener("error", () => tile.replaceChildren(gone()));
  return tile;
}

function gone() {
  const element = document.createElement("span");
  element.className = "gone";
  element.textContent = "This file can't be shown; the vendor keeps files for 15 days.";
  return element;
}

function view(image) {
  const viewer = document.querySelector("#viewer");
  const shown = viewer.querySelector("img");
  shown.src = image.src;
  shown.alt = image.alt;
  viewer.showModal();
}

function facts({ request, upscaled }) {
  const { aspectRatio = "1:1", version = "default", speed = "fast", stylization } = request;
  if (upscaled !== undefined) return `picture ${upscaled}, upscaled · ${aspectRatio}`;
  const parts = [aspectRatio, `version ${version}`, speed];
  if (stylization !== undefined) parts.push(`stylization ${stylization}`);
  return parts.join(" · ");
}

function isVideo({ taskType }) {
  return taskType === "mj_video" || taskType === "mj_video_hd";
}

function ratio(aspectRatio = "1:1") {
  const [across, down] = aspectRatio.split(":").map(Number);
  return across / down;
}

function duration(ms) {
  const seconds = Math.round(ms / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
