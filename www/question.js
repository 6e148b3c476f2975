import { find } from "./dom.js";

/** Asks before something is deleted for good. */
export async function isSure(text) {
  const dialog = find("#question");
  find("#question-text").textContent = text;
  dialog.returnValue = "no";
  dialog.showModal();
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  return dialog.returnValue === "yes";
}
