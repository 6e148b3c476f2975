/** The library: everything the caller made. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BROWSERS, pageIn } from "../support/browsers.js";
import { gatewayOnSimulator } from "../support/servers.js";
import { PATIENCE, imagine, keepingGateway, order, pictures, said, shot, visible } from "../support/studio.js";

/** Submits these prompts, and has each looked at. */
async function orderAll(page, prompts) {
  for (const prompt of prompts) {
    const taskId = await order(page, { taskType: "mj_txt2img", prompt, speed: "fast" });
    await page.evaluate((taskId) => fetch(`/api/v1/mj/record-info?taskId=${taskId}`).then(({ ok }) => ok), taskId);
  }
}

const items = (page, count) => page.waitForFunction((count) => document.querySelectorAll("#grid li").length === count, PATIENCE, count);

for (const name of BROWSERS) {
  test(`${name}: the library is searched, filtered, opened, compared, and what is deleted is gone`, async (t) => {
    const gateway = await gatewayOnSimulator({}, { pages: true });
    const { page, problems } = await pageIn(name, t);
    await page.goto(gateway.url);
    await visible(page, "#ideas");
    await orderAll(page, ["a lighthouse", "a harbour", "a storm [sim: fail, message=flagged]"]);
    await page.click('nav a[href="#library"]');
    await items(page, 9);
    await page.waitForFunction("[...document.querySelectorAll('#grid img')].slice(0, 8).every(({ naturalWidth }) => naturalWidth > 0)", PATIENCE);
    await shot(page, `${name}-library`);
    assert.equal(await said(page, "#grid .failed b"), "Failed");
    await page.type("#filter [name=prompt]", "HARB");
    await items(page, 4);
    await page.$eval("#filter [name=prompt]", (input) => (input.value = ""));
    await page.select("#filter [name=state]", "failed");
    await items(page, 1);
    await page.select("#filter [name=taskType]", "mj_video");
    await items(page, 0);
    assert.equal(await said(page, "#more", "Nothing like that."), "Nothing like that.");
    await page.select("#filter [name=taskType]", "");
    await page.select("#filter [name=state]", "");
    await items(page, 9);

    // Large, and on through the whole library.
    await page.click("#grid li:nth-child(2) .tile");
    await visible(page, "#viewer");
    assert.equal(await page.$eval("#viewer h2", ({ textContent }) => textContent), "a harbour");
    for (let times = 0; times < 4; times++) await page.keyboard.press("ArrowRight");
    assert.equal(await page.$eval("#viewer h2", ({ textContent }) => textContent), "a lighthouse");
    await page.goBack();
    await page.waitForSelector("#viewer", { hidden: true, ...PATIENCE });

    await page.click("#select");
    await page.click("#grid li:nth-child(2) .tile");
    await page.click("#grid li:nth-child(6) .tile");
    assert.equal(await said(page, "#selected"), "2 selected");
    await page.click("#compare-selected");
    await visible(page, "#compare");
    await page.focus("#divide");
    await page.keyboard.press("Home");
    assert.equal(await page.$eval("#compare", ({ style }) => style.getPropertyValue("--divide")), "0%");
    await shot(page, `${name}-compare`);
    await page.keyboard.press("Escape");
    await page.click("#remove-selected");
    assert.match(await said(page, "#question-text"), /^Delete 2 tasks with all 8 files, for good\?$/);
    await page.click("#question [value=yes]");
    await items(page, 1);
    await page.reload();
    await items(page, 1);
    assert.deepEqual(problems, []);
  });
}

