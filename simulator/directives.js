/** What a prompt asks the simulator to do, such as `[sim: fail=2, message=Flagged]`. */
export function directives(prompt) {
  const found = {};
  for (const [, list] of String(prompt).matchAll(/\[sim:([^\]]*)\]/g)) {
    for (const item of list.split(",")) {
      const [name, ...value] = item.trim().split("=");
      found[name] = value.length ? value.join("=") : true;
    }
  }
  return found;
}
