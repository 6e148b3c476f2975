/** The studio: a prompt goes in, pictures come out. What is right or wrong about a request, the package knows. */
import { Midjourney } from "./midapi/midapi.js";
import { Card } from "./card.js";
import { composer } from "./composer.js";
import { explain } from "./explain.js";
import { Tasks } from "./tasks.js";

const midjourney = new Midjourney({ endpoint: "/api/v1/mj" });
const tasks = new Tasks(localStorage);
const gallery = document.querySelector("#gallery");
const ideas = document.querySelector("#ideas");

const form = composer(async (request) => {
  const task = await midjourney.generate(request);
  gallery.prepend(show(tasks.add({ task, request })));
});

for (const entry of tasks.all()) gallery.append(show(entry));
for (const idea of ideas.querySelectorAll("button")) {
  idea.addEventListener("click", () => form.fill({ prompt: idea.textContent }));
}

/** Puts an entry on the page and follows its task to the end. */
function show(entry) {
  ideas.hidden = true;
  const card = new Card(entry, {
    upscale: async (index) => {
      try {
        const task = await midjourney.upscale(entry.task, index);
        card.element.after(show(tasks.add({ task, request: entry.request, upscaled: index }, entry)));
      } catch (error) {
        card.complain(explain(error));
      }
    },
    reuse: () => form.fill(entry.request),
    again: follow,
    forget: () => {
      tasks.remove(entry);
      card.remove();
      ideas.hidden = gallery.childElementCount > 0;
    },
  });
  if (entry.task.state === "running") follow();
  return card.element;

  async function follow() {
    card.running();
    try {
      entry.task = await midjourney.wait(entry.task);
      card.finished();
    } catch (error) {
      if (error.kind === "task_failed") entry.task = { ...entry.task, state: "failed", failure: { message: error.message } };
      card.stopped(explain(error), error.kind !== "task_failed");
    }
    if (card.element.isConnected) tasks.save(entry);
  }
}
