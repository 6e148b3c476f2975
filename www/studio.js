/** The studio: a prompt goes in, pictures come out. What is right or wrong about a request, the package knows. */
import { Midjourney } from "./midapi/midapi.js";
import { Card } from "./card.js";
import { composer } from "./composer.js";
import { explain } from "./explain.js";
import { openSession, showBudget } from "./session.js";
import { Tasks } from "./tasks.js";

const midjourney = new Midjourney({ endpoint: "/api/v1/mj" });
const tasks = new Tasks(localStorage);
const gallery = document.querySelector("#gallery");
const ideas = document.querySelector("#ideas");
const viewer = document.querySelector("#viewer");

const form = composer(async (request) => {
  const task = await paid(midjourney.generate(request));
  gallery.prepend(show(tasks.add({ task, request })));
});

// Nobody may look at a task before the gateway knows whose page this is.
await openSession();
for (const entry of tasks.all()) gallery.append(show(entry));
for (const idea of ideas.querySelectorAll("button")) {
  idea.addEventListener("click", () => form.fill({ prompt: idea.textContent }));
}
viewer.addEventListener("click", ({ target }) => target === viewer && viewer.close());

/** Puts an entry on the page and follows its task to the end. */
function show(entry) {
  ideas.hidden = true;
  const card = new Card(entry, {
    isUpscaled: (index) => tasks.all().some(({ from, upscaled }) => from === entry.task.taskId && upscaled === index),
    upscale: async (index) => {
      const task = await paid(midjourney.upscale(entry.task, index));
      const made = show(tasks.add({ task, request: entry.request, upscaled: index }, entry));
      // The card may have been removed meanwhile; its picture is paid for all the same.
      if (card.element.isConnected) card.element.after(made);
      else gallery.prepend(made);
    },
    reuse: () => form.fill(entry.request),
    again: follow,
    forget: () => {
      const running = entry.task.state === "running";
      if (running && !confirm("This task is still running, and paid for. Remove it from this page all the same?")) return;
      tasks.remove(entry);
      card.remove();
      ideas.hidden = gallery.childElementCount > 0;
    },
  });
  if (entry.task.state === "running" || entry.task.archive?.state === "pending") follow();
  return card.element;

  function shown(task) {
    if (task.state !== "succeeded" || entry.task.state !== "running") return;
    entry.task = task;
    card.finished();
    announce("The pictures are ready.");
    if (card.element.isConnected) tasks.save(entry);
  }

  async function follow() {
    if (entry.task.state === "running") card.running();
    try {
      // The pictures are shown at once; a moment later their links are the gateway's own, which last.
      const task = await midjourney.wait(entry.task, { archived: true, onUpdate: shown });
      shown(task);
      entry.task = task;
      card.relink();
    } catch (error) {
      if (error.kind === "task_failed") entry.task = { ...entry.task, state: "failed", failure: { message: error.message } };
      card.stopped(explain(error), error.kind !== "task_failed");
    }
    if (card.element.isConnected) tasks.save(entry);
  }
}

/** A submit; whatever comes of it, what is left may have changed. */
async function paid(submit) {
  try {
    return await submit;
  } finally {
    showBudget();
  }
}

/** Tells those who don't see the page. */
function announce(text) {
  document.querySelector("#announcer").textContent = text;
}
