/** Files for people to keep: many pictures as one zip, many tasks as a table. */
import { downloadZip } from "client-zip";
import { csvFormat } from "d3-dsv";
import { element } from "./dom.js";
import { filesOf } from "./picture.js";

/** Downloads pictures as one file, and returns how many there are in it: one that can't be read is left out. */
export async function downloadPictures(midjourney, pictures) {
  let count = 0;
  async function* files() {
    for (const { file } of pictures) {
      try {
        for await (const { name, body } of midjourney.download(file)) yield { name, input: body };
        count++;
      } catch {
        // Whoever asked is told how many there are.
      }
    }
  }
  save(await downloadZip(files()).blob(), "midapi-pictures.zip");
  return count;
}

/** Downloads a table of tasks: a line for each of their files, or one for a task without. */
export function downloadTable(tasks) {
  const rows = tasks.flatMap((task) => {
    const { taskId, taskType = "", state, prompt = "", createdAt, completedAt, failure } = task;
    const known = { taskId, taskType, state, prompt: asText(prompt), createdAt: time(createdAt), completedAt: time(completedAt), error: asText(failure?.message ?? "") };
    const files = filesOf(task);
    return files.length > 0 ? files.map(({ index, url }) => ({ ...known, index, url })) : [{ ...known, index: "", url: "" }];
  });
  save(new Blob([csvFormat(rows)], { type: "text/csv" }), "midapi-tasks.csv");
}

const time = (ms) => (ms ? new Date(ms).toISOString() : "");

/** Spreadsheets run what looks like a formula. */
const asText = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
