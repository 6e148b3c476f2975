/** That everybody can use the studio: in every state, at every size, by the keyboard alone. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { pageIn } from "../support/browsers.js";
import { gatewayOnSimulator } from "../support/servers.js";
import { PATIENCE, imagine, keepingGateway, pictures, said, setOnline, shot, visible } from "../support/studio.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe has against the page as it is, of WCAG 2.2 AA and of what is good practice. */
async function complaints(page) {
  if (!(await page.evaluate("typeof axe !== 'undefined'"))) await page.evaluate(AXE);
  // What fades in is judged when it is there.
  await page.evaluate(() => Promise.all(document.getAnimations().filter(({ effect }) => effect.getTiming().iterations < 10).map(({ finished }) => finished.catch(() => {}))));
  const { violations } = await page.evaluate((values) => axe.run({ runOnly: { type: "tag", values } }), RULES);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 150)} ${failureSummary}`).join("\n")}`);
}

for (const theme of ["dark", "light"]) {
  test(`axe has nothing against any state of the page, in the ${theme} theme`, async (t) => {
    const gateway = await keepingGateway({ DURATIONS: { fast: 2 } });
    const { page } = await pageIn("chromium", t);
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
    await page.goto(gateway.url);
    const fine = async (state) => {
      await shot(page, `${theme}-${state}`);
      assert.deepEqual(await complaints(page), [], state);
    };
    await visible(page, "#ideas");
    await said(page, "#cost", "8 credits");
    await fine("1-empty");
    await page.click("#composer [type=submit]");
    await said(page, "#composer-error");
    await fine("2-error");
    await page.type("#prompt", "a castle --ar 1:1");
    await said(page, ".warnings[data-for=prompt]");
    await page.select("[name=taskType]", "mj_video");
    await visible(page, "#reference-link");
    await page.type("#reference-link", "https://example.com/a.png");
    await page.keyboard.press("Enter");
    await fine("3-warning-and-references");
    await page.select("[name=taskType]", "mj_txt2img");
    await page.click("#many");
    await page.$eval("#prompt", (input) => (input.value = ""));
    await page.type("#prompt", "a castle at dusk\na storm [sim: seconds=1, fail, message=flagged by a filter]");
    await page.click("#composer [type=submit]");
    await page.waitForSelector(".card.running", PATIENCE);
    await fine("4-running");
    await page.waitForSelector(".card.failed", PATIENCE);
    await pictures(page, 4);
    await fine("5-done-and-failed");
    await page.click(".card.succeeded .tile");
    await visible(page, "#viewer");
    await page.waitForFunction("document.querySelector('#viewer .picture img').naturalWidth > 0", PATIENCE);
    await fine("6-viewer");
    await page.keyboard.press("Escape");
    await page.click(".card .remove");
    await visible(page, "#question");
    await fine("7-question");
    await page.keyboard.press("Escape");
    await page.click("#account-button");
    await visible(page, "#sign-in");
    await fine("8-account");
    await page.keyboard.press("Escape");
    await page.click('nav a[href="#library"]');
    await page.waitForSelector("#grid img", PATIENCE);
    await fine("9-library");
    await page.click("#select");
    for (const item of [1, 2]) await page.click(`#grid li:not(.failed):nth-of-type(${item + 1}) .tile`);
    await fine("a-selected");
    await page.click("#compare-selected");
    await visible(page, "#compare");
    await fine("b-compare");
    await page.keyboard.press("Escape");
    await setOnline(page, false);
    await visible(page, "#banner");
    await fine("c-offline");
  });
}

