/** Files that the gateway keeps, opened in a browser: row 28 of the threat table. Scripts in hostile ones set `globalThis.ran`. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { test } from "node:test";
import { archiving, file, linksOf, png } from "../support/archive.js";
import { BROWSERS, pageIn } from "../support/browsers.js";

const PATIENCE = { timeout: 30_000 };
const HTML = "<!doctype html><title>A picture</title><h1>hostile</h1><script>globalThis.ran = true</script>";
const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" onload="globalThis.ran = true">' +
  "<script>globalThis.ran = true</script></svg>";
const POLYGLOT = Buffer.concat([png(200, 32), Buffer.from(HTML)]);

/** A site of another origin with these pages: each a body and its type. */
async function siteOf(pages, t) {
  const server = createServer((request, response) => {
    const [body, type] = pages[new URL(request.url, "http://site").pathname] ?? ["", "text/plain"];
    response.writeHead(200, { "Content-Type": type }).end(body);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  t.after(() => (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${server.address().port}`;
}

/** A gateway with a result, and a way to have a hostile file lie in its place. */
async function withResult() {
  const gateway = await archiving({ pages: true });
  gateway.vendor.files["/1.png"] = () => file(POLYGLOT);
  const record = await gateway.runAndKeep();
  const [link] = linksOf(record);
  const bucket = await gateway.bucket();
  const { customMetadata } = await bucket.head(new URL(link).pathname.slice(1));
  /** Lays a file into the bucket by hand, and signs a link to it. */
  const lay = async (number, content, contentType) => {
    const key = `files/${record.taskId}/${number}`;
    await bucket.put(key, Uint8Array.from(Buffer.from(content)), { customMetadata, httpMetadata: { contentType } });
    const expires = new URL(link).searchParams.get("expires");
    const signature = createHmac("sha256", customMetadata.linkSecret).update(`${key}?expires=${expires}`).digest("base64url");
    return `${gateway.url}/${key}?expires=${expires}&signature=${signature}`;
  };
  return { ...gateway, link, lay };
}

for (const name of BROWSERS) {
  test(`row 28: ${name} runs no script of a hostile file, whatever its type is called, however it is opened`, async (t) => {
    const gateway = await withResult();
    const links = {
      polyglot: gateway.link,
      "HTML as a picture": await gateway.lay(2, HTML, "image/png"),
      "SVG as a picture": await gateway.lay(3, SVG, "image/png"),
      "HTML as HTML": await gateway.lay(4, HTML, "text/html"),
      "SVG as SVG": await gateway.lay(5, SVG, "image/svg+xml"),
      "a script": await gateway.lay(6, "globalThis.ran = true", "text/javascript"),
    };
    const embedding = (link) =>
      `<!doctype html><title>embeds</title><iframe src="${link}"></iframe><object data="${link}"></object><embed src="${link}">`;
    const pages = { "/html": [HTML, "text/html"], "/svg": [SVG, "image/svg+xml"] };
    const site = await siteOf(pages, t);
    const { page } = await pageIn(name, t);
    const ran = async () => {
      // A script that runs does so while the page loads.
      await new Promise((resolve) => setTimeout(resolve, 200));
      const found = await Promise.all(page.frames().map((frame) => frame.evaluate(() => globalThis.ran === true).catch(() => false)));
      return found.includes(true);
    };
    for (const path of Object.keys(pages)) {
      await page.goto(site + path, PATIENCE);
      assert.ok(await ran(), `from a careless server the script of ${path} runs: this test would see it`);
    }
    for (const [what, link] of Object.entries(links)) {
      await page.goto(link, PATIENCE).catch(() => {});
      assert.ok(page.url().startsWith(gateway.url) || page.url().startsWith("about:"), page.url());
      assert.ok(!(await ran()), `${what}, opened`);
      // Firefox's driver waits for ever for a download, and for an embedded document that was refused.
      if (name !== "chromium") continue;
      await page.goto(`${link}&download`, PATIENCE).catch(() => {});
      assert.ok(!(await ran()), `${what}, downloaded`);
      pages["/embedding"] = [embedding(link), "text/html"];
      await page.goto(`${site}/embedding`, { ...PATIENCE, waitUntil: "load" });
      assert.ok(!(await ran()), `${what}, embedded`);
    }
    // As a script a picture is none.
    for (const what of ["polyglot", "HTML as a picture", "SVG as a picture"]) {
      pages["/script"] = [`<!doctype html><title>script</title><script src="${links[what]}"></script>`, "text/html"];
      await page.goto(`${site}/script`, PATIENCE);
      assert.ok(!(await ran()), `${what}, as a script`);
    }
  });
}

test("a page of any origin shows a result by its link, and reads its pixels from a canvas", async (t) => {
  const gateway = await archiving();
  gateway.vendor.files["/1.png"] = () => file(png(200, 32));
  const [link] = linksOf(await gateway.runAndKeep());
  const site = await siteOf({ "/": ["<!doctype html><title>another</title>", "text/html"] }, t);
  const { page, problems } = await pageIn("chromium", t);
  await page.goto(site, PATIENCE);
  const pixel = await page.evaluate(async (src) => {
    const image = Object.assign(new Image(), { crossOrigin: "anonymous", src });
    await image.decode();
    const context = Object.assign(document.createElement("canvas"), { width: 32, height: 32 }).getContext("2d");
    context.drawImage(image, 0, 0);
    return [...context.getImageData(16, 16, 1, 1).data];
  }, link);
  assert.deepEqual(pixel, [200, 200, 200, 255]);
  assert.deepEqual(problems, []);
});

test("row 15: a page of the gateway's own shows its session's files without a signature, and no other page does", async (t) => {
  const gateway = await archiving({ pages: true });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url, PATIENCE);
  const taskId = await page.evaluate(async () => {
    await fetch("/api/v1/session", { method: "POST" });
    const body = JSON.stringify({ taskType: "mj_txt2img", prompt: "a lighthouse" });
    const answer = await fetch("/api/v1/mj/generate", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    return (await answer.json()).data.taskId;
  });
  await gateway.callBack();
  while ((await gateway.kept()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  const shows = (src) => page.evaluate((src) => Object.assign(new Image(), { src }).decode().then(() => true, () => false), src);
  const unsigned = `${gateway.url}/files/${taskId}/1`;
  assert.equal(await shows(unsigned), true);
  // A page of another port is another origin on the same site: a browser sends the cookie, and says where the page is from.
  await page.goto(await siteOf({ "/": ["<!doctype html><title>another</title>", "text/html"] }, t), PATIENCE);
  assert.equal(await shows(`${unsigned}?anew`), false);
});
