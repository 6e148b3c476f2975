/** Next.js, by both of its bundlers: every place in which an app's code runs. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { pageIn } from "../support/browsers.js";
import { countedSimulator, gatewayOn, simulator } from "../support/servers.js";
import { freePort } from "../../tools/platform.js";
import { projectOf } from "./project.js";

const callback = readFileSync(new URL("../core/fixtures/documented-callback-success.json", import.meta.url), "utf8");

for (const [title, name, bundler] of [
  ["Next 15 (webpack)", "next15", []],
  ["Next 16 (Turbopack)", "next16", []],
  ["Next 16 (webpack)", "next16", ["--webpack"]],
]) {
  test(`${title}, built and started: works in every place`, async (t) => {
    const { project, env, upstream } = await app(t, name);
    await project.run(project.bin("next"), ["build", ...bundler], env);
    const url = await project.serve(project.bin("next"), ["start", "--hostname", "127.0.0.1"], env, t);
    await worksEverywhere(url, upstream, t);
  });

  test(`${title}, in development: works in every place, and an effect that runs twice submits once`, async (t) => {
    const { project, env, upstream } = await app(t, name);
    const url = await project.serve(project.bin("next"), ["dev", "--hostname", "127.0.0.1", ...bundler], env, t);
    await worksEverywhere(url, upstream, t);
  });
}

/** The app, and what it asks: the vendor from its server, a gateway from its pages. */
async function app(t, name) {
  const project = await projectOf(name, "next");
  project.remove(".next");
  const [{ url: vendor }, upstream] = [await simulator(), await countedSimulator()];
  const PORT = String(await freePort());
  const gateway = await gatewayOn(upstream, { vars: { MIDAPI_SESSION_ORIGINS: `http://127.0.0.1:${PORT}` } });
  const env = { PORT, MIDAPI_ENDPOINT: `${vendor}/api/v1/mj`, MIDAPI_API_KEY: "a-key-of-the-app", GATEWAY: gateway.url };
  return { project, env, upstream };
}

async function worksEverywhere(url, upstream, t) {
  for (const runtime of ["node", "edge"]) {
    const answer = await fetch(`${url}/api/${runtime}`);
    assert.equal(await answer.text(), '{"images":4}', `route of the runtime ${runtime}`);
  }
  const answer = await fetch(`${url}/api/callback`, { method: "POST", body: callback });
  assert.deepEqual(await answer.json(), { type: "ended", taskId: "mj_task_12345" });
  assert.match(await (await fetch(url)).text(), /<p id="images">4 images<\/p>/);

  const { page } = await pageIn("chromium", t);
  await page.goto(`${url}/action`);
  const paint = await page.waitForSelector("button");
  await shows(page, "button", "4 images", () => paint.click());
  await page.goto(`${url}/client`);
  await shows(page, "#said", "4 images of");
  assert.equal(upstream.submits.length, 1);
}

/** A page that isn't live yet hears no click: it is clicked until it does. */
async function shows(page, selector, text, act = () => {}) {
  for (const end = Date.now() + 30_000; ; ) {
    const shown = await page.$eval(selector, (element) => element.textContent);
    if (shown.includes(text)) return;
    if (Date.now() > end) assert.fail(`${selector} shows: ${shown}`);
    await act();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
