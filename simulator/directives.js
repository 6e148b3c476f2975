/** Every directive there is. */
export const DIRECTIVES = ["fail", "message", "never", "seconds", "late", "result", "times", "code", "http", "page"];

/** Reads the directives in a prompt, such as `[sim: fail=2, message=Flagged]`. One without a value is `true`. */
export function parseDirectives(prompt) {
  const directives = {};
  for (const [, list] of String(prompt).matchAll(/\[sim:([^\]]*)\]/g)) {
    for (const item of list.split(",")) {
      const [name, ...value] = item.trim().split("=");
      directives[name] = value.length ? value.join("=") : true;
    }
  }
  return directives;
}

/** The number that a directive gives, or the default if it has no value or no number. */
export function numberOf(directive, byDefault) {
  return directive === true ? byDefault : Number(directive) || byDefault;
}
