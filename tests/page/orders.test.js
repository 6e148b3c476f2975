/** What the studio sends, and never twice: a person clicks, and what reached the vendor is counted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { BROWSERS, pageIn } from "../support/browsers.js";
import { TOKEN, Upstream, envelope, gatewayOn, gatewayOnSimulator } from "../support/servers.js";
import { PATIENCE, imagine, keepingGateway, order, pictures, said, shot, visible } from "../support/studio.js";

/** A vendor whose tasks are the bodies they were submitted with; `answer` may answer in its place. */
function recording(answer = () => undefined) {
  const bodies = [];
  return new Upstream(async (request) => {
    const special = await answer(request, bodies);
    if (special) return special;
    if (request.method === "POST") return envelope({ taskId: `task-${bodies.push(request.body)}` });
    const taskId = new URL(request.url).searchParams.get("taskId");
    const paramJson = bodies[Number(taskId?.slice(5)) - 1];
    return envelope({ taskId, paramJson, successFlag: 3, errorMessage: "x" });
  });
}

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
  await page.waitForFunction(() => document.querySelector("#composer-error").textContent === "A picture is needed: add one, or a link to one.");
  assert.equal(await page.$eval("[aria-invalid]", (field) => field.name), "fileUrl");
  assert.equal(upstream.requests.length, 0);
  assert.equal((await page.$$(".card")).length, 0);
  assert.deepEqual(problems, []);
});

for (const [speed, latency, delay] of [["quick", 300, 5], ["slow", 0, 150], ["very slow", 0, 400]]) {
  test(`row 16: a ${speed} double click submits once, on Imagine and on Upscale`, (t) => doubleClick(t, latency, delay));
}

async function doubleClick(t, latency, delay) {
  const done = { taskId: "a", successFlag: 1, resultInfoJson: { resultUrls: [{ resultUrl: "http://127.0.0.1:1/a.png" }] } };
  const upstream = new Upstream(async ({ method }) => {
    await pause(latency);
    return envelope(method === "POST" ? { taskId: "a" } : done, { headers: { "Retry-After": "1" } });
  });
  const gateway = await gatewayOn(upstream, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await page.type("#prompt", "a lighthouse");
  const twice = async (selector) => {
    await page.click(selector);
    await pause(delay);
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
  await page.waitForFunction(() => document.querySelector(".card:last-child .upscale").ariaLabel === "Upscale picture 1 again, 3–16 credits", PATIENCE);
  assert.equal(upstream.submits.length, 2);
}

for (const name of BROWSERS) {
  test(`${name}: a reload while a submit is on its way submits once, and shows the task`, async (t) => {
    const upstream = recording(async ({ method }) => {
      if (method === "POST") await pause(1500);
      if (method === "GET") return envelope({ taskId: "task-1", successFlag: 0 }, { headers: { "Retry-After": "60" } });
    });
    const gateway = await gatewayOn(upstream, { pages: true });
    const { page } = await pageIn(name, t);
    await page.goto(gateway.url);
    await imagine(page, "a lighthouse");
    await page.waitForSelector(".card.sending", PATIENCE);
    await pause(300);
    await page.reload();
    await page.waitForSelector(".card.running", PATIENCE);
    await pause(2000);
    assert.equal((await page.$$(".card")).length, 1);
    assert.equal(upstream.submits.length, 1);
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("midapi.order."))), []);
  });
}

