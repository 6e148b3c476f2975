/** Takes the pictures of the documentation from the real page, on the simulator. */
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";
import { freePort, startGateway, startSimulator } from "./platform.js";

const FOLDER = fileURLToPath(new URL("../docs/images/", import.meta.url));
const PROMPTS = [
  ["An endless ocean under a winter sky, minimal, soft light", "16:9"],
  ["A lighthouse in a storm, long exposure", "2:3"],
  ["A harbour at dawn, fog over the water", "3:2"],
  ["A futuristic cityscape with flying cars and neon lights", "1:1"],
  ["A majestic ancient castle on a misty mountain peak, golden sunset light", "16:9"],
];
const PATIENCE = { timeout: 60_000 };

const port = await freePort();
const durations = JSON.stringify({ relaxed: 1, fast: 1, turbo: 1, upscale: 1, video: 1 });
const simulator = await startSimulator({ vars: { DURATIONS: durations } });
const gateway = await startGateway({
  port,
  pages: true,
  vars: {
    MIDAPI_API_KEY: "a-key-of-mine",
    MIDAPI_UPSTREAM_URL: simulator.url,
    MIDAPI_PUBLIC_URL: `http://127.0.0.1:${port}`,
    MIDAPI_SESSION_SECRET: "a-secret-of-the-pictures-0123456789abcdef",
    MIDAPI_SESSION_DAILY_CREDITS: "200",
    MIDAPI_DAILY_CREDITS: "1000",
  },
  onLine: () => {},
});
const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM ?? "chromium", args: ["--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1360, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  await page.goto(gateway.url);
  await page.waitForSelector("#ideas", { visible: true, ...PATIENCE });
  const areShown = (selector) => page.waitForFunction((selector) => [...document.querySelectorAll(selector)].every(({ naturalWidth }) => naturalWidth > 0), PATIENCE, selector);
  for (const [number, [prompt, ratio]] of PROMPTS.entries()) {
    await page.$eval("#prompt", (input) => (input.value = ""));
    await page.type("#prompt", prompt);
    await page.click(`input[value="${ratio}"]`);
    await page.click("#composer [type=submit]");
    await page.waitForFunction((count) => document.querySelectorAll("#feed img").length === count, PATIENCE, 4 * (number + 1));
    console.log(`pictures: ${number + 1} of ${PROMPTS.length} prompts`);
  }
  await page.waitForFunction(() => [...document.querySelectorAll("#feed img")].every(({ src }) => src.includes("/files/")), PATIENCE);
  await areShown("#feed img");
  const take = async (name) => {
    // What fades in is there, and nothing has the focus.
    await page.evaluate(() => document.activeElement.blur());
    await new Promise((resolve) => setTimeout(resolve, 800));
    await page.screenshot({ path: `${FOLDER}${name}.webp`, type: "webp", quality: 82 });
    console.log(`pictures: docs/images/${name}.webp`);
  };
  await take("create");
  await page.click("#feed figure:nth-child(1) .upscale");
  await page.waitForFunction(() => document.querySelectorAll("#feed img").length === 21, PATIENCE);
  await page.click("#feed .card:nth-child(2) figure:nth-child(1) .tile");
  await page.waitForSelector("#viewer .lineage img", PATIENCE);
  await areShown("#viewer img");
  await take("viewer");
  await page.keyboard.press("Escape");
  await page.click('nav a[href="#library"]');
  await page.waitForFunction(() => document.querySelectorAll("#grid img").length === 21, PATIENCE);
  await areShown("#grid img");
  await take("library");
} finally {
  await browser.close();
  await gateway.stop();
  await simulator.stop();
}