const SCREENS = [["chromium", 320, 640], ["chromium", 360, 740], ["chromium", 1024, 700], ["chromium", 3840, 2160], ["firefox", 360, 740]];
for (const [name, width, height] of SCREENS) {
  test(`${name}: the page fits a screen ${width} wide, and its controls are large enough for a finger`, async (t) => {
    const gateway = await gatewayOnSimulator({}, { pages: true });
    const isPhone = width < 500;
    // Firefox's driver plays no phone.
    const phone = name === "chromium" && { deviceScaleFactor: isPhone ? 2 : 1, isMobile: isPhone, hasTouch: isPhone };
    const { page } = await pageIn(name, t, { width, height, ...phone });
    await page.goto(gateway.url);
    const fits = async (state) => {
      // A scroll bar may take a part of it.
      const [content, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(content === room && content <= width, `${state}: nothing sticks out, ${content} in ${room} of ${width}`);
      const small = await page.$$eval("button, select, a.button, .choices label, #pick", (controls) =>
        controls.filter((control) => control.checkVisibility() && control.getBoundingClientRect().height < 38).map((control) => control.outerHTML.slice(0, 80)),
      );
      assert.deepEqual(small, [], `${state}: everything is large enough for a finger`);
      await shot(page, `${name}-${width}-${state}`);
    };
    await visible(page, "#ideas");
    await page.click('[data-field="stylization"] input');
    await fits("form");
    await imagine(page, "a lighthouse ".repeat(20) + "W".repeat(80));
    await pictures(page, 4);
    await page.$eval("#feed", (feed) => feed.scrollIntoView());
    await fits("four");
    await page.click(".card .tile");
    await visible(page, "#viewer");
    await fits("viewer");
    const panel = await page.$eval("#viewer", ({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
    assert.ok(panel <= 0, "nor in the large view");
    await page.click("#viewer .close");
    await page.click('nav a[href="#library"]');
    await page.waitForSelector("#grid img", PATIENCE);
    await page.click("#select");
    await fits("library");
  });
}

test("a swipe shows the next picture, and the one before", async (t) => {
  const gateway = await gatewayOnSimulator({}, { pages: true });
  const { page } = await pageIn("chromium", t, { width: 390, height: 844, isMobile: true, hasTouch: true });
  await page.goto(gateway.url);
  await imagine(page, "a lighthouse");
  await pictures(page, 4);
  await page.click(".card .tile");
  await visible(page, "#viewer");
  const swipe = async (from, to) => {
    const touch = await page.touchscreen.touchStart(from, 300);
    for (const x of [from, (from + to) / 2, to]) await touch.move(x, 300);
    await touch.end();
    return page.$eval("#viewer", ({ ariaLabel }) => ariaLabel);
  };
  assert.equal(await swipe(300, 100), "Picture 2");
  assert.equal(await swipe(300, 100), "Picture 3");
  assert.equal(await swipe(100, 300), "Picture 2");
});

test("by the keyboard alone: a prompt, its pictures, an upscale, and the focus is where it was", async (t) => {
  const gateway = await gatewayOnSimulator({}, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await visible(page, "#ideas");
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.ariaLabel || document.activeElement.textContent);
  assert.equal(await focused(), "prompt");
  await page.keyboard.type("a lighthouse");
  await page.keyboard.down("Control");
  await page.keyboard.press("Enter");
  await page.keyboard.up("Control");
  await pictures(page, 4);
  assert.equal(await focused(), "prompt", "what comes doesn't take the focus away");
  const tabTo = async (wanted) => {
    for (let times = 0; times < 60; times++) {
      if ((await focused()) === wanted) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`no way to ${wanted}`);
  };
  await tabTo("View picture 3");
  await page.keyboard.press("Enter");
  await visible(page, "#viewer");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !location.hash.startsWith("#task/"), PATIENCE);
  await page.waitForFunction(() => document.activeElement.ariaLabel === "View picture 3", PATIENCE);
  await tabTo("Upscale picture 3, 3–16 credits");
  await page.keyboard.press("Enter");
  await pictures(page, 5);
  assert.equal(await focused(), "Upscale picture 3 again, 3–16 credits");
});

test("nothing moves by itself while the page loads and a task runs", async (t) => {
  const gateway = await gatewayOnSimulator({ DURATIONS: { fast: 2 } }, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await imagine(page, "a lighthouse");
  await pictures(page, 4);
  await page.evaluateOnNewDocument(() => {
    globalThis.shifts = [];
    new PerformanceObserver((list) => shifts.push(...list.getEntries().filter(({ hadRecentInput }) => !hadRecentInput).map(({ value }) => value))).observe({ type: "layout-shift", buffered: true });
  });
  await page.reload();
  await pictures(page, 4);
  await imagine(page, "a harbour");
  await page.waitForSelector(".card.running", PATIENCE);
  await page.$eval("#prompt", (input) => input.blur());
  await pictures(page, 8);
  const shifts = await page.evaluate("shifts");
  const sum = shifts.reduce((all, value) => all + value, 0);
  t.diagnostic(`layout shift: ${sum.toFixed(4)}`);
  assert.ok(sum < 0.05, `${shifts}`);
});

test("what is deleted or closed leaves the focus at what is next, and words are seen above the large view", async (t) => {
  const gateway = await keepingGateway();
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  for (const [number, prompt] of ["a lighthouse", "a harbour"].entries()) {
    await imagine(page, prompt);
    await pictures(page, 4 * (number + 1));
    await page.waitForFunction(() => document.querySelector("#composer [type=submit]").ariaDisabled === "false", PATIENCE);
  }
  const inCard = () => page.evaluate(() => document.activeElement.closest(".card, #prompt")?.textContent.slice(0, 200) ?? document.activeElement.id);
  await page.click(".card:first-child .remove");
  await page.click("#question [value=yes]");
  await page.waitForFunction(() => document.querySelectorAll(".card").length === 1, PATIENCE);
  assert.match(await inCard(), /a lighthouse/);

  // From the large view, too, and the address is what it was.
  await page.evaluate(() => (navigator.clipboard.writeText = async () => {}));
  await page.click(".card .tile");
  await visible(page, "#viewer");
  await page.evaluate(() => [...document.querySelectorAll("#viewer .use button")].find(({ textContent }) => textContent === "Copy prompt").click());
  const toast = await visible(page, "#viewer #toasts p");
  assert.equal(await toast.evaluate(({ textContent }) => textContent), "The prompt is copied.");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !location.hash.startsWith("#task/"), PATIENCE);
  await page.click(".card .tile");
  await visible(page, "#viewer");
  await page.goBack();
  await page.waitForSelector("#viewer", { hidden: true, ...PATIENCE });
  await page.click(".card .tile");
  await visible(page, "#viewer");
  await page.click("#viewer .use .bad");
  await page.click("#question [value=yes]");
  await page.waitForSelector("#viewer", { hidden: true, ...PATIENCE });
  await page.waitForFunction(() => document.activeElement !== document.body, PATIENCE);
  await visible(page, "#ideas");
});
