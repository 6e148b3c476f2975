/** The studio, as a person uses it, in real browsers on the simulator. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { BROWSERS, pageIn } from "../support/browsers.js";
import { Upstream, envelope, gatewayOn, gatewayOnSimulator } from "../support/servers.js";
import { freePort } from "../../tools/platform.js";

const SHOTS = fileURLToPath(new URL("../../build/screenshots/", import.meta.url));
mkdirSync(SHOTS, { recursive: true });

const PATIENCE = { timeout: 30_000 };
const SIZES = "[...document.querySelectorAll('.card img')].map((image) => image.naturalWidth)";

async function imagine(page, prompt) {
  await page.$eval("#prompt", (input) => (input.value = ""));
  await page.type("#prompt", prompt);
  await page.click("#composer [type=submit]");
}

/** Waits until this many pictures are there and all of them decoded. */
const pictures = (page, count) =>
  page.waitForFunction(`${SIZES}.length === ${count} && ${SIZES}.every((width) => width > 0)`, PATIENCE);

/** Waits until the newest text of this element says something. */
async function said(page, selector) {
  await page.waitForFunction((selector) => document.querySelector(selector)?.textContent, PATIENCE, selector);
  return page.$eval(selector, (element) => element.textContent);
}

for (const name of BROWSERS) {
  test(`${name}: a prompt becomes four images, and one is upscaled`, async (t) => {
    const gateway = await gatewayOnSimulator({ DURATIONS: { fast: 2, upscale: 1 } }, { pages: true });
    const { page, problems } = await pageIn(name, t);
    await page.goto(gateway.url);
    await page.click('input[value="16:9"] + span');
    await imagine(page, "A majestic ancient castle on a misty mountain peak, golden sunset light");
    assert.match(await said(page, ".card.running .status"), /^Generating · \d+ s · about 2 s expected$/);
    await page.screenshot({ path: `${SHOTS}${name}-1-running.png` });

    await pictures(page, 4);
    await page.screenshot({ path: `${SHOTS}${name}-2-four.png`, fullPage: true });
    const [width] = await page.evaluate(SIZES);

    await page.click(".card figure:nth-child(2) .upscale");
    await pictures(page, 5);
    await page.screenshot({ path: `${SHOTS}${name}-3-upscaled.png`, fullPage: true });
    const sizes = await page.evaluate(SIZES);
    assert.deepEqual(sizes.slice(0, 4), [width, width, width, width]);
    assert.equal(sizes[4], 2 * width, "the upscaled image is larger");
    assert.deepEqual(problems, []);
  });

  test(`row 40: ${name} shows a failed task's message as text`, async (t) => {
    const gateway = await gatewayOnSimulator({}, { pages: true });
    const { page, problems } = await pageIn(name, t);
    await page.goto(gateway.url);
    // Not at once: so soon after this one the next would be taken for a double click.
    await imagine(page, "a storm [sim: seconds=1, fail, message=The <b>prompt</b> was flagged]");
    await page.waitForSelector(".card.failed", PATIENCE);
    assert.equal(await said(page, ".card.failed .error"), "The <b>prompt</b> was flagged");
    assert.equal((await page.$$(".card b")).length, 0, "markup is shown as text");
    await page.screenshot({ path: `${SHOTS}${name}-4-failed.png` });

    await imagine(page, "a storm [sim: code=402]");
    assert.equal(await said(page, "#composer-error"), "The account behind this page is out of credits.");
    assert.deepEqual(problems.filter((problem) => !problem.includes("402")), []);
  });
}

/** A gateway that the simulator calls back, and that keeps the results. */
async function keepingGateway(vars) {
  const port = await freePort();
  return gatewayOnSimulator(vars, { pages: true, port, vars: { MIDAPI_PUBLIC_URL: `http://127.0.0.1:${port}` } });
}

