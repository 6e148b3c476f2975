/** What can be done with a task, wherever it is shown. */
import { toast } from "./announce.js";
import { compare } from "./compare.js";
import { explain } from "./explain.js";
import { aspectRatioOf, changeOf, price } from "./format.js";
import { filesOf, isKept } from "./picture.js";
import { isSure } from "./question.js";
import { ANY_LINK } from "./references.js";

export class Actions {
  #app;
  /** What is made of a picture costs so much. */
  #costs = {};

  constructor(app) {
    this.#app = app;
  }

  /** Finds out what changes cost at this gateway: more of a video in HD costs what one in HD does. */
  async learnCosts() {
    const { pricing } = this.#app;
    for (const call of ["upscale", "vary", "extendVideo"]) this.#costs[call] = await pricing.estimate(call);
    this.#costs.extendHd = await pricing.estimate({ taskType: "mj_video_hd", prompt: "a", fileUrl: ANY_LINK });
  }

  /** What can be made of a file: each with its `name`, and `run`, which gets the file as it is by then. */
  of(task, file) {
    const { submits, tasks } = this.#app;
    const change = (call, name, symbol, cost = this.#costs[call]) => ({
      name,
      symbol,
      className: call,
      cost: cost && price(cost),
      run: ({ taskId, index }) => submits.make({ call, of: { taskId, index }, prompt: task.prompt }),
    });
    if (task.videos.includes(file)) {
      const isHd = this.#rootOf(task).taskType === "mj_video_hd";
      return [change("extendVideo", "Extend", "animate", isHd ? this.#costs.extendHd : undefined)];
    }
    const isUpscaled = tasks.childrenOf(task.taskId).some((child) => changeOf(child) === "upscale" && child.parent.index === file.index);
    const animate = { name: "Animate", symbol: "animate", className: "animate", run: (now) => this.#animate(task, now) };
    return [change("upscale", isUpscaled ? "Upscale again" : "Upscale", "upscale"), change("vary", "Vary", "vary"), animate];
  }

  open(id, index) {
    this.#app.router.open(id, index);
  }

  /** Fills the form with what a task comes from. Nothing is sent. */
  async reuse(task) {
    const request = await this.#requestOf(task);
    this.#app.router.show("create");
    this.#app.composer.fill(request);
  }

  /** Asks what became of an order without an answer, or looks at a task and waits on for it. */
  async askAgain({ order, taskId }) {
    const { submits, tasks } = this.#app;
    try {
      if (order) await submits.send(order);
      else await tasks.load(taskId);
    } catch (error) {
      toast(explain(error));
    }
  }

  dismiss(order) {
    this.#app.submits.dismiss(order);
  }

  /** Deletes tasks for good, if one is sure; returns whether one was. */
  async remove(doomed) {
    const files = doomed.flatMap(filesOf).length;
    const what = [doomed.length === 1 ? "this task" : `${doomed.length} tasks`, files > 0 && `with ${files === 1 ? "its file" : `all ${files} files`}`].filter(Boolean).join(" ");
    const isRunning = doomed.some(({ state }) => state === "running");
    const note = isRunning ? " What is still running is paid for, and goes on at the vendor." : "";
    if (!(await isSure(`Delete ${what}, for good?${note}`))) return false;
    const outcomes = await Promise.allSettled(doomed.map(({ taskId }) => this.#app.tasks.remove(taskId)));
    const failure = outcomes.find(({ status }) => status === "rejected");
    if (failure) toast(explain(failure.reason));
    return true;
  }

  /** Downloads pictures, each a `task` and a `file`, as one zip. */
  async zip(pictures) {
    const kept = pictures.filter(({ file }) => isKept(file));
    if (kept.length === 0) return toast("The vendor's links can't be read by a page; open them one by one.");
    try {
      const { downloadPictures } = await import("./downloads.js");
      toast(`Downloading ${kept.length} files …`);
      const count = await downloadPictures(this.#app.midjourney, kept);
      if (count < pictures.length) toast(`${pictures.length - count} could not be read, and are not in it.`);
    } catch (error) {
      toast(explain(error));
    }
  }

  async csv(tasks) {
    (await import("./downloads.js")).downloadTable(tasks);
  }

  compare(pictures) {
    compare(pictures);
  }

  /** The picture to compare with is chosen in the library. */
  compareWith(task, file) {
    const { grid, router } = this.#app;
    router.show("library");
    grid.chooseSecond({ task, file });
  }

  async share(file) {
    const url = new URL(file.url, location.href).href;
    if (navigator.share && matchMedia("(pointer: coarse)").matches) return navigator.share({ url }).catch(() => {});
    await copy(url, "The link is copied. Whoever has it sees the picture.");
  }

  copyPrompt({ prompt }) {
    return copy(prompt, "The prompt is copied.");
  }

  /** A video of a picture: the form is filled, and says what it costs. */
  #animate(task, { url }) {
    this.#app.router.show("create");
    this.#app.composer.fill({ taskType: "mj_video", prompt: task.prompt, aspectRatio: aspectRatioOf(task), fileUrl: new URL(url, location.href).href });
  }

  /** What a task was made from in the end, as far as that is known: what was made of a picture has no request of its own. */
  #rootOf(task) {
    const parent = this.#app.tasks.get(task.parent?.taskId);
    return parent ? this.#rootOf(parent) : task;
  }

  /** The request a task comes from. */
  async #requestOf(task) {
    const { tasks } = this.#app;
    const load = (id) => tasks.load(id).catch(() => undefined);
    if (task.parent) {
      const parent = tasks.get(task.parent.taskId) ?? (await load(task.parent.taskId));
      return parent ? this.#requestOf(parent) : { prompt: task.prompt };
    }
    const request = task.request ?? (await load(task.taskId))?.request;
    return { ...request, prompt: task.prompt };
  }
}

async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    prompt("The browser doesn't let this page copy. Copy it from here:", text);
  }
}
