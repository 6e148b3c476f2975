/** Who may use the studio: a browser, or somebody with a token. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BROWSERS, pageIn } from "../support/browsers.js";
import { TOKEN, Upstream, envelope, gatewayOn, gatewayOnSimulator } from "../support/servers.js";
import { PATIENCE, imagine, pictures, said, shot, visible } from "../support/studio.js";

for (const name of BROWSERS) {
  test(`${name}: with a token one signs in, has what the token has, on every device, until one signs out`, async (t) => {
    const gateway = await gatewayOnSimulator({}, { pages: true });
    const { page, problems } = await pageIn(name, t);
    await page.goto(gateway.url);
    await said(page, "#budget", "1,000 of 1,000");
    await imagine(page, "made without a token");
    await pictures(page, 4);
    // What a program made with the same token.
    await gateway.post("generate", { taskType: "mj_txt2img", prompt: "a harbour", speed: "fast" });
    await page.click("#account-button");
    await visible(page, "#sign-in");
    await page.type("#token", "midapi_wrong");
    await page.click("#sign-in button");
    assert.equal(await said(page, "#sign-in-error"), "The gateway doesn't know this token.");
    await shot(page, `${name}-account`);
    await page.$eval("#token", (input) => (input.value = ""));
    await page.type("#token", TOKEN);
    await Promise.all([page.waitForNavigation(PATIENCE), page.click("#sign-in button")]);
    await said(page, "#budget", "99,992 of 100,000");
    await pictures(page, 4);
    assert.equal(await page.$eval("#account-name", ({ textContent }) => textContent), "alice");
    await imagine(page, "a lighthouse");
    await pictures(page, 8);
    const kept = await page.evaluate(() => JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]));
    assert.ok(!kept.includes(TOKEN) && !kept.includes("midapi_"), kept);
    await page.reload();
    await pictures(page, 8);
    const { json } = await gateway.get("tasks");
    assert.deepEqual(json.data.tasks.map(({ prompt }) => prompt), ["a lighthouse", "a harbour"]);

    await page.click("#account-button");
    await visible(page, "#sign-out");
    await Promise.all([page.waitForNavigation(PATIENCE), page.click("#sign-out")]);
    await said(page, "#budget", "992 of 1,000");
    await pictures(page, 4);
    assert.equal(await page.$eval(".card h2", ({ textContent }) => textContent), "made without a token", "the browser's own is there again");
    assert.deepEqual(problems.filter((problem) => !problem.includes("401")), []);
  });
}

test("a gateway that wants a token asks for it, and lets nobody spend before", async (t) => {
  const gateway = await gatewayOnSimulator({}, { pages: true, vars: { MIDAPI_SESSION_DAILY_CREDITS: "0" } });
  const { page } = await pageIn("chromium", t);
  await page.goto(gateway.url);
  assert.equal(await said(page, "#banner"), "This gateway wants an access token: sign in above.");
  await visible(page, "#token");
  await shot(page, "sign-in");
  const refused = await page.evaluate(async () => {
    const body = JSON.stringify({ taskType: "mj_txt2img", prompt: "a lighthouse" });
    return (await fetch("/api/v1/mj/generate", { method: "POST", headers: { "Content-Type": "application/json" }, body })).status;
  });
  assert.equal(refused, 401);
  await page.type("#token", TOKEN);
  await Promise.all([page.waitForNavigation(PATIENCE), page.keyboard.press("Enter")]);
  await said(page, "#budget", "100,000 of 100,000");
  await imagine(page, "a lighthouse");
  await pictures(page, 4);
});

for (const name of BROWSERS) {
  test(`${name}: where a session needs Turnstile, a page of its own shows the widget, and leads back`, async (t) => {
    const asked = [];
    const upstream = new Upstream((request) => {
      if (request.url !== "https://challenges.cloudflare.com/turnstile/v0/siteverify") return envelope({ taskId: "a", successFlag: 0 });
      asked.push(JSON.parse(request.body).response);
      return Response.json({ success: true, hostname: "127.0.0.1" });
    });
    const vars = { MIDAPI_TURNSTILE_SECRET: "turnstile-secret", MIDAPI_TURNSTILE_SITE_KEY: "0x4AAAAAAADnPIDROrmt1Wwj" };
    const gateway = await gatewayOn(upstream, { pages: true, vars });
    const { page } = await pageIn(name, t);
    // In Cloudflare's place: its widget needs the network.
    const widget = `globalThis.turnstile = { render(selector, { sitekey, callback }) {
      document.querySelector(selector).textContent = sitekey;
      setTimeout(callback, 300, "a-token-of-a-person");
    } };`;
    await page.setRequestInterception(true);
    page.on("request", (request) => {
      if (!request.url().startsWith("https://challenges.cloudflare.com/")) return request.continue();
      return request.respond({ status: 200, contentType: "text/javascript", body: widget });
    });
    await page.goto(gateway.url);
    assert.equal(await said(page, "#widget", "0x4A"), vars.MIDAPI_TURNSTILE_SITE_KEY);
    await shot(page, `${name}-person`);
    await said(page, "#budget", "1,000 of 1,000");
    assert.deepEqual(asked, ["a-token-of-a-person"]);
    // Who has a session isn't asked again.
    await page.reload();
    await said(page, "#budget", "1,000 of 1,000");
    assert.equal(asked.length, 1);
  });
}