for (const name of BROWSERS) {
  test(`${name}: two tabs on one task see it end by events, with one stream each and no polling, and pictures from the archive`, async (t) => {
    const gateway = await keepingGateway({ DURATIONS: { fast: 4 } });
    const { page, problems } = await pageIn(name, t);
    const requests = [];
    const note = (tab) => tab.on("request", (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
    note(page);
    await page.goto(gateway.url);
    await imagine(page, "a lighthouse, seen from two windows");
    await said(page, ".card.running .status");
    const second = await page.browser().newPage();
    note(second);
    await second.goto(gateway.url);
    await second.waitForSelector(".card.running", PATIENCE);
    for (const tab of [page, second]) {
      // A tab in the back paints nothing, so nobody can tell what it shows.
      await tab.bringToFront();
      await pictures(tab, 4);
      await tab.waitForFunction("[...document.querySelectorAll('.card img')].every(({ src }) => src.startsWith(location.origin + '/files/'))", PATIENCE);
      await pictures(tab, 4);
    }
    await second.screenshot({ path: `${SHOTS}${name}-5-archive.png` });
    const count = (wanted) => requests.filter((request) => request === wanted).length;
    assert.deepEqual([count("GET /api/v1/mj/events"), count("GET /api/v1/mj/record-info")], [2, 0], requests.join("\n"));
    assert.deepEqual(problems, []);
    // After a reload they come from there at once.
    await page.bringToFront();
    requests.length = 0;
    await page.reload();
    await pictures(page, 4);
    const sources = await page.$$eval(".card img", (images) => images.map(({ src }) => new URL(src).pathname));
    assert.ok(sources.length === 4 && sources.every((path) => path.startsWith("/files/")), sources.join());
    assert.equal(requests.filter((request) => request.startsWith("GET /m/")).length, 0);
  });
}

test("a video plays", async (t) => {
  const gateway = await gatewayOnSimulator({}, { pages: true });
  const { page, problems } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await page.select("[name=taskType]", "mj_video");
  await page.type("[name=fileUrl]", "https://example.com/source-image.jpg");
  await imagine(page, "gentle waves at sunset");
  await page.waitForFunction(() => document.querySelector("video")?.readyState >= 2, PATIENCE);
  const video = await page.$eval("video", ({ videoWidth, duration, error }) => ({ videoWidth, duration, error }));
  assert.ok(video.videoWidth > 0 && video.duration > 1 && !video.error, JSON.stringify(video));
  await page.screenshot({ path: `${SHOTS}video.png`, fullPage: true });
  assert.deepEqual(problems, []);
});

test("an invalid request shows its error at the field, and nothing is sent", async (t) => {
  const upstream = new Upstream(() => envelope({ taskId: "a" }));
  const gateway = await gatewayOn(upstream, { pages: true });
  const { page, problems } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await page.click("#composer [type=submit]");
  assert.equal(await said(page, "#composer-error"), "The prompt must be 1 to 2000 characters of text.");
  assert.equal(await page.$eval("[aria-invalid]", (field) => field.name), "prompt");

  await page.select("[name=taskType]", "mj_img2img");
  await imagine(page, "in oil");
  await page.waitForFunction(() => document.querySelector("#composer-error").textContent.startsWith("The link"));
  assert.equal(await page.$eval("[aria-invalid]", (field) => field.name), "fileUrl");
  assert.equal(upstream.requests.length, 0);
  assert.deepEqual(problems, []);
});

for (const [speed, latency, delay] of [["quick", 300, 5], ["slow", 0, 150], ["very slow", 0, 400]]) {
  test(`row 16: a ${speed} double click submits once, on Imagine and on Upscale`, (t) => doubleClick(t, latency, delay));
}

async function doubleClick(t, latency, delay) {
  const done = { taskId: "a", successFlag: 1, resultInfoJson: { resultUrls: [{ resultUrl: "http://127.0.0.1:1/a.png" }] } };
  const upstream = new Upstream(async ({ method }) => {
    await new Promise((resolve) => setTimeout(resolve, latency));
    return envelope(method === "POST" ? { taskId: "a" } : done, { headers: { "Retry-After": "1" } });
  });
  const gateway = await gatewayOn(upstream, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await page.type("#prompt", "a lighthouse");
  const twice = async (selector) => {
    await page.click(selector);
    await new Promise((resolve) => setTimeout(resolve, delay));
    await page.click(selector);
  };
  await twice("#composer [type=submit]");
  await page.keyboard.down("Control");
  await page.keyboard.press("Enter");
  await page.keyboard.up("Control");
  await page.waitForSelector(".upscale", PATIENCE);
  assert.equal(upstream.submits.length, 1);
  await twice(".upscale");
  await page.waitForFunction(() => document.querySelectorAll(".card").length === 2, PATIENCE);
  assert.equal(upstream.submits.length, 2);
  assert.equal(await page.$eval(".upscale", (button) => button.textContent), "Upscale again");
}

test("leaving while a submit is on its way asks first", async (t) => {
  const upstream = new Upstream(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return envelope({ taskId: "a" }, { headers: { "Retry-After": "60" } });
  });
  const gateway = await gatewayOn(upstream, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  const asked = [];
  page.on("dialog", (dialog) => {
    asked.push(dialog.type());
    return dialog.dismiss();
  });
  await imagine(page, "a lighthouse");
  await page.reload({ timeout: 1000 }).catch(() => {});
  await page.waitForSelector(".card.running", PATIENCE);
  assert.deepEqual(asked, ["beforeunload"]);

  await page.click(".forget");
  assert.deepEqual(asked, ["beforeunload", "confirm"]);
  assert.equal((await page.$$(".card")).length, 1, "a running task stays unless one insists");
});

test("reusing a prompt restores every field of its request", async (t) => {
  const upstream = new Upstream(() => envelope(null, { code: 402, msg: "no credits" }));
  const gateway = await gatewayOn(upstream, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  const entry = (taskId, request, group) => ({
    task: { taskId, state: "failed", failure: { message: "x" } },
    request,
    at: 1,
    group,
  });
  const plain = { taskType: "mj_txt2img", prompt: "plain", speed: "turbo", aspectRatio: "2:1", version: "6" };
  const styled = { ...plain, taskType: "mj_img2img", prompt: "styled", stylization: 900, fileUrl: "https://example.com/a.png" };
  await page.evaluate(
    (entries) => entries.forEach((entry) => localStorage.setItem(`midapi.task.${entry.task.taskId}`, JSON.stringify(entry))),
    [entry("a", styled, 3), entry("b", plain, 2), entry("c", { prompt: "from an older page" }, 1)],
  );
  await page.evaluate(() => localStorage.setItem("midapi.task.junk", "{"));
  await page.reload();
  // The cards come with the session, maybe after the page has loaded, and all at once.
  await page.waitForSelector(".card", PATIENCE);
  assert.equal((await page.$$(".card")).length, 3);
  for (const [position, request] of [[1, styled], [2, plain], [1, styled]]) {
    upstream.requests.length = 0;
    await page.click(`.card:nth-child(${position}) .reuse`);
    await page.click("#composer [type=submit]");
    await page.waitForFunction(() => document.querySelector("[type=submit]").ariaDisabled === "false", PATIENCE);
    assert.deepEqual(JSON.parse(upstream.requests[0].body), request);
  }
  await page.click("#stylization-reset");
  assert.equal(await page.$eval("#stylization-value", (output) => output.value), "as the vendor likes");
});

test("a reload loses no task", async (t) => {
  const gateway = await gatewayOnSimulator({ DURATIONS: { fast: 3 } }, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await imagine(page, "a lighthouse");
  await page.waitForSelector(".card.running", PATIENCE);
  await page.reload();
  await page.waitForSelector(".card.running", PATIENCE);
  await pictures(page, 4);
  await page.reload();
  await pictures(page, 4);
});

test("two tabs don't lose each other's tasks", async (t) => {
  const gateway = await gatewayOnSimulator({}, { pages: true });
  const { page } = await pageIn("chromium", t);
  const other = await page.browser().newPage();
  for (const tab of [page, other]) await tab.goto(gateway.url);
  for (const tab of [page, other]) {
    await tab.bringToFront();
    await imagine(tab, "a lighthouse");
    await pictures(tab, 4);
  }
  await page.bringToFront();
  await page.reload();
  await pictures(page, 8);
  await page.click(".card:first-child .forget");
  await page.reload();
  await pictures(page, 4);
});

test("a submit of unknown outcome is shown as possibly billed and isn't sent again", async (t) => {
  const upstream = new Upstream(() => new Response("busy", { status: 502 }));
  const gateway = await gatewayOn(upstream, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await imagine(page, "a lighthouse");
  assert.equal(
    await said(page, "#composer-error"),
    "The server answered HTTP 502; the task may have been created and billed, so it was not sent again.",
  );
  assert.equal(upstream.submits.length, 1);
});

test("the page fits a phone's screen, and its controls are large enough for a finger", async (t) => {
  const gateway = await gatewayOnSimulator({}, { pages: true });
  const { page } = await pageIn("chromium", t, { width: 360, height: 740, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
  await page.goto(gateway.url);
  await imagine(page, "a lighthouse ".repeat(20) + "W".repeat(80));
  await pictures(page, 4);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360, "nothing sticks out");
  const small = await page.$$eval("button, select, .ratios span, .speed span", (controls) =>
    controls.filter((control) => control.offsetParent && control.offsetHeight < 38).map((control) => control.textContent),
  );
  assert.deepEqual(small, [], "everything is large enough for a finger");
  await page.screenshot({ path: `${SHOTS}phone.png`, fullPage: true });
});

test("the page shows the credits left today, and says when they are used up", async (t) => {
  const upstream = new Upstream(({ method }) => envelope({ taskId: "a", ...(method === "GET" && { successFlag: 0 }) }));
  const gateway = await gatewayOn(upstream, { pages: true, vars: { MIDAPI_SESSION_DAILY_CREDITS: "10" } });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  const budget = (text) => page.waitForFunction((text) => document.querySelector("#budget").textContent === text, {}, text);
  await budget("10 of 10 credits left today");
  await imagine(page, "a lighthouse");
  await budget("2 of 10 credits left today");
  await page.screenshot({ path: `${SHOTS}chromium-budget.png` });
  await page.waitForFunction(() => document.querySelector("#composer [type=submit]").ariaDisabled !== "true");
  await imagine(page, "another");
  await page.waitForFunction(() => document.body.textContent.includes("Daily cap: this caller spent 8 of 10 credits today, and this would take 8. Nothing was spent"));
  assert.equal(upstream.submits.length, 1);
  assert.deepEqual(await page.evaluate(() => document.cookie), "", "no script reads the session");
});