test("a submit of unknown outcome is shown as possibly billed, isn't sent again, and can be asked about without paying twice", async (t) => {
  const upstream = new Upstream(() => new Response("busy", { status: 502 }));
  const gateway = await gatewayOn(upstream, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await imagine(page, "a lighthouse");
  const sentence = "The server answered HTTP 502; the task may have been created and billed, so it was not sent again.";
  assert.equal(await said(page, "#composer-error"), sentence);
  assert.equal(await said(page, ".card.unclear .error"), sentence);
  await shot(page, "unclear");
  await page.click(".card .again");
  await pause(500);
  await page.waitForSelector(".card.unclear .again", PATIENCE);
  // A reload asks, too.
  await page.reload();
  await page.waitForSelector(".card.unclear", PATIENCE);
  assert.equal(upstream.submits.length, 1);
});

test("a submit whose answer was lost becomes its task when it is asked about again", async (t) => {
  const gateway = await gatewayOnSimulator({}, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await visible(page, "#ideas");
  // The gateway gets the submit, and the page no answer.
  let lost = 0;
  await page.setRequestInterception(true);
  page.on("request", async (request) => {
    if (!request.url().endsWith("/generate") || lost > 0) return request.continue();
    lost++;
    const Cookie = (await page.browser().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    await fetch(request.url(), { method: "POST", headers: { ...request.headers(), Cookie, Origin: new URL(gateway.url).origin }, body: request.postData() });
    await request.abort();
  });
  await imagine(page, "a lighthouse");
  await page.waitForSelector(".card.unclear .again", PATIENCE);
  assert.equal(lost, 1);
  await page.click(".card.unclear .again");
  await pictures(page, 4);
  assert.equal((await page.$$(".card")).length, 1);
  const { spent } = await page.evaluate(async () => (await (await fetch("/api/v1/usage")).json()).data);
  assert.equal(spent, 8, "paid once");
});

test("using a task again restores every field of its request, here and after a reload", async (t) => {
  const upstream = recording();
  const gateway = await gatewayOn(upstream, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  const plain = { taskType: "mj_txt2img", prompt: "plain", speed: "turbo", aspectRatio: "2:1", version: "6" };
  const styled = { ...plain, taskType: "mj_img2img", prompt: "styled", stylization: 900, variety: 40, weirdness: 700, fileUrl: "https://example.com/a.png" };
  const video = { taskType: "mj_video", prompt: "moves", speed: "fast", aspectRatio: "1:1", version: "7", motion: "low", videoBatchSize: 2, fileUrl: "https://example.com/b.png" };
  const omni = { ...plain, taskType: "mj_omni_reference", prompt: "all", ow: 321, fileUrls: ["https://example.com/a.png", "https://example.com/b.png"] };
  const requests = { plain, styled, moves: video, all: omni };
  await visible(page, "#ideas");
  for (const request of Object.values(requests)) await order(page, request);
  const sent = (at) => {
    const { callBackUrl, ...rest } = JSON.parse(upstream.submits.at(at).body);
    return rest;
  };
  for (let round = 0; round < 2; round++) {
    await page.reload();
    for (const [prompt, request] of Object.entries(requests)) {
      await page.waitForFunction((prompt) => [...document.querySelectorAll(".card h2")].some(({ textContent }) => textContent === prompt), PATIENCE, prompt);
      const before = upstream.submits.length;
      const card = await page.evaluateHandle((prompt) => [...document.querySelectorAll(".card")].findLast((card) => card.querySelector("h2").textContent === prompt), prompt);
      await card.waitForSelector(".reuse");
      await (await card.$(".reuse")).click();
      await page.waitForFunction((prompt) => document.querySelector("#prompt").value === prompt, PATIENCE, prompt);
      await page.click("#composer [type=submit]");
      await page.waitForFunction(() => document.querySelector("#composer [type=submit]").ariaDisabled === "false", PATIENCE);
      assert.equal(upstream.submits.length, before + 1, await page.$eval("#composer-error", ({ textContent }) => textContent));
      assert.deepEqual(sent(-1), request);
    }
  }
  await page.evaluate(() => [...document.querySelectorAll(".card")].find((card) => card.querySelector("h2").textContent === "styled").querySelector(".reuse").click());
  const slider = (text) => page.waitForFunction((text) => document.querySelector("output[for=stylization]").value === text, PATIENCE, text);
  await slider("900");
  await page.click("[data-field=stylization] .reset");
  await slider("as the vendor likes");
});

test("several prompts, one a line, are one task each, with their progress and a table", async (t) => {
  const gateway = await gatewayOnSimulator({ DURATIONS: { fast: 1 } }, { pages: true });
  const { page, problems } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await page.click("#many");
  await page.type("#prompt", "a lighthouse\n\n=a harbour, \"old\"\na storm [sim: fail, message=flagged]");
  await said(page, "#cost", "24 credits");
  await page.click("#composer [type=submit]");
  await pictures(page, 8);
  assert.equal(await said(page, ".batch p", "2 of 3 prompts done · 1 failed"), "2 of 3 prompts done · 1 failed");
  await shot(page, "batch", { fullPage: true });
  await page.reload();
  await said(page, ".batch p", "2 of 3 prompts done · 1 failed");
  await page.evaluate(() => {
    URL.createObjectURL = (blob) => ((globalThis.made = blob.text()), "blob:x");
    HTMLAnchorElement.prototype.click = () => {};
  });
  await page.click(".batch button:nth-of-type(1)");
  await page.waitForFunction(() => globalThis.made, PATIENCE);
  const table = (await page.evaluate(() => globalThis.made)).split("\n");
  assert.equal(table[0], "taskId,taskType,state,prompt,createdAt,completedAt,error,index,url");
  assert.equal(table.length, 1 + 4 + 4 + 1);
  assert.ok(table.some((line) => line.includes(`,succeeded,"'=a harbour, ""old""",`)), "no formula, and quoted");
  assert.ok(table.some((line) => line.includes(",failed,") && line.includes(",flagged,,")));
  assert.deepEqual(problems, []);
});

test("the page shows the credits left today and the price before the click, and says when they are used up", async (t) => {
  const upstream = new Upstream(({ method }) => envelope({ taskId: "a", ...(method === "GET" && { successFlag: 0 }) }));
  const vars = { MIDAPI_SESSION_DAILY_CREDITS: "10", MIDAPI_PRICES: '{"fast": 7, "turbo": [9, 12]}' };
  const gateway = await gatewayOn(upstream, { pages: true, vars });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  const budget = (text) => page.waitForFunction((text) => document.querySelector("#budget").textContent === text, PATIENCE, text);
  await budget("10 of 10 credits left today");
  await said(page, "#cost", "7 credits");
  assert.deepEqual(await page.$$eval("[name=speed] + span small", (all) => all.map(({ textContent }) => textContent)), [
    "3 credits · 2–7 min",
    "7 credits · 30–120 s",
    "9–12 credits · 15–60 s",
  ]);
  await imagine(page, "a lighthouse");
  await budget("3 of 10 credits left today");
  await said(page, "#cost", "7 credits of 3 left");
  await shot(page, "budget");
  await page.waitForFunction(() => document.querySelector("#composer [type=submit]").ariaDisabled !== "true");
  await imagine(page, "another");
  await page.waitForFunction(() => document.body.textContent.includes("Daily cap: this caller spent 7 of 10 credits today, and this would take 7. Nothing was spent"));
  assert.equal(upstream.submits.length, 1);
  assert.deepEqual(await page.evaluate(() => document.cookie), "", "no script reads the session");
});

test("a 402 of the vendor's is said where the prompt is", async (t) => {
  const gateway = await gatewayOnSimulator({}, { pages: true });
  const { page, problems } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await imagine(page, "a storm [sim: code=402]");
  assert.equal(await said(page, "#composer-error"), "The account behind this page is out of credits.");
  assert.deepEqual(problems.filter((problem) => !problem.includes("402")), []);
});

test("an order without an answer stays one when asking meets a refusal, and is nobody else's", async (t) => {
  const upstream = new Upstream(() => new Response("busy", { status: 502 }));
  const gateway = await gatewayOn(upstream, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await imagine(page, "a lighthouse");
  await page.waitForSelector(".card.unclear .again", PATIENCE);
  await page.setRequestInterception(true);
  let refusal = '{"code":429,"msg":"too many requests by this network address"}';
  page.on("request", (request) => {
    if (refusal && request.url().endsWith("/generate")) {
      return request.respond({ status: 429, contentType: "application/json", headers: { "Retry-After": "0" }, body: refusal });
    }
    return request.continue();
  });
  await page.click(".card .again");
  await said(page, ".card.unclear .error", "Too many requests");
  assert.equal((await page.$$(".card.unclear .again")).length, 1);
  refusal = undefined;
  // As the owner of a token one is somebody else: what the browser ordered isn't ordered once more.
  await page.click("#account-button");
  await visible(page, "#token");
  await page.type("#token", TOKEN);
  await Promise.all([page.waitForNavigation(PATIENCE), page.keyboard.press("Enter")]);
  await said(page, "#budget", "100,000 of 100,000");
  await visible(page, "#ideas");
  assert.equal((await page.$$(".card")).length, 0);
  assert.equal(upstream.submits.length, 1);
});

test("a picture that can't be uploaded isn't left out: nothing is sent, and the field says why", async (t) => {
  const gateway = await keepingGateway({ DURATIONS: { fast: 60 } });
  const { page } = await pageIn("chromium", t);
  const submits = [];
  page.on("request", (request) => request.url().endsWith("/generate") && submits.push(JSON.parse(request.postData())));
  await page.goto(gateway.url);
  await said(page, "#budget", "1,000");
  await page.type("#prompt", "in oil");
  await page.evaluate(() => {
    const files = new DataTransfer();
    files.items.add(new File([Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 73, 72, 68, 82)], "good.png", { type: "image/png" }));
    files.items.add(new File(["<svg/>"], "bad.png", { type: "image/png" }));
    dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
    document.querySelector("#composer").requestSubmit();
  });
  assert.equal(await said(page, "#composer-error", "PNG"), "The picture must be a PNG, JPEG or WebP picture.");
  assert.equal(submits.length, 0);
  assert.equal((await page.$$("#references li")).length, 1, "the other is there still");
  await page.waitForFunction(() => document.querySelector("#composer [type=submit]").ariaDisabled === "false", PATIENCE);
  await page.click("#composer [type=submit]");
  await page.waitForSelector(".card.running", PATIENCE);
  const [{ taskType, fileUrl }] = submits;
  assert.equal(taskType, "mj_img2img", "whoever adds a picture wants something made of it");
  assert.match(fileUrl, /\/uploads\//);
});

test("of several prompts those stay in the form that cost nothing", async (t) => {
  const gateway = await gatewayOnSimulator({}, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await page.click("#many");
  await page.type("#prompt", `a lighthouse\n${"x".repeat(2001)}`);
  await page.click("#composer [type=submit]");
  assert.equal(await said(page, "#composer-error"), "Line 2: prompt: must be at most 2000 characters, and is 2001.");
  assert.equal((await page.$$(".card, .batch")).length, 0, "none is sent before all are right");
  await page.$eval("#prompt", (input) => (input.value = ""));
  await page.type("#prompt", "a lighthouse\na storm [sim: code=402]\na harbour");
  assert.equal(await page.$eval("#composer-error", ({ textContent }) => textContent), "", "what was wrong may be right now");
  await page.click("#composer [type=submit]");
  assert.equal(await said(page, "#composer-error"), "The account behind this page is out of credits.");
  assert.equal(await page.$eval("#prompt", ({ value }) => value), "a storm [sim: code=402]");
  await pictures(page, 8);
  await said(page, ".batch p", "2 of 3 prompts done · 1 failed");
});

test("a link that was typed, and not yet taken, is taken by the first click on Imagine", async (t) => {
  const upstream = recording(({ method }) => method === "GET" && envelope({ taskId: "task-1", successFlag: 0 }, { headers: { "Retry-After": "60" } }));
  const gateway = await gatewayOn(upstream, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await page.type("#prompt", "in oil");
  await page.select("[name=taskType]", "mj_img2img");
  await visible(page, "#reference-link");
  await page.type("#reference-link", "https://example.com/a.png");
  await page.click("#composer [type=submit]");
  await page.waitForSelector(".card.running", PATIENCE);
  assert.equal(JSON.parse(upstream.submits[0].body).fileUrl, "https://example.com/a.png");
});

test("an upscale without an answer stays unclear when its picture's task is gone", async (t) => {
  const done = { successFlag: 1, resultInfoJson: { resultUrls: [{ resultUrl: "http://127.0.0.1:1/a.png" }] } };
  const upstream = recording(({ method, url }) => {
    if (url.endsWith("pscale")) return new Response("busy", { status: 502 });
    return envelope({ taskId: "task-1", ...(method === "GET" && done) }, { headers: { "Retry-After": "1" } });
  });
  const gateway = await gatewayOn(upstream, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await imagine(page, "a lighthouse");
  await page.waitForSelector(".upscale", PATIENCE);
  await page.click(".upscale");
  await page.waitForSelector(".card.unclear .again", PATIENCE);
  await page.click(".card.succeeded .remove");
  await visible(page, "#question");
  await page.click("#question [value=yes]");
  await page.waitForFunction(() => !document.querySelector(".card.succeeded"), PATIENCE);
  // The gateway finds the picture before the key, and there is none: that says nothing of the order.
  await page.click(".card.unclear .again");
  await said(page, ".card.unclear .error", "The record does not exist");
  assert.equal((await page.$$(".card.unclear .again")).length, 1);
  const submits = upstream.submits.filter(({ url }) => url.endsWith("pscale"));
  assert.equal(submits.length, 1);
});
