/** What the benches have in common: the recorded bodies, and a `fetch` that answers with them at once. */
import { readFileSync } from "node:fs";

const fixture = (name) => JSON.parse(readFileSync(new URL(`../tests/core/fixtures/${name}.json`, import.meta.url), "utf8"));

export const request = fixture("real-generate-request");

// The peers' APIs name a task otherwise, so the bodies have their names, too, whoever asks.
const others = { id: "abc", request_id: "abc", status: "succeeded", output: [] };
export const record = { ...fixture("real-record-success-txt2img"), ...others };
export const accepted = { ...fixture("real-generate-accepted"), data: { taskId: record.data.taskId }, ...others };

export const stub = async (_, init) => Response.json(init?.method?.toUpperCase() === "POST" ? accepted : record);

/** A progress report, beside the results. */
export const say = (text) => console.error(`  ${text}`);

/** Prints a table of Markdown: the results. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  console.log([line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n"));
}
