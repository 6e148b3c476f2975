/** Words that go away: for those who see the page, and for those who hear it. */
import { element, find, findAll } from "./dom.js";

const SHOWN_MS = 5_000;

/** Above an open dialog nothing of the page below is seen or heard: the words go into the dialog. */
function inFront(region) {
  const front = findAll("dialog[open]").at(-1) ?? document.body;
  if (region.parentElement !== front) front.append(region);
  return region;
}

/** Says something that is to be heard, and that the page shows anyway. */
export function announce(text) {
  // Even if it is what was said last.
  inFront(find("#announcer")).replaceChildren(element("span", { textContent: text }));
}

/** Says something that the page doesn't show. */
export function toast(text) {
  const shown = element("p", { textContent: text });
  inFront(find("#toasts")).append(shown);
  setTimeout(() => shown.remove(), SHOWN_MS);
}

/** What has to be known for as long as it holds: each `kind` stands until it is said otherwise. */
export function banner(kind, text = "") {
  const shown = find("#banner");
  if (text) shown.dataset[kind] = text;
  else delete shown.dataset[kind];
  shown.textContent = Object.values(shown.dataset).join(" ");
  shown.hidden = !shown.textContent;
}
