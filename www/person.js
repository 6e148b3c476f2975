/** Shows Turnstile's widget, and opens the session with what it gives. */
import { find } from "./dom.js";
import { call } from "./session.js";

const complain = (text) => (find("#person-error").textContent = text);

/** To where one wanted to go. */
const back = () => location.replace(`./${location.hash}`);

async function start() {
  const { turnstileSiteKey } = await call("health");
  if (!turnstileSiteKey) return back();
  if (!globalThis.turnstile) return complain("Cloudflare's check could not be loaded: a blocker may be in its way.");
  turnstile.render("#widget", { sitekey: turnstileSiteKey, callback: open, "error-callback": () => complain("The check failed; reload the page to try again.") });
}

async function open(token) {
  try {
    const headers = { "Content-Type": "application/json" };
    await call("session", { method: "POST", headers, body: JSON.stringify({ turnstile: token }) });
    back();
  } catch (error) {
    complain(error.message);
  }
}

addEventListener("load", () => start().catch((error) => complain(error.message)));