test("pictures are compared from the large view, too: the other one is chosen in the library", async (t) => {
  const gateway = await gatewayOnSimulator({}, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await imagine(page, "a lighthouse");
  await pictures(page, 4);
  await page.click(".card .tile");
  await visible(page, "#viewer");
  const compare = await page.evaluateHandle(() => [...document.querySelectorAll("#viewer .use button")].find(({ textContent }) => textContent.startsWith("Compare")));
  await compare.click();
  await items(page, 4);
  assert.equal(await said(page, "#selected"), "Choose the picture to compare with");
  await page.click("#grid li:nth-child(3) .tile");
  await visible(page, "#compare");
  const alts = await page.$$eval("#compare img", (images) => images.map(({ alt }) => alt));
  assert.deepEqual(alts, ["a lighthouse, picture 1", "a lighthouse, picture 3"]);
});

test("pictures are downloaded as one zip, and a link that is shared shows one to anybody", async (t) => {
  const gateway = await keepingGateway();
  const { page, problems } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await imagine(page, "a lighthouse");
  await page.waitForFunction("[...document.querySelectorAll('#feed img')].filter(({ src }) => src.includes('/files/')).length === 4", PATIENCE);
  await page.click(".card .tile");
  await visible(page, "#viewer");
  await page.evaluate(() => {
    URL.createObjectURL = (blob) => ((globalThis.made = blob.arrayBuffer()), "blob:x");
    HTMLAnchorElement.prototype.click = () => {};
    navigator.clipboard.writeText = async (text) => (globalThis.copied = text);
  });
  const use = async (text) => (await page.evaluateHandle((text) => [...document.querySelectorAll("#viewer .use *")].find(({ textContent }) => textContent === text), text)).click();
  await use("Download all as zip");
  await page.waitForFunction(() => globalThis.made, PATIENCE);
  const bytes = Buffer.from(await page.evaluate(async () => [...new Uint8Array(await globalThis.made)]));
  assert.equal(bytes.subarray(0, 4).toString("latin1"), "PK\x03\x04");
  const names = new Set(bytes.toString("latin1").match(/[\w-]{32}-\d\.png/g));
  assert.equal(names.size, 4, [...names].join());
  await use("Share link");
  const link = await page.waitForFunction(() => globalThis.copied, PATIENCE).then((handle) => handle.jsonValue());
  // Without the session's cookie.
  assert.equal((await fetch(link)).headers.get("Content-Type"), "image/png");
  await use("Copy prompt");
  await page.waitForFunction(() => globalThis.copied === "a lighthouse", PATIENCE);
  const href = await page.$eval("#viewer .use a", ({ href }) => href);
  assert.match((await fetch(href)).headers.get("Content-Disposition"), /^attachment/);
  assert.deepEqual(problems, []);
});

test("125 tasks with 500 pictures come as one scrolls, each once", async (t) => {
  const gateway = await gatewayOnSimulator({}, { pages: true, vars: { MIDAPI_SESSION_DAILY_CREDITS: "1000" } });
  const { page, problems } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await visible(page, "#ideas");
  await orderAll(page, Array.from({ length: 125 }, (_, number) => `picture ${number}`));
  const pages = [];
  page.on("request", (request) => request.url().includes("/tasks?") && pages.push(request.url()));
  await page.click('nav a[href="#library"]');
  await page.waitForSelector("#grid li", PATIENCE);
  assert.ok(pages.length <= 2, "not all at once");
  const scroll = () =>
    page.evaluate(async () => {
      scrollTo(0, 0);
      const tasks = [];
      const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
      observer.observe({ type: "longtask" });
      const isOver = () => document.querySelectorAll("#grid li").length >= 500 && scrollY + innerHeight >= document.body.scrollHeight - 1;
      for (let step = 0; step < 800 && !isOver(); step++) {
        scrollBy(0, 200);
        await new Promise(requestAnimationFrame);
        await new Promise((done) => setTimeout(done, 10));
      }
      observer.disconnect();
      return `${tasks.length} long tasks, the longest of ${Math.max(0, ...tasks.map(({ duration }) => duration)).toFixed(0)} ms`;
    });
  t.diagnostic(`scrolling while the pictures are drawn by the simulator and loaded: ${await scroll()}`);
  await items(page, 500);
  assert.equal(pages.length, 4);
  const names = await page.$$eval("#grid .tile", (tiles) => tiles.map(({ ariaLabel }) => ariaLabel));
  assert.equal(new Set(names).size, 500);
  // What the first time rushed past is loaded by now, or the next time.
  await scroll();
  t.diagnostic(`scrolling through 500 pictures that are there: ${await scroll()}`);
  await shot(page, "library-500");
  assert.deepEqual(problems, []);
});

test("a list that fails says so and is tried again; another search forgets what was selected", async (t) => {
  const gateway = await gatewayOnSimulator({}, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await visible(page, "#ideas");
  await orderAll(page, ["a lighthouse", "a harbour"]);
  let isDown = true;
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const down = isDown && request.url().includes("/tasks?");
    return down ? request.respond({ status: 403, contentType: "application/json", body: '{"code":403,"msg":"no"}' }) : request.continue();
  });
  await page.click('nav a[href="#library"]');
  assert.match(await said(page, "#more", "Try again"), /^The gateway doesn't let this page in\. .* Try again$/);
  isDown = false;
  await page.click("#more button");
  await items(page, 8);
  await page.click("#select");
  await page.click("#grid li:nth-child(1) .tile");
  assert.equal(await said(page, "#selected"), "1 selected");
  await page.type("#filter [name=prompt]", "light");
  await items(page, 4);
  assert.equal(await said(page, "#selected"), "0 selected");
  assert.equal(await page.$eval("#remove-selected", ({ disabled }) => disabled), true);
});
