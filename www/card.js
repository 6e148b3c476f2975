/** One task on the page: its places while it runs, then its pictures, or what went wrong. */
import { announce } from "./announce.js";
import { button, element, find, iconButton } from "./dom.js";
import { explain } from "./explain.js";
import { duration, facts, isVideo, range, ratioOf } from "./format.js";
import { expectedFiles, fileOf, filesOf, nameOf, relink, view } from "./picture.js";
import { singleFlight } from "./single-flight.js";

const TICK_MS = 500;

export class Card {
  #task;
  #actions;
  #ticking;
  /** How long it usually takes in all, as was said when it was first seen. */
  #usual;

  /** @param actions what can be done with it: see `actions.js` */
  constructor(task, actions) {
    this.#actions = actions;
    this.element = element(
      "article",
      { className: "card", tabIndex: -1 },
      element("div", { className: "results" }),
      element(
        "div",
        { className: "about" },
        element("h2", { dir: "auto" }),
        element("p", { className: "facts" }),
        element("p", { className: "status" }),
        element("div", { className: "bar", ariaHidden: "true" }, element("i")),
        element("p", { className: "error" }),
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
    this.#find(".error").textContent = "";
    this.#show[state].call(this);
  }

  /** What can be made of the pictures is called otherwise once it was made. */
  rename() {
    for (const file of filesOf(this.#task)) {
      for (const action of this.#actions.of(this.#task, file)) {
        const made = this.#find(`figure[data-index="${file.index}"] .${action.className}`);
        if (made) made.ariaLabel = made.title = labelOf(action, this.#task, file);
      }
    }
  }

  remove() {
    clearInterval(this.#ticking);
    this.element.remove();
  }

  /** Shows why something didn't work that was asked for here. */
  #complain(message) {
    this.#find(".error").textContent = message;
    announce(message);
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
      this.#find(".error").textContent = this.#task.failure?.message ?? "The vendor gave no reason.";
      this.#find(".status").textContent = "Nobody outside the vendor knows whether it charges for this; today's cap counts it.";
      this.#footer();
    },
    /** The page stopped to wait, the submit got no clear answer, or the gateway doesn't know what became of it. */
    unclear() {
      this.#fill([]);
      const { stopped, order } = this.#task;
      this.#find(".error").textContent = stopped ? explain(stopped) : "Nobody knows whether the vendor has this task; it may have been billed.";
      if (order) this.#find(".status").textContent = "Asking again can't pay twice: the gateway knows this order by its key.";
      const name = order ? "Ask again" : stopped ? "Keep waiting" : "Look again";
      this.#footer(button(name, () => this.#actions.askAgain(this.#task), { className: "again" }));
    },
  };

  #tick() {
    const { createdAt = Date.now(), expectedAt } = this.#task;
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
    const isUsual = this.#usual && expected >= this.#usual.min && expected <= this.#usual.max;
    if (elapsed > (isUsual ? this.#usual.max : 2 * expected)) return "longer than usual, and still going on";
    return isUsual ? `${range(this.#usual)} expected` : `about ${duration(expected)} expected`;
  }

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

  #makeButton(action, task, file) {
    const made = iconButton(action.symbol, labelOf(action, task, file), undefined, { className: `icon ${action.className}` });
    // Where the file lies now: not where it was when the button was made.
    const run = () => action.run(fileOf(this.#task, file.index));
    made.addEventListener("click", singleFlight(made, run, (error) => this.#complain(explain(error))));
    return made;
  }

  #footer(...buttons) {
    const task = this.#task;
    const { order, parent, prompt } = task;
    this.#find("footer").replaceChildren(
      ...buttons,
      ...(parent ? [button("Where it comes from", () => this.#actions.open(parent.taskId, parent.index), { className: "origin" })] : []),
      ...(prompt ? [button("Use again", () => this.#actions.reuse(task), { className: "reuse" })] : []),
      order
        ? button("Dismiss", () => this.#actions.dismiss(order), { className: "remove" })
        : button("Delete", () => this.#actions.remove([task]), { className: "remove" }),
    );
  }

  #relink() {
    for (const file of filesOf(this.#task)) relink(this.#find(`figure[data-index="${file.index}"] .tile > *`), this.#task, file);
  }

  /** A picture whose shape nobody told gets its place by its own. */
  #shape({ target: { naturalWidth, naturalHeight } }) {
    if (ratioOf(this.#task, 0) === 0 && naturalHeight > 0) this.#find(".results").style.setProperty("--ratio", naturalWidth / naturalHeight);
  }

  #find(selector) {
    return find(selector, this.element);
  }
}

/** "Upscale picture 2 again, 3–16 credits". */
function labelOf({ name, cost }, task, file) {
  const [verb, ...more] = name.split(" ");
  const label = [verb, nameOf(task, file).toLowerCase(), ...more].join(" ");
  return cost ? `${label}, ${cost}` : label;
}

/** How a task is shown. */
export function stateOf({ state, stopped, isUnknown, isSending }) {
  if (isSending) return "sending";
  return state === "running" && (stopped || isUnknown) ? "unclear" : state;
}

/** What is said when a task has ended. */
export function announcementOf(task) {
  if (task.state === "failed") return `A task failed: ${task.failure?.message ?? ""}`;
  return isVideo(task) ? "The video is ready." : "The pictures are ready.";
}
