/** What the address says: `#create`, `#library`, or a picture above one of them, `#task/<id>/<number>`. */
import { toast } from "./announce.js";
import { find, findAll } from "./dom.js";

/** Goes back, and leaves the focus where it is: the browser takes it away with the address. */
function back() {
  const focused = document.activeElement;
  const restore = () => document.activeElement === document.body && focused.focus({ preventScroll: true });
  addEventListener("popstate", () => requestAnimationFrame(restore), { once: true });
  history.back();
}

export class Router {
  #app;
  /** Whether the page itself went to the picture that is shown: then the way back leads to where it was opened. */
  #hasOpened = false;

  constructor(app) {
    this.#app = app;
    addEventListener("hashchange", () => this.follow());
  }

  /** Goes to a view. */
  show(view) {
    if (location.hash !== `#${view}`) location.hash = view;
    this.follow();
  }

  /** Opens a picture of a task, or the task. */
  open(id, index) {
    if (this.#app.viewer.isOpen) return this.replace(id, index);
    this.#hasOpened = true;
    location.hash = index ? `task/${id}/${index}` : `task/${id}`;
  }

  /** Moves on to another picture; the way back stays what it was. */
  replace(id, index) {
    history.replaceState(history.state, "", `#task/${id}/${index}`);
    this.follow();
  }

  /** The picture is closed: back to the view that lies below. */
  leave() {
    if (this.#hasOpened) return back();
    history.replaceState(history.state, "", find("#library-view").hidden ? "#create" : "#library");
  }

  /** Shows what the address says. */
  async follow() {
    const { grid, tasks, viewer } = this.#app;
    const { hash } = location;
    const [view, id, index] = hash.slice(1).split("/");
    if (view === "task" && id) {
      const task = tasks.get(id) ?? (await tasks.load(id).catch(() => undefined));
      // One may have gone elsewhere meanwhile.
      if (hash !== location.hash) return;
      if (task) return viewer.show(id, index ? Number(index) : undefined);
      toast("There is no such task.");
      return this.leave();
    }
    this.#hasOpened = false;
    if (viewer.isOpen) viewer.close();
    const isLibrary = view === "library";
    const wasLibrary = !find("#library-view").hidden;
    find("#create-view").hidden = isLibrary;
    find("#library-view").hidden = !isLibrary;
    for (const link of findAll("nav a")) {
      link.ariaCurrent = link.hash === (isLibrary ? "#library" : "#create") ? "page" : null;
    }
    if (isLibrary && !wasLibrary) await grid.start();
  }
}
