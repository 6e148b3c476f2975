import { CALLBACKS } from "./callbacks.js";
import { FILES } from "./hostile-files.js";
import { HOSTS } from "./record.js";

const nothing = { must: "no value", holds: (value) => value === true };
const text = { must: "a text", holds: (value) => value !== true && value !== "" };
const words = (known) => ({ must: `one of ${known.join(", ")}`, holds: (value) => known.includes(value) });
const number = (least, most) => ({
  must: `a number from ${least} to ${most}`,
  holds: (value) => /^\d+(\.\d+)?$/.test(value) && Number(value) >= least && Number(value) <= most,
});
const status = (least) => ({
  must: `a whole number from ${least} to 599`,
  holds: (value) => /^\d{3}$/.test(value) && Number(value) >= least && Number(value) <= 599,
});
const orNothing = ({ must, holds }) => ({ must: `${must}, or no value`, holds: (value) => value === true || holds(value) });

/** Every directive there is, and what its value must be. */
const DIRECTIVES = {
  fail: orNothing(words(["2", "3"])),
  message: text,
  never: nothing,
  seconds: number(0, 1e9),
  overdue: orNothing(number(0, 1e9)),
  late: orNothing(status(201)),
  vanish: orNothing(number(0, 1e9)),
  flip: orNothing(words(["running", "fail"])),
  result: words(["string", "none", "gap", "broken"]),
  record: words(["strings"]),
  times: words(["iso"]),
  host: words(Object.keys(HOSTS)),
  file: words(FILES),
  callback: words(Object.keys(CALLBACKS)),
  code: orNothing(status(201)),
  http: orNothing(status(400)),
  page: orNothing(status(400)),
};

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

/** What is wrong with the directives, if anything is: a test of a failure would pass for want of the failure. */
export function mistakeIn(directives) {
  for (const [name, value] of Object.entries(directives)) {
    if (!Object.hasOwn(DIRECTIVES, name)) {
      return `there is no directive "${name}"; known are ${Object.keys(DIRECTIVES).join(", ")}`;
    }
    const { must, holds } = DIRECTIVES[name];
    if (!holds(value)) return `the directive "${name}" must have ${must}`;
  }
}

/** The number that a directive gives, or the default if it isn't there or has no value. */
export function numberOf(directive, byDefault) {
  return directive === undefined || directive === true ? byDefault : Number(directive);
}
