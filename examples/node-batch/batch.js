// node batch.js prompts.txt batch.json
// Makes a task of each line, and keeps in the second file what is left: started again, it goes on with that. Ctrl-C waits for the
// submits that are on their way. Killed outright, it may pay twice for one of those, as nobody knows its task yet.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { Midjourney } from "midapi";

const [prompts, saved] = process.argv.slice(2);
const mj = new Midjourney({ apiKey: process.env.MIDAPI_API_KEY, endpoint: process.env.MIDAPI_ENDPOINT });

const lines = () => readFileSync(prompts, "utf8").split("\n").filter((line) => line.trim() !== "");
const requests = existsSync(saved)
  ? JSON.parse(readFileSync(saved, "utf8"))
  : lines().map((prompt) => ({ taskType: "mj_txt2img", prompt, speed: "relaxed" }));

// In one step: a program that is killed while it writes leaves the old file.
function save() {
  writeFileSync(`${saved}.new`, JSON.stringify(batch));
  renameSync(`${saved}.new`, saved);
}

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
const batch = mj.batch(requests, { concurrency: 4, onUpdate: save, signal: stop.signal });
for await (const { index, task, error } of batch) {
  save();
  console.log(index, error ? `${error.message} (billed: ${error.billed})` : task.images.map(({ url }) => url).join(" "));
}
