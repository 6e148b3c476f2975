/** A wait in a real page: it looks more rarely while nobody sees it, and at once when somebody does again. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { pageIn } from "../support/browsers.js";
import { pause } from "./stub.js";

const dist = (file) => readFileSync(new URL(`../../dist/${file}`, import.meta.url));
const TYPES = { js: "text/javascript", wasm: "application/wasm" };
const PAGE = `<!doctype html><link rel="icon" href="data:," /><script type="module">
  import { Midjourney } from "/midapi/browser.js";
  const controller = new AbortController();
  window.stop = () => controller.abort();
  window.seen = [];
  document.addEventListener("visibilitychange", () => seen.push(document.visibilityState));
  const mj = new Midjourney({ endpoint: "/api/v1/mj" });
  const update = (task) => seen.push(task.state);
  mj.wait("a", { signal: controller.signal, onUpdate: update }).catch(({ kind }) => seen.push(kind));
</script>`;

/** A page that waits for a task that doesn't end, and the number of looks at it; its server asks to wait ten minutes. */
async function waitingPage(t) {
  const looks = { count: 0 };
  const site = createServer((request, response) => {
    const answer = (type, body) => response.writeHead(200, { "Content-Type": type, "Retry-After": "600" }).end(body);
    if (request.url.startsWith("/api/")) {
      if (request.url.includes("record-info")) looks.count++;
      return answer("application/json", JSON.stringify({ code: 200, data: { taskId: "a", successFlag: 0 } }));
    }
    if (request.url === "/") return answer("text/html", PAGE);
    const file = request.url.split("/").at(-1);
    answer(TYPES[file.split(".").at(-1)], dist(file));
  });
  await new Promise((ready) => site.listen(0, "127.0.0.1", ready));
  t.after(() => site.close());
  const { page, problems } = await pageIn("chromium", t);
  await page.goto(`http://127.0.0.1:${site.address().port}/`);
  await page.waitForFunction("window.seen?.length === 1");
  assert.equal(looks.count, 1);
  return { page, problems, looks };
}

/** No two looks are less than five seconds apart, whatever happens to the page. */
const untilALookMayBe = () => pause(5_100);

test("a wait looks at once when its tab becomes visible, and not when it is hidden", async (t) => {
  const { page, problems, looks } = await waitingPage(t);
  const other = await page.browser().newPage();
  await other.bringToFront();
  await page.waitForFunction("document.visibilityState === 'hidden'", { polling: 50 });
  await untilALookMayBe();
  assert.equal(looks.count, 1);
  await page.bringToFront();
  await page.waitForFunction("window.seen.length === 4", { polling: 50, timeout: 2_000 });
  assert.deepEqual(await page.evaluate("window.seen"), ["running", "hidden", "visible", "running"]);
  assert.equal(looks.count, 2);
  await page.evaluate("stop()");
  await page.waitForFunction("window.seen.at(-1) === 'aborted'");
  assert.deepEqual(problems, []);
});

test("a wait looks at once when the network is back", async (t) => {
  const { page, looks } = await waitingPage(t);
  await page.setOfflineMode(true);
  await untilALookMayBe();
  assert.equal(looks.count, 1);
  await page.setOfflineMode(false);
  await page.waitForFunction("window.seen.length === 2", { timeout: 2_000 });
  assert.equal(looks.count, 2);
});
