/** Two pictures on top of each other, with a line between that one moves. */
import { element, find, findAll } from "./dom.js";
import { facts } from "./format.js";
import { view } from "./picture.js";

export function compare(pictures) {
  const dialog = find("#compare");
  const sides = [find(".one", dialog), find(".other", dialog)];
  const texts = findAll(".sides p", dialog);
  pictures.forEach(({ task, file }, side) => {
    sides[side].replaceChildren(view(task, file));
    texts[side].replaceChildren(element("b", { textContent: task.prompt ?? "" }), element("span", { textContent: facts(task) }));
  });
  const divide = find("#divide");
  const show = () => dialog.style.setProperty("--divide", `${divide.value}%`);
  // The line follows whoever draws it.
  const pair = find(".pair", dialog);
  pair.onpointermove = pair.onpointerdown = ({ buttons, clientX, type }) => {
    if (buttons === 0 && type === "pointermove") return;
    const { left, width } = pair.getBoundingClientRect();
    divide.value = (100 * (clientX - left)) / width;
    show();
  };
  divide.value = 50;
  divide.oninput = show;
  show();
  find(".close", dialog).onclick = () => dialog.close();
  dialog.showModal();
}
