/**
 * The tasks this page knows: what the gateway's list says, and what is made here. Each is plain data, as `midapi` gives it, with its
 * `prompt`, its `parent`, and the `request` or `call` it comes from where that is known. Whoever shows one listens to `change`.
 */
import { aspectRatioOf } from "./format.js";

export class Tasks extends EventTarget {
  #midjourney;
  #known = new Map();
  /** Those that are waited for, each with what ends the wait. */
  #followed = new Map();
  #removed = new Set();
  /** Tabs of this browser tell each other of what they make and delete. */
  #tabs = new BroadcastChannel("midapi.tasks");

  constructor(midjourney) {
    super();
    this.#midjourney = midjourney;
    this.#tabs.addEventListener("message", ({ data: { task, removed } }) => {
      if (removed) this.#forget(removed);
      else this.follow(this.put(task));
    });
  }

  get(id) {
    return this.#known.get(id);
  }

  /** All that are known, newest first. */
  all() {
    return newestFirst([...this.#known.values()]);
  }

  childrenOf(id) {
    return newestFirst([...this.#known.values()].filter(({ parent }) => parent?.taskId === id));
  }

  /** Takes in what is known of a task now; what was known besides stays. A page of a list may be older than what was seen since. */
  put(task) {
    const before = this.#known.get(task.taskId);
    if (this.#removed.has(task.taskId) || (before && isOver(before) && task.state === "running")) return before ?? task;
    // What is made of a picture has its shape.
    const aspectRatio = aspectRatioOf(this.#known.get(task.parent?.taskId));
    const now = { aspectRatio, ...before, stopped: undefined, isUnknown: undefined, ...defined(task) };
    now.request ??= parsed(now.paramJson);
    this.#known.set(task.taskId, now);
    this.#tell(now, before);
    return now;
  }

  /** A task that was made here: every tab is told. */
  add(task) {
    this.#tabs.postMessage({ task });
    return this.follow(this.put(task));
  }

  /** Those of the gateway's list, as `midapi` asks for them. */
  async *list(filter) {
    for await (const task of this.#midjourney.tasks(filter)) {
      if (!this.#removed.has(task.taskId)) yield this.follow(this.put(task));
    }
  }

  /** A task by its id alone, as a link names it. */
  async load(id) {
    const { paramJson } = await this.#midjourney.record(id);
    return this.follow(this.put({ ...(await this.#midjourney.status(id)), paramJson, prompt: parsed(paramJson)?.prompt }));
  }

  /** Waits for the task's end, and for the copies that last, if there is anything to wait for. */
  follow(task) {
    const isGoingOn = task.state === "running" || task.archive?.state === "pending";
    if (isGoingOn && !task.isUnknown && this.#known.has(task.taskId) && !this.#followed.has(task.taskId)) this.#follow(task);
    return task;
  }

  async remove(id) {
    await this.#midjourney.remove(id);
    this.#tabs.postMessage({ removed: id });
    this.#forget(id);
  }

  async #follow(task) {
    const { taskId } = task;
    const leaving = new AbortController();
    this.#followed.set(taskId, leaving);
    try {
      // The pictures are shown at once; a moment later their links are the gateway's own, which last.
      const options = { archived: true, signal: leaving.signal, onUpdate: (now) => this.put(now) };
      this.put(await this.#midjourney.wait(task, options));
    } catch (error) {
      if (error.kind === "task_failed") this.put({ ...task, state: "failed", failure: { message: error.message } });
      // Deleted, by another tab or another device.
      else if (error.kind === "not_found") this.#forget(taskId);
      else if (error.kind !== "aborted") this.put({ taskId, stopped: error });
    } finally {
      this.#followed.delete(taskId);
    }
  }

  #forget(id) {
    this.#removed.add(id);
    const before = this.#known.get(id);
    if (!before) return;
    this.#known.delete(id);
    this.#followed.get(id)?.abort();
    this.#tell(undefined, before);
  }

  #tell(task, before) {
    this.dispatchEvent(new CustomEvent("change", { detail: { task, before } }));
  }
}

const newestFirst = (tasks) => tasks.sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0));

const isOver = ({ state }) => state === "succeeded" || state === "failed";

const defined = (task) => Object.fromEntries(Object.entries(task).filter(([, value]) => value !== undefined));

function parsed(json) {
  try {
    return JSON.parse(json ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}
