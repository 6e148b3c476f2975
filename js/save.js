/** The files of tasks in a folder, for runtimes with a file system. */
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Midjourney } from "midapi";
import { filesOf } from "./client.js";
import { refusal } from "./errors.js";

/** How the name of a file ends until all of it is there. */
const PART = ".part";

/** Calls nothing of the API: the files need no key. */
const mj = new Midjourney({ endpoint: "https://api.midapi.ai/api/v1/mj" });

export async function saveResults(task, folder, given) {
  const { onProgress, ...options } = given ?? {};
  if (onProgress != null && typeof onProgress !== "function") throw refusal("invalid_request", "onProgress", "must be a function");
  const path = pathOf(folder);
  const files = await filesOf(mj, task);
  await mkdir(path, { recursive: true });
  const before = await readdir(path);
  const paths = [];
  for (const file of files) {
    const saved = (await savedBefore(file.names, path, before)) ?? (await save(file, path, options));
    await removeParts(saved.name, path, before);
    paths.push(saved.path);
    tell(onProgress, { ...saved, done: paths.length, total: files.length });
  }
  return paths;
}

function pathOf(folder) {
  if (typeof folder === "string" && folder !== "") return folder;
  if (folder instanceof URL && folder.protocol === "file:") return fileURLToPath(folder);
  throw refusal("invalid_request", "folder", "must be the path of a folder, or a URL of one");
}

/** The file that an earlier call has left under one of these names, unless it is empty. */
async function savedBefore(names, folder, before) {
  for (const name of names.filter((name) => before.includes(name))) {
    const path = join(folder, name);
    const entry = await stat(path);
    if (entry.isFile() && entry.size > 0) return { name, path, bytes: entry.size };
  }
}

async function save(file, folder, options) {
  const { name, body } = (await mj.download(file, options).next()).value;
  const path = join(folder, name);
  // A part of its own, so that two who save the same at once don't write into one.
  const part = `${path}.${crypto.randomUUID()}${PART}`;
  try {
    await write(part, body);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    // Who saved the same has cleared away what was left, this part among it.
    const saved = error.code === "ENOENT" && (await savedBefore([name], folder, await readdir(folder)));
    if (!saved) throw error;
  }
  return { name, path, bytes: body.size };
}

async function write(path, body) {
  const file = await open(path, "wx");
  try {
    for await (const chunk of body.stream()) {
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
    }
    // Before it gets its name: else a machine that stops may keep the name without the bytes.
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Of a process that ended while it wrote. What can't be removed is still in use. */
async function removeParts(name, folder, before) {
  const parts = before.filter((entry) => entry.startsWith(`${name}.`) && entry.endsWith(PART));
  await Promise.allSettled(parts.map((part) => rm(join(folder, part), { force: true })));
}

/** What the caller's function throws is its own. */
function tell(onProgress, progress) {
  try {
    onProgress?.(progress);
  } catch {}
}
