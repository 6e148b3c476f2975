/** `midapi/save`: never half a file, and nothing fetched twice. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL, fileURLToPath } from "node:url";
import { MidjourneyError } from "../../dist/node.js";
import { saveResults } from "../../dist/save.js";
import { folderOf } from "../support/folder.js";
import { failure, pause, stub } from "./stub.js";

const SAVE = fileURLToPath(new URL("../../dist/save.js", import.meta.url));

const PNG = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(100_000, 7)]);
const png = () => new Response(PNG);
const task = (taskId = "a", indexes = [1, 2, 3, 4]) => ({
  taskId,
  state: "succeeded",
  images: indexes.map((index) => ({ taskId, index, url: `https://files.example/${taskId}_${index}.png` })),
  videos: [],
});
const entries = (folder) => readdirSync(folder).sort();
const NAMES = [1, 2, 3, 4].map((index) => `a-${index}.png`);

test("all files of a task are saved in a folder that is made, and progress is told", async (t) => {
  const sent = stub(png);
  const folder = join(folderOf(t), "some/where");
  const seen = [];
  const paths = await saveResults(task(), folder, { onProgress: (progress) => seen.push(progress) });
  assert.deepEqual(paths, NAMES.map((name) => join(folder, name)));
  for (const path of paths) assert.deepEqual(readFileSync(path), PNG);
  assert.deepEqual([entries(folder), sent.length], [NAMES, 4]);
  assert.deepEqual(seen, NAMES.map((name, place) => ({ name, path: join(folder, name), bytes: PNG.length, done: place + 1, total: 4 })));
});

test("what is there isn't fetched again, and what is empty is", async (t) => {
  const folder = folderOf(t);
  const sent = stub(png);
  writeFileSync(join(folder, "a-2.png"), "mine");
  writeFileSync(join(folder, "a-3.webp"), "mine, too");
  writeFileSync(join(folder, "a-4.png"), "");
  writeFileSync(join(folder, "a-1.txt"), "a note about the first");
  const seen = [];
  const paths = await saveResults(task(), folder, { onProgress: ({ bytes, done }) => seen.push([bytes, done]) });
  assert.deepEqual(sent.map(({ url }) => url.at(-5)), ["1", "4"]);
  assert.deepEqual(paths.map((path) => path.slice(folder.length + 1)), ["a-1.png", "a-2.png", "a-3.webp", "a-4.png"]);
  assert.deepEqual(seen, [[PNG.length, 1], [4, 2], [9, 3], [PNG.length, 4]]);
  assert.equal(readFileSync(join(folder, "a-2.png"), "utf8"), "mine");
  assert.deepEqual(await saveResults(task(), pathToFileURL(folder)), paths);
  assert.equal(sent.length, 2);
});

test("what a process has left that died is removed, and nothing else", async (t) => {
  const folder = folderOf(t);
  stub(png);
  writeFileSync(join(folder, "a-1.png"), "mine");
  for (const name of ["a-1.png.0.part", "a-2.png.1.part", "a-12.png.2.part", "b.part"]) writeFileSync(join(folder, name), "half");
  await saveResults(task(), folder);
  assert.deepEqual(entries(folder), [...NAMES, "a-12.png.2.part", "b.part"].sort());
});

test("what fails leaves what was saved before, and nothing of its own; the next call goes on", async (t) => {
  const folder = folderOf(t);
  stub((_, __, url) => (url.includes("_3") ? new Response("<html>") : png()));
  const error = await failure(saveResults(task(), folder));
  assert.ok(error instanceof MidjourneyError);
  assert.deepEqual([error.kind, error.billed, error.taskId], ["bad_response", "yes", "a"]);
  assert.deepEqual(entries(folder), NAMES.slice(0, 2));
  const sent = stub(png);
  await saveResults(task(), folder);
  assert.deepEqual([entries(folder), sent.length], [NAMES, 2]);
});

test("a file that can't be written leaves nothing of it", async (t) => {
  const folder = folderOf(t);
  stub(png);
  // Where the file should go is a folder with something in it.
  mkdirSync(join(folder, "a-1.png/inside"), { recursive: true });
  const error = await failure(saveResults(task("a", [1]), folder));
  assert.match(error.code, /^(EISDIR|ENOTEMPTY|EEXIST|EPERM)$/);
  assert.deepEqual(entries(folder), ["a-1.png"]);
});

test("an abort ends it, and the file on its way isn't there", async (t) => {
  const folder = folderOf(t);
  const controller = new AbortController();
  stub(png);
  const onProgress = ({ done }) => done === 2 && controller.abort();
  const error = await failure(saveResults(task(), folder, { signal: controller.signal, onProgress }));
  assert.deepEqual([error.kind, error.billed], ["aborted", "yes"]);
  assert.deepEqual(entries(folder), NAMES.slice(0, 2));
});

test("two who save the same at once both have it whole", async (t) => {
  const folder = folderOf(t);
  stub(async () => (await pause(Math.random() * 5), png()));
  for (let round = 0; round < 10; round++) {
    const here = join(folder, String(round));
    const both = await Promise.all([1, 2, 3].map(() => saveResults(task(), here)));
    for (const paths of both) assert.deepEqual(paths, both[0]);
    for (const path of both[0]) assert.deepEqual(readFileSync(path), PNG);
    assert.deepEqual(entries(here), NAMES);
  }
});

test("what is wrong is refused, and no folder is made", async (t) => {
  const sent = stub(png);
  const folder = join(folderOf(t), "none");
  for (const [args, field] of [
    [[{ ...task(), state: "running" }, folder], "task"],
    [["a", folder], "task"],
    [[task(), ""], "folder"],
    [[task(), undefined], "folder"],
    [[task(), new URL("https://example.com/")], "folder"],
    [[task(), folder, { onProgress: "yes" }], "onProgress"],
  ]) {
    const error = await failure(saveResults(...args));
    assert.deepEqual([error.kind, error.field, error.billed], ["invalid_request", field, "no"]);
  }
  assert.deepEqual([existsSync(folder), sent.length], [false, 0]);
  assert.equal((await failure(saveResults(task(), folder, { maxbytes: 5 }))).field, "maxbytes");
});

test("an id from a server can't leave the folder", async (t) => {
  const parent = folderOf(t);
  stub(png);
  const folder = join(parent, "folder");
  const ids = ["../outside", "..", "/etc/passwd", "C:\\con", "con.txt", "a\0b", "-rf", ".hidden", "x".repeat(1000)];
  for (const id of ids) {
    const file = { taskId: id, index: 1, url: "https://files.example/1.png" };
    const [path] = await saveResults(file, folder);
    assert.equal(join(folder, path.slice(folder.length + 1)), path);
    assert.match(path.slice(folder.length + 1), /^[A-Za-z0-9][A-Za-z0-9_-]{0,150}-1\.png$/);
  }
  assert.deepEqual([entries(parent), entries(folder).length], [["folder"], ids.length]);
});

test("a caller's function that throws loses nothing", async (t) => {
  stub(png);
  const folder = folderOf(t);
  const onProgress = () => {
    throw new Error("of the caller's");
  };
  assert.equal((await saveResults(task(), folder, { onProgress })).length, 4);
});

test("a process that is killed leaves no half file, and the next one has them all", async (t) => {
  const large = Buffer.concat([PNG, Buffer.alloc(8_000_000, 1)]);
  const server = createServer((_, response) => response.end(large));
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  t.after(() => (server.closeAllConnections(), server.close()));
  const here = { ...task(), images: [1, 2, 3, 4].map((index) => ({ taskId: "a", index, url: `http://127.0.0.1:${server.address().port}/${index}` })) };
  const code = `import { saveResults } from ${JSON.stringify(SAVE)}; console.log("begins"); await saveResults(JSON.parse(process.argv[1]), process.argv[2]);`;
  const parent = folderOf(t);
  let parts = 0;
  for (let round = 0; round < 12; round++) {
    const folder = join(parent, String(round));
    const child = spawn(process.execPath, ["--input-type=module", "-e", code, JSON.stringify(here), folder], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((resolve) => child.on("close", resolve));
    await new Promise((begins) => child.stdout.once("data", begins));
    await pause(round * 25);
    child.kill("SIGKILL");
    await ended;
    const left = existsSync(folder) ? entries(folder) : [];
    parts += left.filter((name) => name.endsWith(".part")).length;
    for (const name of left.filter((name) => !name.endsWith(".part"))) assert.equal(statSync(join(folder, name)).size, large.length);
    await saveResults(here, folder);
    assert.deepEqual(entries(folder), NAMES);
    for (const name of NAMES) assert.equal(statSync(join(folder, name)).size, large.length);
  }
  t.diagnostic(`12 processes were killed, ${parts} of them in the midst of a file`);
});
