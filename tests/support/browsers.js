/** The real browsers the pages are tested in. `cargo xtask test` finds them and names them in the environment. */
import puppeteer from "puppeteer-core";

const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const LAUNCH = {
  chromium: () => ({ browser: "chrome", executablePath: process.env.CHROMIUM ?? "chromium", args: CHROMIUM_FLAGS }),
  firefox: () => ({ browser: "firefox", executablePath: process.env.FIREFOX ?? "firefox-esr" }),
};

export const BROWSERS = Object.keys(LAUNCH);

/** A page in a fresh browser that ends with the test; `problems` collects what the page's console complains of. */
export async function pageIn(name, t, viewport = { width: 1200, height: 900 }) {
  const browser = await puppeteer.launch({ ...LAUNCH[name](), headless: true });
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.setViewport(viewport);
  const problems = [];
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  return { page, problems };
}
