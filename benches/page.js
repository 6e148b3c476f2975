/** The studio by Lighthouse, on a desktop and on a phone, and what it transfers until it can be used; served compressed, as Cloudflare does. */
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { brotliCompressSync } from "node:zlib";
import lighthouse, { desktopConfig } from "lighthouse";
import puppeteer from "puppeteer-core";
import { freePort, startGateway, startSimulator } from "../tools/platform.js";
import { say, table } from "./stub.js";

/** Of so many runs the middle one counts. */
const RUNS = 5;
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];
const COMPRESSED = /^(text\/|application\/(javascript|json|wasm)|image\/svg)/;

const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const simulator = await startSimulator();
const gateway = await startGateway({
  vars: {
    MIDAPI_API_KEY: "a-key-of-mine",
    MIDAPI_UPSTREAM_URL: simulator.url,
    MIDAPI_SESSION_ORIGINS: url,
    MIDAPI_SESSION_SECRET: "a-secret-of-the-bench-0123456789abcdef",
    MIDAPI_DAILY_CREDITS: "1000",
  },
  limits: { SUBMIT_LIMIT: 1e9, READ_LIMIT: 1e9 },
  onLine: () => {},
});
const compressed = new Map();
const edge = createServer(async (request, response) => {
  const { host, connection, ...headers } = request.headers;
  const answer = await fetch(gateway.url + request.url, { method: request.method, headers: { ...headers, "accept-encoding": "identity" }, redirect: "manual" });
  const sent = Object.fromEntries(answer.headers);
  if (answer.headers.has("set-cookie")) sent["set-cookie"] = answer.headers.getSetCookie();
  if (!COMPRESSED.test(sent["content-type"] ?? "") || sent["content-type"].includes("event-stream")) {
    response.writeHead(answer.status, sent);
    return answer.body ? Readable.fromWeb(answer.body).pipe(response) : response.end();
  }
  const body = Buffer.from(await answer.arrayBuffer());
  const key = body.toString("base64");
  if (!compressed.has(key)) compressed.set(key, brotliCompressSync(body));
  response.writeHead(answer.status, { ...sent, "content-encoding": "br", "content-length": compressed.get(key).length });
  response.end(compressed.get(key));
});
await new Promise((ready) => edge.listen(port, "127.0.0.1", ready));

const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM ?? "chromium", args: ["--no-sandbox", "--disable-gpu"] });
const debugPort = Number(new URL(browser.wsEndpoint()).port);
const rows = [];
for (const [name, config] of [["desktop", desktopConfig], ["phone", undefined]]) {
  const runs = [];
  while (runs.length < RUNS) {
    const { lhr } = await lighthouse(url, { port: debugPort, onlyCategories: CATEGORIES, logLevel: "error" }, config);
    const scores = CATEGORIES.map((category) => Math.round(lhr.categories[category].score * 100));
    const { "largest-contentful-paint": paint, "total-blocking-time": blocked, "cumulative-layout-shift": shift, "total-byte-weight": bytes } = lhr.audits;
    runs.push([...scores, Math.round(paint.numericValue), Math.round(blocked.numericValue), shift.numericValue.toFixed(3), (bytes.numericValue / 1024).toFixed(0)]);
    say(`page, ${name}: run ${runs.length} of ${RUNS}: ${scores.join(", ")}`);
    if (process.env.WHY) {
      for (const audit of Object.values(lhr.audits)) if (audit.score !== null && audit.score < 0.9) say(`  ${audit.id}: ${audit.score} ${audit.displayValue ?? ""}`);
    }
  }
  runs.sort(([one], [other]) => one - other);
  rows.push([name, ...runs[Math.floor(RUNS / 2)]]);
}
await browser.close();
edge.closeAllConnections();
edge.close();
await gateway.stop();
await simulator.stop();

console.log(`## The studio, by Lighthouse

The built page on a gateway, compressed by brotli as Cloudflare does; the middle of ${RUNS} runs by performance. The phone is Lighthouse's own, throttled.
`);
table(["screen", ...CATEGORIES, "largest paint, ms", "blocked, ms", "layout shift", "KiB transferred"], rows);
