/** Words that go away: for those who see the page, and for those who hear it. */
import { element, find } from "./dom.js";

const SHOWN_MS = 5_000;

/** Says something that is to be heard, and that the page shows anyway. */
export function announce(text) {
  find("#announcer").textContent = text;
}

/** Says something that the page doesn't show. */
export function toast(text) {
  const shown = element("p", { textContent: text });
  find("#toasts").append(shown);
  setTimeout(() => shown.remove(), SHOWN_MS);
}

/** What has to be known for as long as it holds; nothing takes it away. */
export function banner(text = "") {
  const shown = find("#banner");
  shown.textContent = text;
  shown.hidden = !text;
}
