/** The example for Rust users (`examples/rust-wasm`), in a browser, through an app's server and a gateway. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { pageIn } from "../support/browsers.js";
import { gatewayOnSimulator } from "../support/servers.js";
import { siteOn } from "../support/site.js";

const FOLDER = fileURLToPath(new URL("../../build/example/", import.meta.url));
const SHOTS = fileURLToPath(new URL("../../build/screenshots/", import.meta.url));
mkdirSync(SHOTS, { recursive: true });

const PATIENCE = { timeout: 30_000 };

/** The page, ready to be clicked; `submits` are the bodies of what it asked the gateway to generate. */
async function example(t, vars = {}) {
  const gateway = await gatewayOnSimulator(vars);
  const site = await siteOn(gateway, (path) => join(FOLDER, path === "/" ? "index.html" : path), t);
  const { page, problems } = await pageIn("chromium", t);
  const submits = [];
  page.on("request", (request) => {
    if (request.method() === "POST") submits.push(JSON.parse(request.postData()));
  });
  await page.goto(site);
  await page.waitForSelector("#imagine:enabled", PATIENCE);
  return { page, problems, submits };
}

const status = (page, part) =>
  page.waitForFunction((part) => document.querySelector("#status").textContent.includes(part), PATIENCE, part);

test("row 16: a click makes four images, and a second click meanwhile submits nothing", async (t) => {
  const { page, problems, submits } = await example(t, { DURATIONS: { fast: 2 } });
  await page.type("#prompt", "a lighthouse in a storm");
  await page.click("#imagine", { count: 2 });
  await status(page, "running, about 30 to 120 s left");
  await page.click("#imagine");
  await page.focus("#prompt");
  await page.keyboard.press("Enter");
  await page.waitForFunction(
    () => [...document.images].filter(({ naturalWidth }) => naturalWidth > 0).length === 4,
    PATIENCE,
  );
  assert.deepEqual(submits, [{ taskType: "mj_txt2img", prompt: "a lighthouse in a storm" }]);
  assert.equal(await page.$eval("#status", (element) => element.textContent), "succeeded");
  await page.screenshot({ path: `${SHOTS}example.png`, fullPage: true });
  assert.deepEqual(problems, []);

  await page.click("#imagine");
  await status(page, "running");
  assert.equal(submits.length, 2, "after the first task's end there can be another");
});

test("an error is shown with what it cost", async (t) => {
  const { page, problems, submits } = await example(t);
  await page.click("#imagine");
  await status(page, "prompt: must be 1 to 2000 characters of text (billed: no)");
  assert.equal(submits.length, 0);

  await page.type("#prompt", "a storm [sim: fail, message=The <b>prompt</b> was flagged]");
  await page.click("#imagine");
  await status(page, "The <b>prompt</b> was flagged (billed: unknown)");
  assert.equal((await page.$$("#status b, #images img")).length, 0);
  assert.deepEqual(problems, []);
});
