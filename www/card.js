/** One task on the page: its places while it runs, then its pictures, or what went wrong. */
import { button, element, find, iconButton } from "./dom.js";
import { explain } from "./explain.js";
import { duration, facts, isVideo, range, ratioOf } from "./format.js";
import { expectedFiles, filesOf, nameOf, relink, view } from "./picture.js";
import { singleFlight } from "./single-flight.js";

const TICK_MS = 500;

export class Card {
  #task;
  #actions;
  #ticking;

  /** @param actions what can be done with it: see `studio.js` */
  constructor(task, actions) {
    this.#actions = actions;
    this.element = element(
      "article",
      { className: "card", tabIndex: -1 },
      element("div", { className: "results" }),
      element(
        "div",
        { className: "about" },
        element("h2"),
        element("p", { className: "facts" }),
        element("p", { className: "status" }),
        element("div", { className: "bar", ariaHidden: "true" }, element("i")),
        element("p", { className: "error", role: "alert" }),
        element("footer"),
      ),
    );
    this.update(task);
  }

  /** Shows the task as it is now. */
  update(task) {
    const before = this.#task;
    this.#task = task;
    this.#find("h2").textContent = task.prompt ?? "";
    this.#find(".facts").textContent = facts(task);
    this.#find(".results").style.setProperty("--ratio", ratioOf(task));
    const state = stateOf(task);
    if (before && stateOf(before) === state && state !== "unclear") {
      if (state === "succeeded") this.#relink();
      return;
    }
    clearInterval(this.#ticking);
    this.element.className = `card ${state}`;
    this.element.ariaBusy = String(state === "running" || state === "sending");
    this.#find(".status").textContent = "";
    this.complain("");
    this.#show[state].call(this);
  }

  /** What can be made of the pictures is called otherwise once it was made. */
  rename() {
    for (const file of filesOf(this.#task)) {
      for (const { name, className } of this.#actions.of(this.#task, file)) {
        const made = this.#find(`figure[data-index="${file.index}"] .${className}`);
        if (made) made.ariaLabel = made.title = labelOf(name, this.#task, file);
      }
    }
  }

  complain(message) {
    this.#find(".error").textContent = message;
  }

  remove() {
    clearInterval(this.#ticking);
    this.element.remove();
  }

  #show = {
    sending() {
      this.#places();
      this.#find(".status").textContent = "Sending …";
      this.#find("footer").replaceChildren();
    },
    running() {
      this.#places();
      const tick = () => this.#tick();
      tick();
      this.#ticking = setInterval(tick, TICK_MS);
      this.#footer();
    },
    succeeded() {
      const tiles = filesOf(this.#task).map((file) => this.#tile(file));
      this.#fill(tiles);
      this.#footer();
    },
    failed() {
      this.#fill([]);
      this.complain(this.#task.failure?.message ?? "The vendor gave no reason.");
      this.#find(".status").textContent = "Nobody outside the vendor knows whether it charges for this; today's cap counts it.";
      this.#footer(button("Run it again", () => this.#actions.again(this.#task), { className: "again" }));
    },
    /** The page stopped to wait, or the submit got no clear answer. */
    unclear() {
      this.#fill([]);
      const { stopped, order } = this.#task;
      this.complain(stopped ? explain(stopped) : "Nobody knows whether the vendor has this task; it may have been billed.");
      if (order) this.#find(".status").textContent = "Asking again can't pay twice: the gateway knows this order by its key.";
      const ask = button(order ? "Ask again" : "Keep waiting", () => this.#actions.askAgain(this.#task), { className: "again" });
      this.#footer(ask);
    },
  };

  #tick() {
    const { createdAt = Date.now(), expectedAt, timeLeft } = this.#task;
    const elapsed = Math.max(0, Date.now() - createdAt);
    const expected = Math.max(1000, (expectedAt ?? createdAt + 60_000) - createdAt);
    this.#find(".status").textContent = `Generating · ${duration(elapsed)} · ${this.#rest(elapsed, expected)}`;
    // Towards the end without reaching it: nobody knows how far the vendor is.
    this.#find(".bar").style.setProperty("--progress", 1 - Math.exp((-1.6 * elapsed) / expected));
  }

  /** How long it is expected to go on: the server's own word counts more than what is usual. */
  #rest(elapsed, expected) {
    const { timeLeft } = this.#task;
    this.#usual ??= timeLeft && { min: elapsed + timeLeft.min, max: elapsed + timeLeft.max };
    if (!this.#usual || expected < this.#usual.min || expected > this.#usual.max) return `about ${duration(expected)} expected`;
    return elapsed < this.#usual.max ? `${range(this.#usual)} expected` : "longer than usual, and still going on";
  }
  #usual;

  #places() {
    this.#fill(Array.from({ length: expectedFiles(this.#task) }, () => element("figure", {}, element("div", { className: "tile" }))));
  }

  #fill(tiles) {
    this.#find(".results").replaceChildren(...tiles);
    this.#find(".results").classList.toggle("single", tiles.length === 1);
  }

  #tile(file) {
    const task = this.#task;
    const open = element("button", { type: "button", className: "tile", ariaLabel: `View ${nameOf(task, file).toLowerCase()}` }, view(task, file));
    open.addEventListener("click", () => this.#actions.open(task.taskId, file.index));
    open.addEventListener("load", (event) => this.#shape(event), true);
    const make = element("div", { className: "make" });
    for (const action of this.#actions.of(task, file)) make.append(this.#makeButton(action, task, file));
    const caption = element("figcaption", {}, element("span", { textContent: nameOf(task, file) }), make);
    return element("figure", { "data-index": file.index }, open, caption);
  }

  #makeButton({ symbol, name, className, run }, task, file) {
    const made = iconButton(symbol, labelOf(name, task, file), undefined, { className: `icon ${className}` });
    // Where the file lies now: not where it was when the button was made.
    const now = () => filesOf(this.#task).find(({ index }) => index === file.index);
    const once = singleFlight(made, () => run(now()), (error) => this.complain(explain(error)));
    made.addEventListener("click", once);
    return made;
  }

  #footer(...buttons) {
    const task = this.#task;
    const { parent } = task;
    this.#find("footer").replaceChildren(
      ...buttons,
      ...(parent ? [button("Where it comes from", () => this.#actions.open(parent.taskId, parent.index), { className: "origin" })] : []),
      ...(task.prompt ? [button("Use again", () => this.#actions.reuse(task), { className: "reuse" })] : []),
      task.order
        ? button("Dismiss", () => this.#actions.dismiss(task.order), { className: "remove" })
        : button("Delete", () => this.#actions.remove([task]), { className: "remove" }),
    );
  }

  #relink() {
    for (const { index, url } of filesOf(this.#task)) relink(this.#find(`figure[data-index="${index}"] .tile > *`), url);
  }

  /** A picture whose shape nobody told gets its place by its own. */
  #shape({ target: { naturalWidth, naturalHeight } }) {
    if (ratioOf(this.#task, 0) === 0 && naturalHeight > 0) this.#find(".results").style.setProperty("--ratio", naturalWidth / naturalHeight);
  }

  #find(selector) {
    return find(selector, this.element);
  }
}

/** "Upscale picture 2", "Upscale picture 2 again". */
const labelOf = (name, task, file) => {
  const [verb, ...more] = name.split(" ");
  return [verb, nameOf(task, file).toLowerCase(), ...more].join(" ");
};

/** How a task is shown. */
export function stateOf({ state, stopped, isUnknown, isSending }) {
  if (isSending) return "sending";
  return state === "running" && (stopped || isUnknown) ? "unclear" : state;
}

export const announcementOf = (task) => {
  if (task.state === "failed") return "A task failed.";
  return isVideo(task) ? "The video is ready." : "The pictures are ready.";
};
