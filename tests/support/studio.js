/** The studio, as a person uses it. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createServer, connect } from "node:net";
import { fileURLToPath } from "node:url";
import { freePort } from "../../tools/platform.js";
import { gatewayOnSimulator } from "./servers.js";

export const PATIENCE = { timeout: 30_000 };
const SHOTS = fileURLToPath(new URL("../../build/screenshots/", import.meta.url));
mkdirSync(SHOTS, { recursive: true });

export const shot = (page, name, options) => page.screenshot({ path: `${SHOTS}${name}.png`, ...options });

/** Writes a prompt in place of what is there, and clicks Imagine. */
export async function imagine(page, prompt) {
  await page.$eval("#prompt", (input) => (input.value = ""));
  await page.type("#prompt", prompt);
  await page.click("#composer [type=submit]");
}

/** Submits a request from the page's own session, as its other devices would; returns the task's id. */
export const order = (page, request) =>
  page.evaluate(async (request) => {
    const headers = { "Content-Type": "application/json" };
    const answer = await (await fetch("/api/v1/mj/generate", { method: "POST", headers, body: JSON.stringify(request) })).json();
    if (answer.code !== 200) throw new Error(answer.msg);
    return answer.data.taskId;
  }, request);

const SIZES = "[...document.querySelectorAll('#feed img')].map((image) => image.naturalWidth)";

/** The widths of the pictures in the feed, in their order, once there are so many and all of them are decoded. */
export async function pictures(page, count) {
  await page.waitForFunction(`${SIZES}.length === ${count} && ${SIZES}.every((width) => width > 0)`, PATIENCE);
  return page.evaluate(SIZES);
}

/** Waits until an element says something, or this. */
export async function said(page, selector, part = "") {
  const says = (selector, part) => {
    const text = document.querySelector(selector)?.textContent;
    return text && text.includes(part);
  };
  await page.waitForFunction(says, PATIENCE, selector, part);
  return page.$eval(selector, (element) => element.textContent);
}

export const visible = (page, selector) => page.waitForSelector(selector, { visible: true, ...PATIENCE });

/** A gateway that the simulator calls back, and that keeps the results. */
export async function keepingGateway(vars, options) {
  const port = await freePort();
  return gatewayOnSimulator(vars, { pages: true, port, ...options, vars: { MIDAPI_PUBLIC_URL: `http://127.0.0.1:${port}`, ...options?.vars } });
}

/** A way to a gateway that can be cut, as a network can: `url` is where it begins. */
export async function cuttable(t, port) {
  const sockets = new Set();
  let isCut = false;
  const keep = (socket) => {
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
    return socket;
  };
  let target;
  const server = createServer((socket) => {
    keep(socket);
    if (isCut) return socket.destroy();
    socket.pipe(keep(connect(target, "127.0.0.1"))).pipe(socket);
  });
  await new Promise((ready) => server.listen(port, "127.0.0.1", ready));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    leadTo: (url) => (target = Number(new URL(url).port)),
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend: () => (isCut = false),
  };
}

/** Tells a page that the network is gone, or back, as a browser does. */
export const setOnline = (page, isOnline) =>
  page.evaluate((isOnline) => {
    Object.defineProperty(navigator, "onLine", { configurable: true, get: () => isOnline });
    dispatchEvent(new Event(isOnline ? "online" : "offline"));
  }, isOnline);

/** Notes what a page breaks of its own policy; the list grows as it happens. */
export async function violationsOf(page) {
  await page.evaluateOnNewDocument(() => {
    globalThis.violations = [];
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => violations.push(`${violatedDirective} ${blockedURI}`));
  });
  return () => page.evaluate(() => globalThis.violations ?? []);
}

export async function noneOf(page, selector) {
  assert.equal((await page.$$(selector)).length, 0, selector);
}
