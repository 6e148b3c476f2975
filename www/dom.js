/** Elements without markup: what is text stays text, whoever wrote it. */

export const find = (selector, within = document) => within.querySelector(selector);
export const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];

/** An element with these properties, attributes and listeners (`onclick`), around these children; what is false is left out. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter(Boolean));
  return made;
}

export function button(text, onclick, properties) {
  return element("button", { type: "button", textContent: text, onclick, ...properties });
}

/** A button that shows a symbol of the page's, and is named for those who don't see it. */
export function iconButton(symbol, name, onclick, properties) {
  const [svg, use] = ["svg", "use"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  use.setAttribute("href", `#i-${symbol}`);
  svg.append(use);
  return element("button", { type: "button", className: "icon", ariaLabel: name, title: name, onclick, ...properties }, svg);
}
